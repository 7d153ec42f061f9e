//! Which column of a file each leaf of a record is read from.

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
use super::footer::guarded;
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
    /// Its name in the file.
    pub(super) name: String,
    /// The way from the record to it, as people read it.
    pub(super) path: String,
    /// The validity leaf, where the record holds an `Option` here.
    pub(super) validity: Option<usize>,
}

/// Where a leaf is read from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LeafPlan {
    /// The steps to the column; for a validity leaf, to what it guards.
    pub(super) levels: Vec<Level>,
    /// The column; for a validity leaf, one of those that tell; for a list of records, the first of theirs.
    pub(super) column: usize,
    /// How the records are read that a list or a map holds.
    pub(super) items: Option<ItemsPlan>,
}

impl LeafPlan {
    /// The columns that the leaf needs.
    fn columns(&self) -> Vec<usize> {
        match &self.items {
            Some(items) => items.leaves.iter().flat_map(LeafPlan::columns).collect(),
            None => vec![self.column],
        }
    }
}

/// How the records of a list are read, or the entries of a map. The way of each leaf begins with the list's one element.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ItemsPlan {
    pub(super) items: &'static Items,
    /// Each leaf of a record of the list.
    pub(super) leaves: Vec<LeafPlan>,
}

/// One file, and how the record is read from it.
pub(super) struct FileFit {
    pub(super) metadata: ArrowReaderMetadata,
    /// For each leaf where it is read from, or why it cannot be.
    leaves: Vec<Result<LeafPlan, String>>,
    /// The columns of each map's keys, and of its values: a map is decoded with both.
    maps: Vec<[Range<usize>; 2]>,
}

impl FileFit {
    /// Looks up each leaf of a record.
    ///
    /// # Errors
    /// Where the file's own schema makes no sense.
    pub(super) fn new(
        file: &InputFile,
        metadata: Arc<ParquetMetaData>,
        schema: &Schema,
        ignore_case: bool,
    ) -> Result<Self> {
        let unreadable = |message: String| Error::Schema { path: file.path().to_path_buf(), message };
        let descriptor = metadata.file_metadata().schema_descr_ptr();
        let arrow = guarded(|| parquet_to_arrow_schema(&descriptor, None)).map_err(&unreadable)?;
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
        found.for_each(|(ty, plan)| note_types(ty, plan, &mut types));
        let mut maps = Vec::new();
        note_maps(arrow.fields(), 0, &mut maps);
        let hinted = hinted_fields(arrow.fields(), &descriptor, &types, &mut 0);
        let hinted = with_units(hinted, metadata.file_metadata(), &types);
        let options = ArrowReaderOptions::new().with_schema(Arc::new(ArrowSchema::new(hinted)));
        let metadata = guarded(|| ArrowReaderMetadata::try_new(metadata, options)).map_err(&unreadable)?;
        Ok(FileFit { metadata, leaves, maps })
    }

    /// Where the live leaves are read from.
    ///
    /// # Errors
    /// For the first live leaf that cannot be read, and where a column's codec is not there.
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

    /// Bytes that lists of a batch take, decoded and as rows, where those of a row group are about as long as each other.
    pub(super) fn list_bytes(&self, schema: &Schema, live: &LeafSet, group: &RowGroupMetaData) -> usize {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0).max(1);
        let in_batch = |column: usize| {
            let values = usize::try_from(group.column(column).num_values()).unwrap_or(0);
            (values / rows.div_ceil(BATCH_ROWS)).saturating_add(1)
        };
        // What texts take that are decoded, however often the file names each.
        let texts = |column: usize| {
            let column = group.column(column);
            if column.column_type() != PhysicalType::BYTE_ARRAY {
                return 0;
            }
            let bytes = column.unencoded_byte_array_data_bytes().unwrap_or(0).max(column.uncompressed_size());
            (usize::try_from(bytes).unwrap_or(0) / rows.div_ceil(BATCH_ROWS)).saturating_add(1)
        };
        let leaf = |leaf: usize| Some(list_bytes(self.plan(leaf)?, schema.leaves().get(leaf)?.ty, &in_batch, &texts));
        // A damaged footer may name any number: it is too much for every budget, and small enough to be added up.
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

    /// The program that wrote the file, as the file states it.
    pub(super) fn created_by(&self) -> Option<&str> {
        self.metadata.metadata().file_metadata().created_by()
    }

    /// Where one leaf is read from, if it can be.
    pub(super) fn plan(&self, leaf: usize) -> Option<&LeafPlan> {
        self.leaves.get(leaf)?.as_ref().ok()
    }

    /// Each field of a record beside its column, then the columns that it does not have.
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

    /// The columns that these leaves need, ascending.
    pub(super) fn columns(&self, live: &LeafSet) -> Vec<usize> {
        let plans = live.iter().filter_map(|leaf| self.plan(leaf));
        let mut columns: Vec<usize> = plans.flat_map(LeafPlan::columns).collect();
        // Of a map that stands in another, the outer one is seen first.
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

/// Bytes that a leaf's lists in a batch become: as Arrow has them, as leaves, and as rows, and their texts as values and behind their rows; the same again for
/// lists in them. `values` and `texts` say how many values of a column, and bytes of its texts, a batch has.
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
    let most = columns.iter().map(|&column| values(column)).max().unwrap_or(0);
    let of_texts = columns.iter().fold(0, |sum: usize, &column| sum.saturating_add(texts(column)));
    let inner = plan.items.iter().flat_map(|list| list.leaves.iter().zip(list.items.layout().types()));
    let inner = inner.map(|(leaf, &ty)| list_bytes(leaf, ty, values, texts));
    inner.fold(most.saturating_mul(width).saturating_add(of_texts.saturating_mul(2)), usize::saturating_add)
}

/// The type of the leaf that each column is read into.
fn note_types(ty: LeafType, plan: &LeafPlan, types: &mut [Option<LeafType>]) {
    match &plan.items {
        Some(list) => {
            let leaves = list.items.schema().leaves().iter().zip(&list.leaves);
            leaves.for_each(|(leaf, plan)| note_types(leaf.ty, plan, types));
        }
        None if ty == LeafType::Valid => {}
        None => types[plan.column] = Some(ty),
    }
}

/// The columns of the maps among some fields, whose first column is `first`.
fn note_maps(fields: &Fields, mut first: usize, maps: &mut Vec<[Range<usize>; 2]>) {
    for field in fields {
        match field.data_type() {
            DataType::Struct(inner) => note_maps(inner, first, maps),
            DataType::List(inner) => note_maps(&Fields::from(vec![inner.clone()]), first, maps),
            DataType::Map(entries, _) => {
                if let DataType::Struct(entry) = entries.data_type()
                    && let [key, _] = entry.iter().as_slice()
                {
                    let values = first + leaf_columns(key);
                    maps.push([first..values, values..first + leaf_columns(field)]);
                    note_maps(entry, first, maps);
                }
            }
            _ => {}
        }
        first += leaf_columns(field);
    }
}

/// A column's type: `INT32 (DATE), nullable`.
fn stored_type(column: &ColumnDescriptor) -> String {
    let converted = match column.converted_type() {
        ConvertedType::NONE => String::new(),
        converted => format!(" ({converted})"),
    };
    let nullable = if column.max_def_level() > 0 { ", nullable" } else { "" };
    format!("{}{converted}{nullable}", column.physical_type())
}

/// How people read the way to a column: `home.zip`, in the records of a list `items[].name`.
pub(super) fn path(levels: &[Level]) -> &str {
    levels.last().map_or("", |level| &level.path)
}
