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
