//! Output for people: lines and tables on a terminal.
//!
//! This output is not read back, so it can show every record. Values that need more than one CSV
//! cell (lists, enums whose variants hold values) are written in Rust's syntax.

mod lines;
mod table;

pub use lines::LinesFormat;
pub use table::TableFormat;

use runtime::page::Batch;
use runtime::row::{Datum, LeafType, Schema, Shape, ShownLeaves, show_leaf, show_shape};

/// A column of the output: a leaf, or a list or enum in a single cell.
struct ShownColumn {
    name: String,
    type_name: String,
    /// Validity leaves of the enclosing `Option`s, outermost first.
    guards: Vec<usize>,
    shape: Shape,
    is_number: bool,
}

/// Returns the columns of a record. A nested record has several, as in CSV.
fn columns(schema: &Schema) -> Vec<ShownColumn> {
    let mut columns = Vec::new();
    collect(schema, schema.shape(), String::new(), Vec::new(), &mut columns);
    columns
}

fn collect(schema: &Schema, shape: &Shape, path: String, guards: Vec<usize>, out: &mut Vec<ShownColumn>) {
    match shape {
        Shape::Record { fields, .. } => {
            for field in fields {
                let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
                collect(schema, &field.shape, path, guards.clone(), out);
            }
        }
        Shape::Optional(validity, inner) if !matches!(**inner, Shape::Optional(..)) => {
            collect(schema, inner, path, [guards, vec![*validity]].concat(), out);
        }
        shape => {
            let ty = leaf_type(schema, shape);
            let type_name = match shape {
                Shape::Enum { name, .. } => (*name).to_owned(),
                _ => ty.map_or_else(|| "Option".to_owned(), |ty| ty.to_string()),
            };
            let type_name = if guards.is_empty() { type_name } else { format!("Option<{type_name}>") };
            let name = if path.is_empty() { "value".to_owned() } else { path };
            let is_number = ty.is_some_and(LeafType::is_number);
            out.push(ShownColumn { name, type_name, guards, shape: shape.clone(), is_number });
        }
    }
}

fn leaf_type(schema: &Schema, shape: &Shape) -> Option<LeafType> {
    match shape {
        Shape::Leaf(leaf) => schema.leaves().get(*leaf).map(|leaf| leaf.ty),
        _ => None,
    }
}

/// One row of a batch.
struct BatchRow<'b> {
    batch: &'b Batch<'b>,
    types: &'b [LeafType],
    row: usize,
}

impl ShownLeaves for BatchRow<'_> {
    fn bits(&self, leaf: usize) -> u128 {
        self.batch.leaf_bits(leaf, self.row)
    }

    fn value(&self, leaf: usize) -> (LeafType, Datum) {
        let ty = self.types[leaf];
        (ty, self.batch.datum(leaf, ty, self.row))
    }
}

/// Writes a cell on one line. Returns `false` and writes nothing if the value is null.
fn write_cell(column: &ShownColumn, row: &BatchRow<'_>, out: &mut String) -> bool {
    if column.guards.iter().any(|&guard| row.bits(guard) == 0) {
        return false;
    }
    let begin = out.len();
    match column.shape {
        // A text in a cell of its own has no quotes.
        Shape::Leaf(leaf) => {
            let (ty, value) = row.value(leaf);
            show_leaf(ty, &value, out);
        }
        ref shape => show_shape(shape, row, out),
    }
    if out[begin..].contains(char::is_control) {
        let escaped = out.split_off(begin).chars().fold(String::new(), |mut text, char| {
            if char.is_control() {
                text.extend(char.escape_debug())
            } else {
                text.push(char)
            }
            text
        });
        out.push_str(&escaped);
    }
    true
}
