//! Removes leaves from schemas.

use super::{Field, Schema, Shape};

impl Schema {
    /// The record without the leaves `dropped`. Also returns, for each leaf of the result, its
    /// index in this record.
    ///
    /// An `Option` or an enum is dropped completely, if its validity or tag is dropped, or not at
    /// all. A nested record without any fields left is dropped. A record that is a plain value is
    /// unchanged.
    #[must_use]
    pub fn without(&self, dropped: &[usize]) -> (Schema, Vec<usize>) {
        let Shape::Record { name, fields } = &self.shape else {
            return (self.clone(), (0..self.leaves.len()).collect());
        };
        let shape = Shape::Record { name, fields: fields_without(fields, dropped) };
        let leaves = shape.leaves();
        let place = |old: usize| leaves.iter().position(|&leaf| leaf == old).unwrap_or_default();
        let leaf = |&old: &usize| {
            let mut leaf = self.leaves[old].clone();
            leaf.validity = leaf.validity.map(place);
            leaf
        };
        (Schema { leaves: leaves.iter().map(leaf).collect(), shape: shape.renumbered(&place) }, leaves)
    }
}

/// The fields without the leaves `dropped`. A field whose leaves are all dropped is left out.
fn fields_without(fields: &[Field], dropped: &[usize]) -> Vec<Field> {
    let kept = |field: &Field| Some(Field { shape: field.shape.without(dropped)?, ..field.clone() });
    fields.iter().filter_map(kept).collect()
}

impl Shape {
    /// The shape without these leaves. `None` if nothing is left of it.
    fn without(&self, dropped: &[usize]) -> Option<Shape> {
        match self {
            Shape::Leaf(leaf) | Shape::Optional(leaf, _) | Shape::Enum { tag: leaf, .. } => {
                (!dropped.contains(leaf)).then(|| self.clone())
            }
            Shape::Record { name, fields } => {
                let kept = fields_without(fields, dropped);
                (fields.is_empty() || !kept.is_empty()).then_some(Shape::Record { name, fields: kept })
            }
        }
    }

    fn renumbered(&self, place: &impl Fn(usize) -> usize) -> Shape {
        let inside = |fields: &[Field]| {
            fields.iter().map(|field| Field { shape: field.shape.renumbered(place), ..field.clone() }).collect()
        };
        match self {
            Shape::Leaf(leaf) => Shape::Leaf(place(*leaf)),
            Shape::Optional(validity, inner) => Shape::Optional(place(*validity), Box::new(inner.renumbered(place))),
            Shape::Record { name, fields } => Shape::Record { name, fields: inside(fields) },
            Shape::Enum { name, tag, variants } => Shape::Enum { name, tag: place(*tag), variants: inside(variants) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LeafType, SchemaBuilder};
    use super::*;

    #[test]
    fn remaining_leaves_are_renumbered() {
        let schema = SchemaBuilder::build(|b| Shape::Record {
            name: "Sale",
            fields: vec![
                b.field("id", |b| b.leaf(LeafType::U64)),
                b.field("day", |b| b.optional(|b| b.leaf(LeafType::Date))),
                b.field("note", |b| b.optional(|b| b.leaf(LeafType::Text))),
            ],
        });
        let (rest, leaves) = schema.without(&[1, 2]);
        assert_eq!(rest.describe(), "Sale { id: u64, note: Option<String> }");
        assert_eq!(
            (leaves, rest.leaves()[2].validity, rest.leaves()[2].path.as_str()),
            (vec![0, 3, 4], Some(1), "note")
        );
        assert_eq!(rest.shape().leaves(), [0, 1, 2]);
    }
    #[test]
    fn nested_records_without_fields_are_dropped() {
        let schema = SchemaBuilder::build(|b| Shape::Record {
            name: "Sale",
            fields: vec![
                b.field("place", |b| Shape::Record {
                    name: "Place",
                    fields: vec![
                        b.field("city", |b| b.leaf(LeafType::Text)),
                        b.field("zip", |b| b.optional(|b| b.leaf(LeafType::U32))),
                    ],
                }),
                b.field("price", |b| b.leaf(LeafType::I64)),
            ],
        });
        let (rest, leaves) = schema.without(&[0]);
        assert_eq!(rest.describe(), "Sale { place: Place { zip: Option<u32> }, price: i64 }");
        assert_eq!((leaves, rest.leaves()[1].validity), (vec![1, 2, 3], Some(0)));
        let (rest, leaves) = schema.without(&[0, 1, 2]);
        assert_eq!((rest.describe().as_str(), leaves), ("Sale { price: i64 }", vec![3]));
    }
}
