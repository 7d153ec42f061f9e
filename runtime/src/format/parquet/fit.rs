//! Which column of a file each leaf of a record is read from.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Fields, Schema as ArrowSchema};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::ConvertedType;
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::convert::is_readable;
use super::durations::with_units;
use super::footer::guarded;
use super::hints::{hinted_fields, leaf_columns};
use super::lists::{element_of, is_readable_list};
use crate::error::{Error, Result};
use crate::format::enums::refused_enum;
use crate::format::files::InputFile;
use crate::format::names::hint_about;
use crate::row::{Leaf, LeafSet, LeafType, Schema, Shape};
use crate::source::ColumnFit;

/// One step from the record to a leaf: a column or a group of columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Level {
    /// Its name in the file.
    pub(super) name: String,
    /// The validity leaf, where the record holds an `Option` here.
    pub(super) validity: Option<usize>,
}

/// Where a leaf is read from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LeafPlan {
    /// The steps to the column; for a validity leaf, to what it guards.
    pub(super) levels: Vec<Level>,
    /// The column; for a validity leaf, one of those that tell.
    pub(super) column: usize,
}

/// One file, and how the record is read from it.
pub(super) struct FileFit {
    pub(super) metadata: ArrowReaderMetadata,
    /// For each leaf where it is read from, or why it cannot be.
    leaves: Vec<Result<LeafPlan, String>>,
}

impl FileFit {
    /// Looks up each leaf of a record.
    ///
    /// # Errors
    /// Where the file's own schema makes no sense.
    pub(super) fn new(file: &InputFile, metadata: Arc<ParquetMetaData>, schema: &Schema) -> Result<Self> {
        let unreadable = |message: String| Error::Schema { path: file.path().to_path_buf(), message };
        let descriptor = metadata.file_metadata().schema_descr_ptr();
        let arrow = guarded(|| parquet_to_arrow_schema(&descriptor, None)).map_err(&unreadable)?;
        let mut leaves = vec![Err(String::new()); schema.leaves().len()];
        let mut search = Search { schema, descriptor: &descriptor, root: arrow.fields(), leaves: &mut leaves };
        search.record(schema.shape());
        let mut types = vec![None; descriptor.num_columns()];
        for (leaf, plan) in schema.leaves().iter().zip(&leaves) {
            if let (Ok(plan), false) = (plan, leaf.ty == LeafType::Valid) {
                types[plan.column] = Some(leaf.ty);
            }
        }
        let hinted = hinted_fields(arrow.fields(), &descriptor, &types, &mut 0);
        let hinted = with_units(hinted, metadata.file_metadata(), &types);
        let options = ArrowReaderOptions::new().with_schema(Arc::new(ArrowSchema::new(hinted)));
        let metadata = guarded(|| ArrowReaderMetadata::try_new(metadata, options)).map_err(&unreadable)?;
        Ok(FileFit { metadata, leaves })
    }

    /// Where the live leaves are read from.
    ///
    /// # Errors
    /// For the first live leaf that cannot be read.
    pub(super) fn plans(&self, file: &InputFile, live: &LeafSet) -> Result<Vec<(usize, &LeafPlan)>> {
        let plan = |leaf: usize| match self.leaves.get(leaf) {
            Some(Ok(plan)) => Ok((leaf, plan)),
            Some(Err(message)) => Err(Error::Schema { path: file.path().to_path_buf(), message: message.clone() }),
            None => Err(Error::Internal(format!("leaf {leaf} of a record of {} leaves", self.leaves.len()))),
        };
        live.iter().map(plan).collect()
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
            Ok(plan) => ColumnFit::of(leaf, path(&plan.levels), stored_type(&columns[plan.column])),
        };
        let mut fits: Vec<ColumnFit> = values.map(fit).collect();
        let read = |index: usize| self.leaves.iter().flatten().any(|plan| plan.column == index);
        let unread = columns.iter().enumerate().filter(|(index, _)| !read(*index));
        fits.extend(unread.map(|(_, column)| ColumnFit::unread(column.path().string())));
        fits
    }

    /// The columns that these leaves need, ascending.
    pub(super) fn columns(&self, live: &LeafSet) -> Vec<usize> {
        let mut columns: Vec<usize> = live.iter().filter_map(|leaf| self.plan(leaf)).map(|plan| plan.column).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
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

/// Goes through a record and a file's schema together.
struct Search<'s> {
    schema: &'s Schema,
    descriptor: &'s SchemaDescriptor,
    root: &'s Fields,
    leaves: &'s mut Vec<Result<LeafPlan, String>>,
}

impl Search<'_> {
    fn record(&mut self, shape: &Shape) {
        if let Shape::Record { .. } = shape {
            return self.fields(shape, self.root.clone(), 0, &[]);
        }
        // A record that is itself a value is the one column of the file.
        match self.root.iter().as_slice() {
            [field] => self.field(shape, field.clone(), 0, &[]),
            _ => self.fail(shape, &format!(
                "a record of one value needs a file of one column, found {}; use a struct with the column's name as its field",
                self.describe_columns()
            )),
        }
    }

    /// The fields of a nested record, among the columns of one group whose first leaf column is `first`.
    fn fields(&mut self, shape: &Shape, group: Fields, first: usize, above: &[Level]) {
        let Shape::Record { name, fields } = shape else { return };
        for (index, field) in fields.iter().enumerate() {
            let position = if name.is_empty() { (index < group.len()).then_some(index) } else { None };
            let position = position.or_else(|| group.iter().position(|column| column.name() == field.name));
            if let Some(position) = position {
                let before: usize = group.iter().take(position).map(|column| leaf_columns(column)).sum();
                self.field(&field.shape, group[position].clone(), first + before, above);
            } else {
                self.field_by_dotted_name(&field.shape, above);
            }
        }
    }

    /// A field that is no column of its group: perhaps its leaves are columns with dotted names.
    fn field_by_dotted_name(&mut self, shape: &Shape, above: &[Level]) {
        if let Shape::Record { fields, .. } = shape {
            return fields.iter().for_each(|field| self.field_by_dotted_name(&field.shape, above));
        }
        if let Some(tag) = enum_in(shape) {
            return self.fail(shape, &format!("cannot read Parquet: {}", refused_enum(self.schema, tag, "Parquet")));
        }
        let Some(leaf) = shape.leaves().first().copied() else {
            return;
        };
        let path = &self.schema.leaves()[leaf].path;
        let found = self.root.iter().position(|column| column.name() == path);
        match found.filter(|_| above.iter().all(|level| level.validity.is_none())) {
            Some(position) => {
                let first = self.root.iter().take(position).map(|column| leaf_columns(column)).sum();
                self.field(shape, self.root[position].clone(), first, &[]);
            }
            None => self.fail(shape, &self.missing(leaf)),
        }
    }

    fn field(&mut self, shape: &Shape, column: Arc<ArrowField>, first: usize, above: &[Level]) {
        let (validity, inner) = match shape {
            Shape::Optional(validity, inner) => (Some(*validity), &**inner),
            shape => (None, shape),
        };
        let mut levels = above.to_vec();
        levels.push(Level { name: column.name().clone(), validity });
        if let Some(validity) = validity {
            self.leaves[validity] = Ok(LeafPlan { levels: levels.clone(), column: first });
        }
        match (inner, column.data_type()) {
            (Shape::Enum { tag, .. }, _) => {
                let message = format!("cannot read Parquet: {}", refused_enum(self.schema, *tag, "Parquet"));
                self.fail(shape, &message);
            }
            (Shape::Leaf(leaf), found) => self.leaf(*leaf, found, levels, first),
            (Shape::Record { .. }, DataType::Struct(group)) => self.fields(inner, group.clone(), first, &levels),
            (Shape::Record { .. }, _) => {
                let message =
                    format!("column `{}`: expected a group of columns, found {}", path(&levels), self.show(first));
                self.fail(shape, &message);
            }
            (Shape::Optional(..), _) => {
                let message = format!(
                    "column `{}`: an Option in an Option cannot be told from one; use one Option",
                    path(&levels)
                );
                self.fail(shape, &message);
            }
        }
    }

    fn leaf(&mut self, leaf: usize, found: &DataType, levels: Vec<Level>, column: usize) {
        let ty = self.schema.leaves()[leaf].ty;
        if let (Some(element), DataType::List(inner)) = (element_of(ty), found)
            && self.descriptor.column(column).max_rep_level() == 1
            && !matches!(inner.data_type(), DataType::Struct(_))
        {
            let is_json = self.descriptor.column(column).converted_type() == ConvertedType::JSON;
            self.leaves[leaf] = match is_readable_list(inner, element) {
                Ok(()) if !is_json => Ok(LeafPlan { levels, column }),
                Err(reason) if !reason.is_empty() => Err(format!("column `{}`: {reason}, in a list", path(&levels))),
                _ => Err(format!("column `{}`: expected {ty}, found a list of {}", path(&levels), inner.data_type())),
            };
            return;
        }
        let nested = self.descriptor.column(column).max_rep_level() > 0 || matches!(found, DataType::Struct(_));
        let json = found == &DataType::Utf8 && self.descriptor.column(column).converted_type() != ConvertedType::UTF8;
        self.leaves[leaf] = match is_readable(found, ty) {
            // The crate does not check that JSON is UTF-8.
            Ok(()) if !nested && !json => Ok(LeafPlan { levels, column }),
            Err(reason) if !nested && !reason.is_empty() => Err(format!("column `{}`: {reason}", path(&levels))),
            _ => Err(format!("column `{}`: expected {ty}, found {}", path(&levels), self.show_type(found, column))),
        };
    }

    fn fail(&mut self, shape: &Shape, message: &str) {
        shape.leaves().iter().for_each(|&leaf| self.leaves[leaf] = Err(message.to_owned()));
    }

    fn missing(&self, leaf: usize) -> String {
        let leaf = &self.schema.leaves()[leaf];
        let ty = if leaf.ty == LeafType::Valid { String::new() } else { format!(" ({})", leaf.ty) };
        let paths: Vec<String> = self.descriptor.columns().iter().map(|column| column.path().string()).collect();
        format!("there is no column `{}`{ty}; {}", leaf.path, hint_about(&leaf.path, &paths))
    }

    fn describe_columns(&self) -> String {
        let names: Vec<_> = self.root.iter().map(|field| format!("`{}`", field.name())).collect();
        names.join(", ")
    }

    fn show(&self, column: usize) -> String {
        self.descriptor.column(column).physical_type().to_string()
    }

    fn show_type(&self, found: &DataType, column: usize) -> String {
        match found {
            DataType::Struct(_) => "a group of columns (a nested record)".to_owned(),
            DataType::List(_) | DataType::LargeList(_) | DataType::Map(..) => "a list or map".to_owned(),
            DataType::Utf8 if self.descriptor.column(column).converted_type() != ConvertedType::UTF8 => {
                "JSON, which is not supported".to_owned()
            }
            found => format!("{found} ({})", self.show(column)),
        }
    }
}

/// The tag of an enum whose variants hold values, or of one in an `Option`.
fn enum_in(shape: &Shape) -> Option<usize> {
    match shape {
        Shape::Enum { tag, .. } => Some(*tag),
        Shape::Optional(_, inner) => enum_in(inner),
        _ => None,
    }
}

pub(super) fn path(levels: &[Level]) -> String {
    levels.iter().map(|level| level.name.as_str()).collect::<Vec<_>>().join(".")
}
