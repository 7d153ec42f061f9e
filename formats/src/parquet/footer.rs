//! Reads the footer of a Parquet file: its schema, and the offsets of its columns.

use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataReader, RowGroupMetaData,
};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::encrypted::encrypted_column;
use super::writer_faults::{
    DICTIONARY_HEADER_BYTES, dictionary_header, lacks_dictionary_headers, without_nonstandard_fields,
};
use crate::files::InputFile;
use runtime::error::{Error, Result};
use runtime::kernel::quietly;

/// The length of the metadata in 4 bytes, and the magic number.
const TAIL_BYTES: usize = 8;

/// Reads and checks a footer.
///
/// # Errors
/// Fails if the file is not a Parquet file, or is damaged.
pub(super) fn read_footer(file: &InputFile) -> Result<Arc<ParquetMetaData>> {
    let damaged = |message: String| Error::Data { path: file.path().to_path_buf(), place: String::new(), message };
    let handle = file.open()?;
    let mut tail = [0; TAIL_BYTES];
    let Some(tail_at) = file.bytes().checked_sub(TAIL_BYTES as u64) else {
        return Err(damaged(format!("not a Parquet file: it has only {} bytes", file.bytes())));
    };
    file.read_at(&*handle, tail_at, &mut tail)?;
    let length = footer_length(tail).map_err(damaged)?;
    let Some(begin) = tail_at.checked_sub(length) else {
        return Err(damaged(format!("the footer says it has {length} bytes, and the file has {}", file.bytes())));
    };
    let mut bytes = vec![0; length as usize];
    file.read_at(&*handle, begin, &mut bytes)?;
    if let Some((group, column)) = encrypted_column(&bytes) {
        let message =
            format!("column {column} of row group {group} is encrypted, which is not supported; columns count from 0");
        return Err(damaged(message));
    }
    let bytes = without_nonstandard_fields(bytes);
    let mut metadata = catching_panics(|| ParquetMetaDataReader::decode_metadata(&bytes))
        .map_err(|reason| damaged(format!("the footer is damaged: {reason}")))?;
    metadata = without_absent_dictionaries(metadata)?;
    if lacks_dictionary_headers(metadata.file_metadata().created_by()) {
        metadata = with_dictionary_headers(metadata, begin, |column| {
            let mut head = [0; DICTIONARY_HEADER_BYTES];
            let length = file.read_at(&*handle, column, &mut head)?;
            Ok(dictionary_header(&head[..length]))
        })?;
    }
    check(&metadata, file).map_err(|reason| damaged(format!("the footer is damaged: {reason}")))?;
    let metadata = normalized(metadata).map_err(|reason| damaged(format!("the footer is damaged: {reason}")))?;
    Ok(Arc::new(metadata))
}

/// Returns the length of the footer in bytes, from the last bytes of the file.
fn footer_length(tail: [u8; TAIL_BYTES]) -> Result<u64, String> {
    let [length @ .., a, b, c, d] = tail;
    match &[a, b, c, d] {
        b"PAR1" => Ok(u32::from_le_bytes(length).into()),
        b"PARE" => Err("the file is encrypted, which is not supported".to_owned()),
        found => Err(format!(
            "expected `PAR1` at the end, found `{}`: not a Parquet file, or not written to its end",
            found.escape_ascii()
        )),
    }
}

/// Returns the range of a column in a row group, or `None` if it is outside of the file.
pub(super) fn column_range(column: &ColumnChunkMetaData, file_bytes: u64) -> Option<std::ops::Range<u64>> {
    let start = u64::try_from(column.dictionary_page_offset().unwrap_or(column.data_page_offset())).ok()?;
    let end = start.checked_add(u64::try_from(column.compressed_size()).ok()?)?;
    (end <= file_bytes).then_some(start..end)
}

/// Calls the `parquet` crate, and turns its panics into errors. The crate panics on some damaged
/// files, and these must not end the process.
///
/// # Errors
/// Fails with the error of the crate, or with the message of its panic.
pub(super) fn catching_panics<T, E: std::fmt::Display>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match quietly(call) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("its decoder gave up ({panic})")),
    }
}

/// Repairs metadata with a wrong total of rows, or with groups that have no column. The `parquet`
/// crate would read no row of the former, and confuse the columns of the latter.
fn normalized(metadata: ParquetMetaData) -> Result<ParquetMetaData, String> {
    let file = metadata.file_metadata();
    let rows = metadata.row_groups().iter().fold(0, |rows: i64, group| rows.saturating_add(group.num_rows()));
    let schema = file.schema_descr();
    let is_whole = !has_empty_group(schema.root_schema());
    if rows == file.num_rows() && is_whole {
        return Ok(metadata);
    }
    let schema = if is_whole {
        file.schema_descr_ptr()
    } else {
        let root = without_empty_groups(&schema.root_schema_ptr()).map_err(|error| error.to_string())?;
        Arc::new(SchemaDescriptor::new(root.unwrap_or_else(|| schema.root_schema_ptr())))
    };
    let (writer, pairs) = (file.created_by().map(str::to_owned), file.key_value_metadata().cloned());
    let file = FileMetaData::new(file.version(), rows, writer, pairs, schema, file.column_orders().cloned());
    Ok(ParquetMetaDataBuilder::new(file).set_row_groups(metadata.row_groups().to_vec()).build())
}

/// Removes dictionaries at offset 0, which Dremio writes if there is none.
fn without_absent_dictionaries(metadata: ParquetMetaData) -> Result<ParquetMetaData> {
    let is_absent = |column: &ColumnChunkMetaData| column.dictionary_page_offset().is_some_and(|place| place <= 0);
    if !metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).any(is_absent) {
        return Ok(metadata);
    }
    with_columns(metadata, |column| match is_absent(column) {
        true => column.clone().into_builder().set_dictionary_page_offset(None).build().map_err(internal),
        false => Ok(column.clone()),
    })
}

/// Adds the length of the dictionary page's header to the size of each column, if this closes the
/// gap before the next column or before `end`. `header` returns this length for a column at an
/// offset of the file.
fn with_dictionary_headers(
    metadata: ParquetMetaData,
    end: u64,
    header: impl Fn(u64) -> Result<Option<usize>>,
) -> Result<ParquetMetaData> {
    let begin = |column: &ColumnChunkMetaData| column_range(column, end).map(|range| range.start);
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let mut begins: Vec<u64> = columns.filter_map(begin).collect();
    begins.sort_unstable();
    with_columns(metadata, |column| {
        let Some(range) = column_range(column, end) else { return Ok(column.clone()) };
        let next = begins.get(begins.partition_point(|&begin| begin <= range.start)).copied().unwrap_or(end);
        let gap = next.saturating_sub(range.end);
        if gap == 0 || header(range.start)?.is_none_or(|bytes| bytes as u64 != gap) {
            return Ok(column.clone());
        }
        let bytes = column.compressed_size() + gap as i64;
        column.clone().into_builder().set_total_compressed_size(bytes).build().map_err(internal)
    })
}

fn with_columns(
    metadata: ParquetMetaData,
    change: impl Fn(&ColumnChunkMetaData) -> Result<ColumnChunkMetaData>,
) -> Result<ParquetMetaData> {
    let changed = |group: &RowGroupMetaData| {
        let columns = group.columns().iter().map(&change).collect::<Result<_>>()?;
        group.clone().into_builder().set_column_metadata(columns).build().map_err(internal)
    };
    let groups = metadata.row_groups().iter().map(changed).collect::<Result<_>>()?;
    Ok(metadata.into_builder().set_row_groups(groups).build())
}

fn internal(error: ParquetError) -> Error {
    Error::Internal(error.to_string())
}

fn has_empty_group(ty: &Type) -> bool {
    ty.is_group() && (ty.get_fields().is_empty() || ty.get_fields().iter().any(|field| has_empty_group(field)))
}

/// Removes groups without columns. Returns `None` if nothing is left.
fn without_empty_groups(ty: &TypePtr) -> parquet::errors::Result<Option<TypePtr>> {
    if !has_empty_group(ty) {
        return Ok(Some(ty.clone()));
    }
    let fields = ty.get_fields().iter().filter_map(|field| without_empty_groups(field).transpose());
    let fields = fields.collect::<parquet::errors::Result<Vec<_>>>()?;
    if fields.is_empty() {
        return Ok(None);
    }
    let info = ty.get_basic_info();
    let mut group = Type::group_type_builder(ty.name())
        .with_fields(fields)
        .with_converted_type(info.converted_type())
        .with_logical_type(info.logical_type_ref().cloned())
        .with_id(info.has_id().then(|| info.id()));
    if info.has_repetition() {
        group = group.with_repetition(info.repetition());
    }
    group.build().map(|group| Some(Arc::new(group)))
}

fn check(metadata: &ParquetMetaData, file: &InputFile) -> Result<(), String> {
    let columns = metadata.file_metadata().schema_descr().num_columns();
    for (index, group) in metadata.row_groups().iter().enumerate() {
        if group.num_columns() != columns {
            return Err(format!("row group {index} has {} columns, and the schema has {columns}", group.num_columns()));
        }
        if group.num_rows() < 0 {
            return Err(format!("row group {index} has {} rows", group.num_rows()));
        }
        for column in group.columns() {
            let (values, rows) = (column.num_values(), group.num_rows());
            // Each row of a list has at least one level.
            let is_list = column.column_descr().max_rep_level() > 0;
            let fits = if is_list { values >= rows } else { values == rows };
            if !fits {
                return Err(format!(
                    "column `{}` of row group {index} has {values} values, and the row group has {rows} rows",
                    column.column_path().string()
                ));
            }
            if column_range(column, file.bytes()).is_none() || column.uncompressed_size() < 0 {
                return Err(format!(
                    "column `{}` of row group {index} lies outside the file",
                    column.column_path().string()
                ));
            }
        }
    }
    Ok(())
}
