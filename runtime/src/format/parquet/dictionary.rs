//! Which columns are worth a dictionary.
//!
//! The crate begins every column of a row group with a dictionary, and gives it up when it has become too large: until then each value has been
//! looked up, and mostly inserted, for nothing. How often values come twice among the first rows tells how many there are.

use std::collections::HashSet;

use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, StringArray};
use parquet::file::properties::DEFAULT_DICTIONARY_PAGE_SIZE_LIMIT;
use parquet::schema::types::ColumnPath;

/// Fewer values say too little.
const LEAST_VALUES: usize = 2 << 10;

/// Columns of a record's own, by the first rows, whose dictionary would become too large. Columns of nested records and lists are not looked at.
pub(super) fn without_dictionary(first: &RecordBatch) -> Vec<ColumnPath> {
    let schema = first.schema_ref();
    let columns = schema.fields().iter().zip(first.columns());
    let outgrown = columns.filter(|(_, column)| dictionary_bytes(column).is_some_and(|bytes| bytes > LIMIT));
    outgrown.map(|(field, _)| ColumnPath::new(vec![field.name().clone()])).collect()
}

const LIMIT: f64 = DEFAULT_DICTIONARY_PAGE_SIZE_LIMIT as f64;

/// What the dictionary of a column takes that goes on as it has begun; `None` where nothing is known.
fn dictionary_bytes(column: &ArrayRef) -> Option<f64> {
    let (mut distinct, mut values, mut bytes) = (HashSet::new(), 0_usize, 0_usize);
    let mut add = |value: &[u8]| {
        (values, bytes) = (values + 1, bytes + value.len());
        distinct.insert(xxhash_rust::xxh3::xxh3_64(value));
    };
    let mut length_bytes = 0;
    if let Some(texts) = column.as_any().downcast_ref::<StringArray>() {
        texts.iter().flatten().for_each(|text| add(text.as_bytes()));
        length_bytes = size_of::<u32>();
    } else if let Some(texts) = column.as_any().downcast_ref::<BinaryArray>() {
        texts.iter().flatten().for_each(add);
        length_bytes = size_of::<u32>();
    } else {
        let width = column.data_type().primitive_width()?;
        let data = column.to_data();
        let all = data.buffers().first()?.as_slice();
        let valid = (0..data.len()).filter(|&row| column.is_valid(row));
        valid.filter_map(|row| all.get((data.offset() + row) * width..)?.get(..width)).for_each(add);
    }
    if values < LEAST_VALUES {
        return None;
    }
    // Of `n` values out of `d`, all equally frequent, about `n * n / (2 * d)` have come before (the birthday problem). Where some are more
    // frequent, more have, so columns with few frequent values keep their dictionary.
    let (values, repeated) = (values as f64, (values - distinct.len()).max(1) as f64);
    let estimate = values * values / (2.0 * repeated);
    Some(estimate * (bytes as f64 / values + length_bytes as f64))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, ListArray, StructArray};
    use arrow_schema::{DataType, Field, Schema};

    use super::*;

    fn spread(n: i64) -> i64 {
        (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93) as i64
    }

    fn refused(columns: &[(&str, ArrayRef)]) -> Vec<String> {
        let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let batch = RecordBatch::try_new(schema, columns.iter().map(|(_, array)| array.clone()).collect()).unwrap();
        without_dictionary(&batch).iter().map(ColumnPath::string).collect()
    }

    #[test]
    fn only_columns_of_too_many_values_go_without() {
        let numbers = |of: i64, nulls: bool| -> ArrayRef {
            let value = |row| (!nulls || row % 3 > 0).then_some(spread(row).rem_euclid(of));
            Arc::new((0..8_192).map(value).collect::<Int64Array>())
        };
        let texts = |of: i64| -> ArrayRef {
            Arc::new(StringArray::from_iter_values((0..8_192).map(|row| format!("id{}", spread(row).rem_euclid(of)))))
        };
        let list = ListArray::from_iter_primitive::<arrow_array::types::Int64Type, _, _>(
            (0..8_192).map(|row| Some(vec![Some(spread(row))])),
        );
        let inner = Arc::new(Field::new("many", DataType::Int64, true));
        let nested = StructArray::from(vec![(inner, numbers(i64::MAX, false))]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("few", numbers(100, false)),
            ("some", numbers(20_000, false)),
            ("many", numbers(1_000_000, false)),
            ("many or null", numbers(i64::MAX, true)),
            ("short texts", texts(10_000)),
            ("texts", texts(1_000_000)),
            ("lists", Arc::new(list)),
            ("nested", Arc::new(nested)),
        ];
        assert_eq!(refused(&columns), ["many", "many or null", "texts"]);
        assert!(refused(&[("many", numbers(i64::MAX, false).slice(0, 1_000))]).is_empty());
    }
}
