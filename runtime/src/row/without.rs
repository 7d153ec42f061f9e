//! A record without some of its fields.

use super::{Field, Schema, Shape};

impl Schema {
    /// The record without those of its own fields that have these numbers, and which leaf of this record each of its leaves is. A record that
    /// is a plain value has no fields, and stays.
    #[must_use]
    pub fn without(&self, fields: &[usize]) -> (Schema, Vec<usize>) {
        let Shape::Record { name, fields: all } = &self.shape else {
            return (self.clone(), (0..self.leaves.len()).collect());
        };
        let kept = all.iter().enumerate().filter(|(index, _)| !fields.contains(index)).map(|(_, field)| field);
        let kept: Vec<&Field> = kept.collect();
        let leaves: Vec<usize> = kept.iter().flat_map(|field| field.shape.leaves()).collect();
        let place = |old: usize| leaves.iter().position(|&leaf| leaf == old).unwrap_or_default();
        let field = |field: &&Field| Field { shape: field.shape.renumbered(&place), ..(*field).clone() };
        let shape = Shape::Record { name, fields: kept.iter().map(field).collect() };
        let leaf = |&old: &usize| {
            let mut leaf = self.leaves[old].clone();
            leaf.validity = leaf.validity.map(place);
            leaf
        };
        (Schema { leaves: leaves.iter().map(leaf).collect(), shape }, leaves)
    }
}

impl Shape {
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
    fn what_is_left_is_numbered_anew() {
        let schema = SchemaBuilder::build(|b| Shape::Record {
            name: "Sale",
            fields: vec![
                b.field("id", |b| b.leaf(LeafType::U64)),
                b.field("day", |b| b.optional(|b| b.leaf(LeafType::Date))),
                b.field("note", |b| b.optional(|b| b.leaf(LeafType::Text))),
            ],
        });
        let (rest, leaves) = schema.without(&[1]);
        assert_eq!(rest.describe(), "Sale { id: u64, note: Option<String> }");
        assert_eq!(
            (leaves, rest.leaves()[2].validity, rest.leaves()[2].path.as_str()),
            (vec![0, 3, 4], Some(1), "note")
        );
        assert_eq!(rest.shape().leaves(), [0, 1, 2]);
    }
}
