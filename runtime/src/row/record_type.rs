//! Record types as constants. Schemas are made of them, and they are checked at compile time.

use super::{LeafType, Schema, SchemaBuilder, Shape, Tag};
use crate::row::schema::Field;

/// The field names of an array's elements. An array has the leaves of a tuple of its length.
const INDEX_NAMES: [&str; RecordType::MAX_ARRAY] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];

/// The type of a record, or of a part of one.
#[derive(Clone, Copy, Debug)]
pub enum RecordType {
    /// A plain value, a text, or a list of either; an enum whose variants hold no values.
    Leaf(LeafType),
    /// A list of records.
    List(&'static RecordType),
    /// A map, by the type of its entries: tuples of a key and a value.
    Map(&'static RecordType),
    /// An `Option`.
    Optional(&'static RecordType),
    /// An array, by its element and length.
    Array(&'static RecordType, usize),
    /// A record or a tuple.
    Record {
        /// Empty for a tuple.
        name: &'static str,
        /// In order.
        fields: &'static [FieldType],
    },
    /// An enum whose variants hold values.
    Enum {
        /// The names.
        tag: &'static Tag,
        /// The variants in order, each a record or a tuple.
        variants: &'static [FieldType],
    },
}

/// A field of a record, or a variant of an enum.
#[derive(Clone, Copy, Debug)]
pub struct FieldType {
    /// As the program writes it: `orderkey`, or `0` in a tuple.
    pub ident: &'static str,
    /// The name in files.
    pub name: &'static str,
    /// `true` if it is the path of the file that a row is from.
    pub is_source_file: bool,
    /// The type of its value.
    pub ty: &'static RecordType,
}

impl FieldType {
    /// A field with the same name in the program and in files.
    #[must_use]
    pub const fn named(name: &'static str, ty: &'static RecordType) -> Self {
        FieldType { ident: name, name, is_source_file: false, ty }
    }
}

impl RecordType {
    /// Most elements of an array.
    pub const MAX_ARRAY: usize = 16;

    /// The number of leaves.
    #[must_use]
    pub const fn leaf_count(&self) -> usize {
        match self {
            RecordType::Leaf(_) | RecordType::List(_) | RecordType::Map(_) => 1,
            RecordType::Optional(inner) => 1 + inner.leaf_count(),
            RecordType::Array(element, length) => element.leaf_count() * *length,
            RecordType::Record { fields, .. } => leaves_of(fields),
            RecordType::Enum { variants, .. } => 1 + leaves_of(variants),
        }
    }
}

/// Number of leaves of these fields.
pub const fn leaves_of(fields: &[FieldType]) -> usize {
    let (mut leaves, mut index) = (0, 0);
    while index < fields.len() {
        leaves += fields[index].ty.leaf_count();
        index += 1;
    }
    leaves
}

impl Schema {
    /// The schema of a record type.
    #[must_use]
    pub fn of(ty: &RecordType) -> Self {
        SchemaBuilder::build(|builder| builder.of(ty))
    }
}

impl SchemaBuilder {
    /// Adds the leaves of a type.
    pub fn of(&mut self, ty: &RecordType) -> Shape {
        match *ty {
            RecordType::Leaf(leaf) => self.leaf(leaf),
            RecordType::List(item) => self.list(Schema::of(item)),
            RecordType::Map(entry) => self.map(Schema::of(entry)),
            RecordType::Optional(inner) => self.optional(|builder| builder.of(inner)),
            RecordType::Array(element, length) => {
                let places = INDEX_NAMES.iter().take(length);
                let fields = places.map(|name| self.field(name, |builder| builder.of(element))).collect();
                Shape::Record { name: "", fields }
            }
            RecordType::Record { name, fields } => Shape::Record { name, fields: self.fields_of(fields) },
            RecordType::Enum { tag, variants } => self.variants(tag, |builder| builder.fields_of(variants)),
        }
    }

    fn fields_of(&mut self, fields: &[FieldType]) -> Vec<Field> {
        let field = |field: &FieldType| {
            let shaped = self.renamed(field.ident, field.name, |builder| builder.of(field.ty));
            if field.is_source_file { self.source_file(shaped) } else { shaped }
        };
        fields.iter().map(field).collect()
    }
}
