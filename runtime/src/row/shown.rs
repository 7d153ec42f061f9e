//! Lists of records and maps as people read them.

use super::{Items, LeafType, Shape, show_leaf};

/// `[Item { name: "tea", count: 2 }]`, `{"tea": 2}`.
pub(super) fn show_items(items: &Items, bytes: &[u8], out: &mut String) {
    let (open, close) = if items.is_map() { ('{', '}') } else { ('[', ']') };
    out.push(open);
    for row in 0..items.count(bytes) {
        out.push_str(if row == 0 { "" } else { ", " });
        let mut shown = Shown { items, bytes, row, out };
        match items.entry() {
            Some((key, value)) => {
                shown.show(key);
                shown.out.push_str(": ");
                shown.show(value);
            }
            None => shown.show(items.schema().shape()),
        }
    }
    out.push(close);
}

/// One record of the list.
struct Shown<'s> {
    items: &'s Items,
    bytes: &'s [u8],
    row: usize,
    out: &'s mut String,
}

impl Shown<'_> {
    fn show(&mut self, shape: &Shape) {
        match shape {
            Shape::Leaf(leaf) => {
                let ty = self.items.layout().types()[*leaf];
                let quote = if ty == LeafType::Text { "\"" } else { "" };
                self.out.push_str(quote);
                show_leaf(ty, &self.items.datum(self.bytes, self.row, *leaf), self.out);
                self.out.push_str(quote);
            }
            Shape::Optional(valid, _) if self.items.bits(self.bytes, self.row, *valid) == 0 => {
                self.out.push_str("None");
            }
            Shape::Optional(_, inner) => self.show(inner),
            Shape::Record { name, fields } => {
                let (open, close) = if name.is_empty() { ("(", ")") } else { (" { ", " }") };
                self.out.push_str(name);
                self.out.push_str(open);
                for (index, field) in fields.iter().enumerate() {
                    self.out.push_str(if index == 0 { "" } else { ", " });
                    if !name.is_empty() {
                        self.out.push_str(field.name);
                        self.out.push_str(": ");
                    }
                    self.show(&field.shape);
                }
                self.out.push_str(close);
            }
            Shape::Enum { tag, variants, .. } => {
                let there = self.items.bits(self.bytes, self.row, *tag) as usize;
                let Some(variant) = variants.get(there).or(variants.first()) else { return };
                match &variant.shape {
                    Shape::Record { fields, .. } if fields.is_empty() => self.out.push_str(variant.name),
                    Shape::Record { name: "", .. } => {
                        self.out.push_str(variant.name);
                        self.show(&variant.shape);
                    }
                    named => self.show(named),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Datum, Field, SchemaBuilder, Tag};

    #[test]
    fn lists_and_maps_are_shown_as_the_program_writes_them() {
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
