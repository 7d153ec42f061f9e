//! Formats records for error messages by their schema, without code per record type.

use runtime::page::Input;
use runtime::plan::Reads;
use runtime::row::{Field, LeafSet, LeafType, Schema, Shape, show_leaf};

/// Formats the record at a position of an input: `WordCount { word: "to", count: 2 }`. Fields that
/// the operator does not read may have no valid value, so they are left out:
/// `WordCount { word: "to", .. }`.
#[cold]
#[inline(never)]
pub(crate) fn show_record(schema: &Schema, reads: &Reads, input: &Input<'_>, position: usize) -> String {
    let mut text = String::new();
    if let Some(&row) = input.selection().rows().get(position) {
        let formatter = RowFormatter { schema, leaves: reads.of(schema), input, row: row as usize };
        formatter.show(schema.shape(), &mut text);
    }
    text
}

/// Formats one row. Only `leaves` may be read.
struct RowFormatter<'s, 'b> {
    schema: &'s Schema,
    leaves: LeafSet,
    input: &'s Input<'b>,
    row: usize,
}

impl RowFormatter<'_, '_> {
    fn show(&self, shape: &Shape, text: &mut String) {
        match shape {
            _ if !self.is_read(shape) => text.push('_'),
            Shape::Leaf(leaf) => self.show_leaf(*leaf, text),
            Shape::Optional(valid, _) if self.input.batch().leaf_bits(*valid, self.row) == 0 => text.push_str("None"),
            Shape::Optional(_, inner) => self.show(inner, text),
            Shape::Record { name: "", fields } => {
                text.push('(');
                for (index, field) in fields.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { ", " });
                    self.show(&field.shape, text);
                }
                text.push(')');
            }
            Shape::Record { name, fields } => {
                text.push_str(name);
                let mut separator = " { ";
                for field in fields.iter().filter(|field| self.is_read(&field.shape)) {
                    text.push_str(separator);
                    text.push_str(field.name);
                    text.push_str(": ");
                    self.show(&field.shape, text);
                    separator = ", ";
                }
                text.push_str(if fields.iter().all(|field| self.is_read(&field.shape)) { " }" } else { ", .. }" });
            }
            Shape::Enum { tag, variants, .. } => {
                let variant_index = self.input.batch().leaf_bits(*tag, self.row) as usize;
                if let Some(variant) = variants.get(variant_index).or(variants.first()) {
                    self.show_variant(variant, text);
                }
            }
        }
    }

    fn show_variant(&self, variant: &Field, text: &mut String) {
        match &variant.shape {
            Shape::Record { fields, .. } if fields.is_empty() => text.push_str(variant.name),
            shape => {
                text.push_str(if matches!(shape, Shape::Record { name: "", .. }) { variant.name } else { "" });
                self.show(shape, text);
            }
        }
    }

    fn show_leaf(&self, leaf: usize, text: &mut String) {
        let ty = self.schema.leaves()[leaf].ty;
        let quote = if ty == LeafType::Text { "\"" } else { "" };
        text.push_str(quote);
        show_leaf(ty, &self.input.batch().datum(leaf, ty, self.row), text);
        text.push_str(quote);
    }

    fn is_read(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Leaf(leaf) => self.leaves.contains(*leaf),
            Shape::Optional(valid, inner) => self.leaves.contains(*valid) && self.is_read(inner),
            Shape::Record { fields, .. } => fields.iter().any(|field| self.is_read(&field.shape)),
            Shape::Enum { tag, .. } => self.leaves.contains(*tag),
        }
    }
}
