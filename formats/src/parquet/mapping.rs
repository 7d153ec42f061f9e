//! Maps the leaves of a record to the columns of a file.

mod search;

use std::ops::Range;
use std::sync::Arc;

use arrow_schema::{DataType, Fields, Schema as ArrowSchema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::{ConvertedType, Type as PhysicalType};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::ColumnDescriptor;

use super::codec::refused_codec;
use super::durations::with_units;
use super::footer::catching_panics;
use super::hints::{hinted_fields, leaf_columns};
use crate::BATCH_ROWS;
use crate::files::InputFile;
use runtime::error::{Error, Result};
use runtime::row::{Items, Leaf, LeafSet, LeafType, Schema};
use runtime::source::ColumnFit;
use search::Search;

/// One step from the record to a leaf: a column or a group of columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Level {
    /// Name in the file.
    pub(super) name: String,
    /// Path from the record, as it is shown in messages.
    pub(super) path: String,
    /// The validity leaf, if the record has an `Option` at this level.
    pub(super) validity: Option<usize>,
}

/// The source of a leaf in the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LeafPlan {
    /// The steps to the column. For a validity leaf: to the value.
    pub(super) levels: Vec<Level>,
    /// The column. For a validity leaf: a column of its value. For a list of records: its first
    /// column.
    pub(super) column: usize,
    /// How the elements of a list of records or of a map are read.
    pub(super) items: Option<ItemsPlan>,
}

impl LeafPlan {
    /// Returns the columns that the leaf needs.
    fn columns(&self) -> Vec<usize> {
        match &self.items {
            Some(items) => items.leaves.iter().flat_map(LeafPlan::columns).collect(),
            None => vec![self.column],
        }
    }
}

/// How the elements of a list of records, or the entries of a map, are read. The steps to each leaf
/// begin with the list's element.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ItemsPlan {
    pub(super) items: &'static Items,
    /// The leaves of an element.
    pub(super) leaves: Vec<LeafPlan>,
}

/// A file's metadata, and how a record is read from it.
pub(super) struct FileMapping {
    pub(super) metadata: ArrowReaderMetadata,
    /// By leaf: where it is read from, or the reason why it cannot be read.
    leaves: Vec<Result<LeafPlan, String>>,
    /// Columns of the keys and of the values of each map. A map is decoded with at least one of
    /// each.
    maps: Vec<[Range<usize>; 2]>,
}

impl FileMapping {
    /// Finds the column of each leaf of a record.
    ///
    /// # Errors
    /// Fails if the file's own schema is invalid.
    pub(super) fn new(
        file: &InputFile,
        metadata: Arc<ParquetMetaData>,
        schema: &Schema,
        ignore_case: bool,
    ) -> Result<Self> {
        let unreadable = |message: String| Error::Schema { path: file.path().to_path_buf(), message };
        let descriptor = metadata.file_metadata().schema_descr_ptr();
        let arrow = catching_panics(|| parquet_to_arrow_schema(&descriptor, None)).map_err(&unreadable)?;
        let mut leaves = vec![Err(String::new()); schema.leaves().len()];
        let mut search = Search {
            schema,
            descriptor: &descriptor,
            root: arrow.fields(),
            leaves: &mut leaves,
            ignore_case,
            list: None,
        };
        search.record(schema.shape());
        let mut types = vec![None; descriptor.num_columns()];
        let found = schema.leaves().iter().zip(&leaves).filter_map(|(leaf, plan)| Some((leaf.ty, plan.as_ref().ok()?)));
        found.for_each(|(ty, plan)| collect_types(ty, plan, &mut types));
        let mut maps = Vec::new();
        collect_maps(arrow.fields(), 0, &mut maps);
        let hinted = hinted_fields(arrow.fields(), &descriptor, &types, &mut 0);
        let hinted = with_units(hinted, metadata.file_metadata(), &types);
        let options = ArrowReaderOptions::new().with_schema(Arc::new(ArrowSchema::new(hinted)));
        let metadata = catching_panics(|| ArrowReaderMetadata::try_new(metadata, options)).map_err(&unreadable)?;
        Ok(FileMapping { metadata, leaves, maps })
    }

    /// Returns where the live leaves are read from.
    ///
    /// # Errors
    /// Fails for the first live leaf that cannot be read, and if a column has a codec that is not
    /// supported.
    pub(super) fn plans(&self, file: &InputFile, live: &LeafSet) -> Result<Vec<(usize, &LeafPlan)>> {
        let plan = |leaf: usize| match self.leaves.get(leaf) {
            Some(Ok(plan)) => Ok((leaf, plan)),
            Some(Err(message)) => Err(Error::Schema { path: file.path().to_path_buf(), message: message.clone() }),
            None => Err(Error::Internal(format!("leaf {leaf} of a record of {} leaves", self.leaves.len()))),
        };
        let plans = live.iter().map(plan).collect::<Result<Vec<_>>>()?;
        self.check_codecs(file, live)?;
        Ok(plans)
    }

    /// Returns the bytes of a batch's lists, as Arrow arrays and as rows. Assumes that the lists of
    /// a row group have about the same length.
    pub(super) fn list_bytes(&self, schema: &Schema, live: &LeafSet, group: &RowGroupMetaData) -> usize {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0).max(1);
        let in_batch = |column: usize| {
            let values = usize::try_from(group.column(column).num_values()).unwrap_or(0);
            (values / rows.div_ceil(BATCH_ROWS)).saturating_add(1)
        };
        // Bytes of decoded texts, counted for each occurrence.
        let texts = |column: usize| {
            let column = group.column(column);
            if column.column_type() != PhysicalType::BYTE_ARRAY {
                return 0;
            }
            let bytes = column.unencoded_byte_array_data_bytes().unwrap_or(0).max(column.uncompressed_size());
            (usize::try_from(bytes).unwrap_or(0) / rows.div_ceil(BATCH_ROWS)).saturating_add(1)
        };
        let leaf = |leaf: usize| Some(list_bytes(self.plan(leaf)?, schema.leaves().get(leaf)?.ty, &in_batch, &texts));
        // A damaged footer may state any number. The result exceeds every budget, and can still be
        // added to others.
        live.iter().filter_map(leaf).fold(0, usize::saturating_add).min(usize::MAX / 4)
    }

    fn check_codecs(&self, file: &InputFile, live: &LeafSet) -> Result<()> {
        let columns = self.columns(live);
        for group in self.metadata.metadata().row_groups() {
            for &column in &columns {
                if let Some(reason) = refused_codec(group.column(column).compression()) {
                    let message = format!("column `{}`: {reason}", group.column(column).column_path().string());
                    return Err(Error::Schema { path: file.path().to_path_buf(), message });
                }
            }
        }
        Ok(())
    }

    /// Returns the name of the program that wrote the file, as the file states it.
    pub(super) fn created_by(&self) -> Option<&str> {
        self.metadata.metadata().file_metadata().created_by()
    }

    /// Returns where a leaf is read from, or `None` if it cannot be read.
    pub(super) fn plan(&self, leaf: usize) -> Option<&LeafPlan> {
        self.leaves.get(leaf)?.as_ref().ok()
    }

    /// Returns each field of a record with its column, then the columns that the record does not
    /// have.
    pub(super) fn columns_of(&self, schema: &Schema) -> Vec<ColumnFit> {
        let columns = self.metadata.parquet_schema().columns();
        let values = schema.leaves().iter().zip(&self.leaves).filter(|(leaf, _)| leaf.ty != LeafType::Valid);
        let fit = |(leaf, plan): (&Leaf, &Result<LeafPlan, String>)| match plan {
            Err(reason) => ColumnFit::of(leaf, "", reason),
            Ok(plan) => {
                let stored = plan.columns().iter().map(|&column| stored_type(&columns[column])).collect::<Vec<_>>();
                ColumnFit::of(leaf, path(&plan.levels), stored.join("; "))
            }
        };
        let mut fits: Vec<ColumnFit> = values.map(fit).collect();
        let read: Vec<usize> = self.leaves.iter().flatten().flat_map(LeafPlan::columns).collect();
        let unread = columns.iter().enumerate().filter(|(index, _)| !read.contains(index));
        fits.extend(unread.map(|(_, column)| ColumnFit::unread(column.path().string())));
        fits
    }

    /// Returns the columns that these leaves need, ascending.
    pub(super) fn columns(&self, live: &LeafSet) -> Vec<usize> {
        let plans = live.iter().filter_map(|leaf| self.plan(leaf));
        let mut columns: Vec<usize> = plans.flat_map(LeafPlan::columns).collect();
        // An outer map comes before a map inside of it.
        for [keys, values] in &self.maps {
            let has = |range: &Range<usize>, columns: &[usize]| columns.iter().any(|column| range.contains(column));
            match (has(keys, &columns), has(values, &columns)) {
                (true, false) => columns.push(values.start),
                (false, true) => columns.push(keys.start),
                _ => {}
            }
        }
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

/// Returns the bytes of a leaf's lists in a batch: as Arrow arrays, as leaves and as rows, and
/// texts twice. Nested lists are added. `values` and `texts` return the number of values and the
/// bytes of texts of a column in a batch.
fn list_bytes(
    plan: &LeafPlan,
    ty: LeafType,
    values: &impl Fn(usize) -> usize,
    texts: &impl Fn(usize) -> usize,
) -> usize {
    let width = match (&plan.items, ty) {
        (Some(list), _) => 4 * list.items.layout().width(),
        (None, LeafType::List(_) | LeafType::Texts) => 2 * ty.element_width().max(size_of::<u128>()),
        _ => return 0,
    };
    let columns = plan.columns();
    let max_values = columns.iter().map(|&column| values(column)).max().unwrap_or(0);
    let of_texts = columns.iter().fold(0, |sum: usize, &column| sum.saturating_add(texts(column)));
    let inner = plan.items.iter().flat_map(|list| list.leaves.iter().zip(list.items.layout().types()));
    let inner = inner.map(|(leaf, &ty)| list_bytes(leaf, ty, values, texts));
    inner.fold(max_values.saturating_mul(width).saturating_add(of_texts.saturating_mul(2)), usize::saturating_add)
}

/// Stores the type of the leaf that each column is read into.
fn collect_types(ty: LeafType, plan: &LeafPlan, types: &mut [Option<LeafType>]) {
    match &plan.items {
        Some(list) => {
            let leaves = list.items.schema().leaves().iter().zip(&list.leaves);
            leaves.for_each(|(leaf, plan)| collect_types(leaf.ty, plan, types));
        }
        None if ty == LeafType::Valid => {}
        None => types[plan.column] = Some(ty),
    }
}

/// Finds the columns of maps among fields whose first column is `first`.
fn collect_maps(fields: &Fields, mut first: usize, maps: &mut Vec<[Range<usize>; 2]>) {
    for field in fields {
        match field.data_type() {
            DataType::Struct(inner) => collect_maps(inner, first, maps),
            DataType::List(inner) => collect_maps(&Fields::from(vec![inner.clone()]), first, maps),
            DataType::Map(entries, _) => {
                if let DataType::Struct(entry) = entries.data_type()
                    && let [key, _] = entry.iter().as_slice()
                {
                    let values = first + leaf_columns(key);
                    maps.push([first..values, values..first + leaf_columns(field)]);
                    collect_maps(entry, first, maps);
                }
            }
            _ => {}
        }
        first += leaf_columns(field);
    }
}

/// Returns a column's type: `INT32 (DATE), nullable`.
fn stored_type(column: &ColumnDescriptor) -> String {
    let converted = match column.converted_type() {
        ConvertedType::NONE => String::new(),
        converted => format!(" ({converted})"),
    };
    let nullable = if column.max_def_level() > 0 { ", nullable" } else { "" };
    format!("{}{converted}{nullable}", column.physical_type())
}

/// Returns the path of a column for messages: `home.zip`, or `items[].name` in a list of records.
pub(super) fn path(levels: &[Level]) -> &str {
    levels.last().map_or("", |level| &level.path)
}
