//! Readable form of records, lists of records, and maps.

use crate::row::{Datum, Items, LeafType, Shape, show_leaf};

/// The leaves of one record, to be shown.
pub trait ShownLeaves {
    /// A plain value's bits.
    fn bits(&self, leaf: usize) -> u128;
    /// A leaf's type and value.
    fn value(&self, leaf: usize) -> (LeafType, Datum);
}

/// Appends `[Item { name: "tea", count: 2 }]`, or `{"tea": 2}`.
pub(super) fn show_items(items: &Items, bytes: &[u8], out: &mut String) {
    let (open, close) = if items.is_map() { ('{', '}') } else { ('[', ']') };
    out.push(open);
    for row in 0..items.count(bytes) {
        out.push_str(if row == 0 { "" } else { ", " });
        let element = ListRecord { items, bytes, row };
        match items.entry() {
            Some((key, value)) => {
                show_shape(key, &element, out);
                out.push_str(": ");
                show_shape(value, &element, out);
            }
            None => show_shape(items.schema().shape(), &element, out),
        }
    }
    out.push(close);
}

/// One record of a list.
struct ListRecord<'s> {
    items: &'s Items,
    bytes: &'s [u8],
    row: usize,
}

impl ShownLeaves for ListRecord<'_> {
    fn bits(&self, leaf: usize) -> u128 {
        self.items.bits(self.bytes, self.row, leaf)
    }

    fn value(&self, leaf: usize) -> (LeafType, Datum) {
        (self.items.layout().types()[leaf], self.items.datum(self.bytes, self.row, leaf))
    }
}

/// Appends a value in the syntax of a program, without the types of numbers: `Item { name: "tea",
/// count: 2 }`.
pub fn show_shape(shape: &Shape, leaves: &impl ShownLeaves, out: &mut String) {
    match shape {
        Shape::Leaf(leaf) => {
            let (ty, value) = leaves.value(*leaf);
            let quote = if ty == LeafType::Text { "\"" } else { "" };
            out.push_str(quote);
            show_leaf(ty, &value, out);
            out.push_str(quote);
        }
        Shape::Optional(valid, _) if leaves.bits(*valid) == 0 => out.push_str("None"),
        Shape::Optional(_, inner) => show_shape(inner, leaves, out),
        Shape::Record { name, fields } => {
            let (open, close) = if name.is_empty() { ("(", ")") } else { (" { ", " }") };
            out.push_str(name);
            out.push_str(open);
            for (index, field) in fields.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                if !name.is_empty() {
                    out.push_str(field.name);
                    out.push_str(": ");
                }
                show_shape(&field.shape, leaves, out);
            }
            out.push_str(close);
        }
        Shape::Enum { tag, variants, .. } => {
            let there = leaves.bits(*tag) as usize;
            let Some(variant) = variants.get(there).or(variants.first()) else { return };
            match &variant.shape {
                Shape::Record { fields, .. } if fields.is_empty() => out.push_str(variant.name),
                Shape::Record { name: "", .. } => {
                    out.push_str(variant.name);
                    show_shape(&variant.shape, leaves, out);
                }
                named => show_shape(named, leaves, out),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Field, SchemaBuilder, Tag};

    #[test]
    fn lists_and_maps_are_shown_in_program_syntax() {
        static TAG: Tag = Tag { of: "Event", variants: &["Click", "Moved", "Idle"] };
        let of = |fields: Vec<Field>, name| Shape::Record { name, fields };
        let schema = SchemaBuilder::build(|b| {
            let text = b.field("0", |b| b.leaf(LeafType::Text));
            let event = b.field("1", |b| {
                b.optional(|b| {
                    b.variants(&TAG, |b| {
                        vec![
                            b.field("Click", |b| of(vec![b.field("at", |b| b.leaf(LeafType::I32))], "Click")),
                            b.field("Moved", |b| of(vec![b.field("0", |b| b.leaf(LeafType::U8))], "")),
                            b.field("Idle", |_| of(Vec::new(), "")),
                        ]
                    })
                })
            });
            of(vec![text, event], "")
        });
        let row = |text: &str, event: [u128; 4]| {
            [vec![Datum::Bytes(text.as_bytes().into())], event.map(Datum::Fixed).to_vec()].concat()
        };
        let rows = [row("a", [1, 0, 5, 0]), row("b", [1, 1, 0, 6]), row("c", [1, 2, 0, 0]), row("d", [0, 0, 0, 0])];
        for (items, expected) in [
            (Items::list(schema.clone()), r#"[("a", Click { at: 5 }), ("b", Moved(6)), ("c", Idle), ("d", None)]"#),
            (Items::map(schema), r#"{"a": Click { at: 5 }, "b": Moved(6), "c": Idle, "d": None}"#),
        ] {
            let mut shown = String::new();
            let bytes = Datum::Bytes(items.encode(rows.iter().map(Vec::as_slice)).into());
            show_leaf(LeafType::Items(items), &bytes, &mut shown);
            assert_eq!(shown, expected);
        }
    }
}
