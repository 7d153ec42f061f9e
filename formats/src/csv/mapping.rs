//! Maps leaves to columns.

use std::path::Path;

use crate::cells::is_writable;
use crate::enums::refused_enum;
use crate::names::hint_about;
use runtime::error::{Error, Result};
use runtime::row::{LeafType, Schema, Shape};

/// A column's leaf, and its validity leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CsvColumn {
    pub(super) leaf: usize,
    /// Validity leaves of the enclosing `Option`s, outermost first.
    pub(super) guards: Vec<usize>,
}

/// Returns a record's columns in order, one for each leaf that holds a value.
///
/// # Errors
/// Fails with the path and the reason if CSV cannot hold a field.
pub(super) fn columns(schema: &Schema) -> Result<Vec<CsvColumn>, String> {
    let mut columns = Vec::new();
    collect(schema, schema.shape(), &mut Vec::new(), &mut columns)?;
    Ok(columns)
}

fn collect(
    schema: &Schema,
    shape: &Shape,
    guards: &mut Vec<usize>,
    columns: &mut Vec<CsvColumn>,
) -> Result<(), String> {
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
            columns.push(CsvColumn { leaf: *leaf, guards: guards.clone() });
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

/// Returns the name of a leaf's column.
pub(super) fn column_name(schema: &Schema, leaf: usize) -> &str {
    match schema.leaves().get(leaf).map_or("", |leaf| leaf.path.as_str()) {
        "" => "value",
        path => path,
    }
}

/// By leaf: the index of its column in a file. `None` for validity leaves, which have no column.
pub(super) struct Positions {
    pub(super) of_leaf: Vec<Option<usize>>,
    /// Number of fields in each record of the file.
    pub(super) count: usize,
}

/// Finds the columns of a file by its header.
///
/// # Errors
/// Fails if the column of a live leaf is missing or occurs twice.
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
/// Fails if the file has fewer columns than the record.
pub(super) fn by_position(path: &Path, schema: &Schema, columns: &[CsvColumn], count: usize) -> Result<Positions> {
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

/// Returns `true` for tuples and single values. They have no names, so columns are found by their
/// order even if there is a header.
pub(super) fn is_nameless(schema: &Schema) -> bool {
    match schema.shape() {
        Shape::Record { name, .. } => name.is_empty(),
        _ => true,
    }
}
