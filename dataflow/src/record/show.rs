//! A record as people read it, from its schema: no code per user type.

use runtime::page::Input;
use runtime::row::{Schema, Shape, show_leaf};

/// The record at a position of an input: `WordCount { word: "to", count: 2 }`.
#[cold]
pub(crate) fn show_record(schema: &Schema, input: &Input<'_>, position: usize) -> String {
    let mut text = String::new();
    if let Some(&row) = input.selection().rows().get(position) {
        show(schema, schema.shape(), input, row as usize, &mut text);
    }
    text
}

fn show(schema: &Schema, shape: &Shape, input: &Input<'_>, row: usize, text: &mut String) {
    match shape {
        Shape::Leaf(leaf) => {
            let ty = schema.leaves()[*leaf].ty;
            let quote = if ty == runtime::row::LeafType::Text { "\"" } else { "" };
            text.push_str(quote);
            show_leaf(ty, &input.batch().datum(*leaf, ty, row), text);
            text.push_str(quote);
        }
        Shape::Optional(valid, _) if input.batch().leaf_bits(*valid, row) == 0 => text.push_str("None"),
        Shape::Optional(_, inner) => show(schema, inner, input, row, text),
        Shape::Record { name, fields } => {
            text.push_str(name);
            text.push_str(if name.is_empty() { "(" } else { " { " });
            for (index, field) in fields.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                if !name.is_empty() {
                    text.push_str(field.name);
                    text.push_str(": ");
                }
                show(schema, &field.shape, input, row, text);
            }
            text.push_str(if name.is_empty() { ")" } else { " }" });
        }
    }
}
