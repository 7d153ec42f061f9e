//! Fields whose values are in the names of folders: `day=1995-01-01/part-00000.parquet`, as Hive
//! writes them.
//!
//! A field that is marked `source_file` works in the same way: its value is the path of the row's
//! file.
//!
//! These fields are in no file. An inner source reads the other fields from the files. Each of its
//! batches gets the folder values as constant leaves. Splits whose values the bounds of a scan
//! exclude are not read.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;

use super::files::{InputFile, Inputs};
use super::leaves::{Bits, Values, WithParser, expected, with_parser};
use super::values::parse_hex;
use runtime::error::{Error, Result};
use runtime::output::{FolderKey, NULL, folder_keys_named, pairs};
use runtime::page::{Batch, Columns, LeafPlace};
use runtime::row::{Datum, Leaf, LeafSet, LeafType, Schema, Shape, compare_leaf};
use runtime::source::{
    Bound, ColumnFit, Comparison, NoFilters, Position, ReadProgress, ReaderContext, RejectSink, RowFilters, Scan,
    Source, Split, SplitList, SplitReader, Statistics, TableSource,
};

/// Creates a source for the files that `path` names. `make` creates the inner source from the files
/// and the fields in them. The names of folders fill the other fields.
///
/// # Errors
/// Fails if `make` fails, if a file is not in a folder of a field that other files have, or if the
/// folder's value does not fit the field's type.
pub fn read_folders<S: Source + TableSource + 'static>(
    path: &str,
    schema: &Schema,
    make: impl FnOnce(Inputs, &Schema) -> Result<S>,
) -> Result<Arc<dyn Source>> {
    let inputs = Inputs::at(path)?;
    let root = inputs.root();
    let mut named: Vec<_> =
        inputs.files.iter().map(|file| pairs(file.path().strip_prefix(&root).unwrap_or(Path::new("")))).collect();
    for name in source_file_fields(path, schema)? {
        let path = |file: &InputFile| Some(file.path().to_string_lossy().into_owned());
        named.iter_mut().zip(&*inputs.files).for_each(|(named, file)| named.push((name.to_owned(), path(file))));
    }
    let is_record = matches!(schema.shape(), Shape::Record { .. });
    let is_named = |name: &str| named.iter().flatten().any(|(found, _)| found == name);
    if !is_record {
        return Ok(Arc::new(make(inputs, schema)?));
    }
    let keys = folder_keys_named(schema, is_named).map_err(|reason| Error::Schema {
        path: path.into(),
        message: format!("{reason}, and the name of a folder says what it is; use a text, a number or a date"),
    })?;
    if keys.is_empty() {
        return Ok(Arc::new(make(inputs, schema)?));
    }
    let constants: Vec<usize> = keys.iter().flat_map(FolderKey::leaves).collect();
    let (rest, leaves) = schema.without(&constants);
    let values = inputs.files.iter().zip(&named).map(|(file, named)| PartValues::new(file, &keys, named));
    let values = values.collect::<Result<Arc<[PartValues]>>>()?;
    let inner = Arc::new(make(inputs, &rest)?);
    let place = |leaf: usize| match leaves.iter().position(|&kept| kept == leaf) {
        Some(inner) => LeafPlace::Here(inner),
        None => LeafPlace::Constant(constants.iter().position(|&constant| constant == leaf).unwrap_or_default()),
    };
    let order = (0..schema.leaves().len()).map(place).collect();
    Ok(Arc::new(Folders { inner, schema: schema.clone(), order, values }))
}

/// Returns the names of the record's fields that are marked `source_file`.
fn source_file_fields(path: &str, schema: &Schema) -> Result<Vec<&'static str>> {
    let marked = |leaf: &usize| schema.leaves()[*leaf].is_source_file;
    let fields = schema.fields();
    let own: Vec<_> = fields.iter().filter(|field| matches!(field.shape, Shape::Leaf(leaf) if marked(&leaf))).collect();
    let all: Vec<usize> = (0..schema.leaves().len()).filter(marked).collect();
    let nested = all.iter().find(|leaf| !own.iter().any(|field| field.shape == Shape::Leaf(**leaf)));
    match nested {
        None => Ok(own.iter().map(|field| field.name).collect()),
        Some(&leaf) => Err(Error::Schema {
            path: path.into(),
            message: format!(
                "the field `{}` is marked `source_file` in a nested record; mark a field of the record that is read",
                schema.leaves()[leaf].path
            ),
        }),
    }
}

/// Values of one file's folders. Each key has one leaf, after a validity leaf if the field is an
/// `Option`.
struct PartValues {
    leaves: Vec<(LeafType, Values)>,
    /// The same values, to compare with bounds.
    datums: Vec<Datum>,
}

impl PartValues {
    fn new(file: &InputFile, keys: &[FolderKey], named: &[(String, Option<String>)]) -> Result<Self> {
        let failed = |message: String| Error::Schema { path: file.path().to_path_buf(), message };
        let (mut leaves, mut datums) = (Vec::new(), Vec::new());
        for key in keys {
            let name = &key.name;
            let Some((_, value)) = named.iter().rev().find(|(found, _)| found == name) else {
                return Err(failed(format!("the file lies in no folder `{name}=…`, and others do")));
            };
            let mut values = Values::new(key.ty);
            match (value, key.validity) {
                (None, None) => {
                    return Err(failed(format!("folder `{name}={NULL}`: found a null; make the field an Option")));
                }
                (None, _) => values.push_zero(),
                (Some(text), _) if push(key.ty, &mut values, text) => {}
                (Some(text), _) => {
                    return Err(failed(format!(
                        "folder `{name}={text}`: expected {}, found `{text}`",
                        expected(key.ty)
                    )));
                }
            }
            if key.validity.is_some() {
                let valid = value.is_some();
                leaves.push((LeafType::Valid, Values::W1(vec![u8::from(valid)])));
                datums.push(Datum::Fixed(valid.into()));
            }
            datums.push(datum(key.ty, &values)?);
            leaves.push((key.ty, values));
        }
        Ok(PartValues { leaves, datums })
    }

    /// Returns the values as a batch of one row.
    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(1);
        self.leaves.iter().try_for_each(|(ty, values)| values.put(*ty, &mut columns))?;
        Ok(columns.finish())
    }
}

fn datum(ty: LeafType, values: &Values) -> Result<Datum> {
    let mut columns = Columns::new(1);
    values.put(ty, &mut columns)?;
    Ok(columns.finish().datum(0, ty, 0))
}

/// Parses one value. Returns `false` if the text is not a value of the type.
fn push(ty: LeafType, values: &mut Values, text: &str) -> bool {
    match values {
        Values::Text(column) => {
            column.push_str(text);
            true
        }
        Values::List(column) => parse_hex(text.as_bytes()).map(|bytes| column.push(&bytes)).is_some(),
        values => with_parser(ty, Push { text: text.as_bytes(), values }),
    }
}

struct Push<'a> {
    text: &'a [u8],
    values: &'a mut Values,
}

impl WithParser for Push<'_> {
    type Output = bool;
    fn with<T: Bits>(self, parse: impl Fn(&[u8]) -> Option<T>) -> bool {
        parse(self.text).zip(T::of(self.values)).map(|(value, values)| values.push(value)).is_some()
    }
}

/// A source of files in folders whose names are fields.
struct Folders<S> {
    inner: Arc<S>,
    schema: Schema,
    /// By leaf: a leaf of the inner source, or a folder's value.
    order: Arc<[LeafPlace]>,
    /// Indexed by file.
    values: Arc<[PartValues]>,
}

impl<S: Source> Folders<S> {
    /// Translates a scan to the leaves of the inner source.
    fn inner_scan(&self, scan: &Scan) -> Scan {
        let here = |leaf: usize| match self.order.get(leaf) {
            Some(&LeafPlace::Here(inner)) => Some(inner),
            _ => None,
        };
        let live: LeafSet = scan.live.iter().filter_map(here).collect();
        let bound = |bound: &Bound| Some(Bound { leaf: here(bound.leaf)?, ..bound.clone() });
        Scan { live, bounds: scan.bounds.iter().filter_map(bound).collect() }
    }

    /// Returns `true` if no record of a file can satisfy the bounds.
    fn is_excluded(&self, part: usize, scan: &Scan) -> bool {
        scan.bounds.iter().any(|bound| match self.order.get(bound.leaf) {
            Some(&LeafPlace::Constant(constant)) => {
                let ty = self.schema.leaves()[bound.leaf].ty;
                !fulfils(compare_leaf(ty, &self.values[part].datums[constant], &bound.value), bound.comparison)
            }
            _ => false,
        })
    }
}

fn fulfils(order: Ordering, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Equal => order.is_eq(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Greater => order.is_gt(),
    }
}

impl<S: Source + TableSource> Source for Folders<S> {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn splits(&self, scan: &Scan) -> Result<SplitList> {
        let mut list = self.inner.splits(&self.inner_scan(scan))?;
        list.splits.retain(|split| !self.is_excluded(split.part, scan));
        Ok(list)
    }

    fn reader_bytes(&self, scan: &Scan) -> usize {
        self.inner.reader_bytes(&self.inner_scan(scan))
    }

    fn reader(&self, scan: &Scan, context: ReaderContext) -> Result<Box<dyn SplitReader>> {
        let inner = self.inner.reader(&self.inner_scan(scan), context)?;
        Ok(Box::new(FolderReader { inner, part: 0, order: self.order.clone(), values: self.values.clone() }))
    }

    fn as_table(&self) -> Option<&dyn TableSource> {
        Some(self)
    }
}

impl<S: Source + TableSource> TableSource for Folders<S> {
    fn statistics(&self, scan: &Scan) -> Statistics {
        self.inner.statistics(&self.inner_scan(scan))
    }

    fn columns(&self) -> Vec<ColumnFit> {
        let folder = |leaf: &Leaf| match leaf.is_source_file {
            true => ColumnFit::of(leaf, "", "the path of the file"),
            false => ColumnFit::of(leaf, format!("{}=…", leaf.path), "the name of a folder"),
        };
        let is_value =
            |(place, leaf): &(&LeafPlace, &Leaf)| matches!(place, LeafPlace::Constant(_)) && leaf.ty != LeafType::Valid;
        let keys = self.order.iter().zip(self.schema.leaves()).filter(is_value).map(|(_, leaf)| folder(leaf));
        keys.chain(self.inner.columns()).collect()
    }

    fn rejects(&self) -> Option<Arc<dyn RejectSink>> {
        self.inner.rejects()
    }
}

struct FolderReader {
    inner: Box<dyn SplitReader>,
    part: usize,
    order: Arc<[LeafPlace]>,
    values: Arc<[PartValues]>,
}

impl SplitReader for FolderReader {
    fn open(&mut self, split: &Split, from: Option<&Position>) -> Result<()> {
        self.part = split.part;
        self.inner.open(split, from)
    }

    /// Filters number the leaves of the outer record, so the inner reader gets none.
    fn advance(&mut self, _: &mut dyn RowFilters) -> Result<ReadProgress> {
        self.inner.advance(&mut NoFilters)
    }

    fn batch(&self) -> Result<Batch<'_>> {
        Ok(self.inner.batch()?.with_constants(self.values[self.part].batch()?, &self.order))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::{CsvOptions, CsvSource};
    use runtime::row::SchemaBuilder;

    #[test]
    fn a_marked_field_of_a_nested_record_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "inner.value\n1\n").unwrap();
        let schema = SchemaBuilder::build(|b| {
            let inner = b.field("inner", |b| {
                let file = b.field("file", |b| b.leaf(LeafType::Text));
                Shape::Record { name: "Inner", fields: vec![b.source_file(file)] }
            });
            Shape::Record { name: "Outer", fields: vec![inner] }
        });
        let make = |files, fields: &Schema| CsvSource::of(files, fields, CsvOptions::default());
        let error = read_folders(folder.path().to_str().unwrap(), &schema, make).err().unwrap().to_string();
        assert!(error.contains("the field `inner.file` is marked `source_file` in a nested record"), "{error}");
    }
}
