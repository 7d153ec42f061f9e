//! Leaves and columns.

use std::path::Path;

use crate::cells::is_writable;
use crate::enums::refused_enum;
use crate::names::hint_about;
use runtime::error::{Error, Result};
use runtime::row::{LeafType, Schema, Shape};

/// The leaf of a column, and what guards it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) leaf: usize,
    /// The validity leaves above it, outermost first.
    pub(super) guards: Vec<usize>,
}

/// A record's columns in order, one for each leaf that holds a value.
///
/// # Errors
/// For a field that CSV cannot hold: its path, and why.
pub(super) fn columns(schema: &Schema) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    collect(schema, schema.shape(), &mut Vec::new(), &mut columns)?;
    Ok(columns)
}

fn collect(schema: &Schema, shape: &Shape, guards: &mut Vec<usize>, columns: &mut Vec<Column>) -> Result<(), String> {
    match shape {
        Shape::Leaf(leaf) => {
            let Some(found) = schema.leaves().get(*leaf) else {
                return Ok(());
            };
            if !is_writable(found.ty) {
                let other = if matches!(found.ty, LeafType::Items(_)) {
                    "JSON or Parquet"
                } else {
                    "JSON, Parquet or the native format"
                };
                return Err(format!(
                    "the field `{}` is a list ({}), which CSV cannot hold; use {other}",
                    found.path, found.ty
                ));
            }
            columns.push(Column { leaf: *leaf, guards: guards.clone() });
        }
        Shape::Optional(validity, inner) => {
            if let Shape::Optional(..) = **inner {
                let path = schema.leaves().get(*validity).map_or("", |leaf| leaf.path.as_str());
                return Err(format!(
                    "the field `{path}` is an Option in an Option, which CSV cannot tell from one; use one Option"
                ));
            }
            guards.push(*validity);
            collect(schema, inner, guards, columns)?;
            guards.pop();
        }
        Shape::Record { fields, .. } => {
            for field in fields {
                collect(schema, &field.shape, guards, columns)?;
            }
        }
        Shape::Enum { tag, .. } => return Err(refused_enum(schema, *tag, "CSV")),
    }
    Ok(())
}

/// The name of a leaf's column.
pub(super) fn column_name(schema: &Schema, leaf: usize) -> &str {
    match schema.leaves().get(leaf).map_or("", |leaf| leaf.path.as_str()) {
        "" => "value",
        path => path,
    }
}

/// For each leaf the position of its column in a file; `None` for validity leaves, which have none of their own.
pub(super) struct Positions {
    pub(super) of_leaf: Vec<Option<usize>>,
    /// How many fields each record of the file has.
    pub(super) count: usize,
}

/// Finds the columns of a file by its header.
///
/// # Errors
/// For a live leaf whose column is missing or stands there twice.
pub(super) fn by_header(
    path: &Path,
    schema: &Schema,
    header: &[String],
    is_live: impl Fn(usize) -> bool,
) -> Result<Positions> {
    let wrong = |message: String| Error::Schema { path: path.to_path_buf(), message };
    let mut of_leaf = vec![None; schema.leaves().len()];
    for (leaf, found) in schema.leaves().iter().enumerate().filter(|(_, leaf)| leaf.ty != LeafType::Valid) {
        let mut positions = (0..header.len()).filter(|&position| header[position] == found.path);
        of_leaf[leaf] = positions.next();
        if !is_live(leaf) {
            continue;
        }
        if of_leaf[leaf].is_none() {
            let hint = hint_about(&found.path, header);
            return Err(wrong(format!("there is no column `{}` ({}) in the header; {hint}", found.path, found.ty)));
        }
        if positions.next().is_some() {
            return Err(wrong(format!("the column `{}` stands twice in the header; rename one", found.path)));
        }
    }
    Ok(Positions { of_leaf, count: header.len() })
}

/// Finds the columns of a file by their order.
///
/// # Errors
/// Where the file has fewer columns than the record.
pub(super) fn by_position(path: &Path, schema: &Schema, columns: &[Column], count: usize) -> Result<Positions> {
    if count < columns.len() {
        let message = format!("expected {} columns for {}, found {count}", columns.len(), schema.describe());
        return Err(Error::Schema { path: path.to_path_buf(), message });
    }
    let mut of_leaf = vec![None; schema.leaves().len()];
    for (position, column) in columns.iter().enumerate() {
        of_leaf[column.leaf] = Some(position);
    }
    Ok(Positions { of_leaf, count })
}

/// Whether columns are found by their order whatever the header says: tuples and single values have no names.
pub(super) fn is_nameless(schema: &Schema) -> bool {
    match schema.shape() {
        Shape::Record { name, .. } => name.is_empty(),
        _ => true,
    }
}
