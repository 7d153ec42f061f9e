//! Schemas: a record's fields as the user named them, and their leaves.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{LeafSet, LeafType, Tag};

/// One leaf of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Dotted path from the record: `home.zip`. Empty if the record is itself a plain value.
    pub path: String,
    /// Its type.
    pub ty: LeafType,
    /// The nearest validity leaf, which is 0 if this leaf has no value.
    pub validity: Option<usize>,
    /// `true` if it is part of an enum's variant. A validity of 0 may then mean that another
    /// variant is present.
    pub in_variant: bool,
    /// `true` if it is the path of the file that a row is from. Readers of files fill it, and look
    /// for no column of this name.
    pub is_source_file: bool,
    /// Set for a leaf after the record's own, which no field has.
    pub hidden: Option<HiddenLeaf>,
}

impl Leaf {
    /// The field's name in EXPLAIN and messages, as a closure writes it: `home.zip`, or `.0` in a
    /// tuple. `record` if the record is itself a plain value.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match self.path.as_bytes() {
            [] => Cow::Borrowed("record"),
            [first, ..] if first.is_ascii_digit() => Cow::Owned(format!(".{}", self.path)),
            _ => Cow::Borrowed(&self.path),
        }
    }
}

/// A leaf after a record's own, which closures cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenLeaf {
    /// The record's event time, in microseconds since 1970.
    EventTime,
    /// The begin of the window of its event time, in microseconds since 1970.
    WindowStart,
}

impl HiddenLeaf {
    /// Its name in EXPLAIN and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HiddenLeaf::EventTime => "event time",
            HiddenLeaf::WindowStart => "window start",
        }
    }
}

/// A field of a record, or the record itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A plain value, a text, a list: the leaf's index.
    Leaf(usize),
    /// An `Option`: its validity leaf, and the shape of its value.
    Optional(usize, Box<Shape>),
    /// A nested record or tuple.
    Record {
        /// The record's name; empty for a tuple.
        name: &'static str,
        /// Its fields in order.
        fields: Vec<Field>,
    },
    /// An enum whose variants hold values. An enum of plain names is a leaf.
    Enum {
        /// The enum's name.
        name: &'static str,
        /// The leaf with the variant's tag.
        tag: usize,
        /// The variants in order, each a record or, if its values have no names, a tuple. The
        /// leaves of absent variants are zero.
        variants: Vec<Field>,
    },
}

/// A named part of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As the program writes it: `orderkey`, or `0` in a tuple.
    pub ident: &'static str,
    /// Its column's name in files and in EXPLAIN. The same as `ident` unless renamed.
    pub name: &'static str,
    /// The shape of its value.
    pub shape: Shape,
}

/// A record type as a tree of fields and a list of leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    pub(super) leaves: Vec<Leaf>,
    pub(super) shape: Shape,
}

impl Schema {
    /// Appends a hidden leaf.
    #[must_use]
    pub fn with_hidden(&self, hidden: HiddenLeaf) -> Schema {
        let mut schema = self.clone();
        schema.leaves.push(Leaf {
            path: hidden.name().to_owned(),
            ty: LeafType::Timestamp,
            validity: None,
            in_variant: false,
            is_source_file: false,
            hidden: Some(hidden),
        });
        schema
    }

    /// Appends the leaves of another schema. They belong to no field.
    #[must_use]
    pub fn beside(&self, other: &Schema) -> Schema {
        let mut schema = self.clone();
        let own = schema.leaves.len();
        let shifted = |leaf: &Leaf| Leaf { validity: leaf.validity.map(|validity| own + validity), ..leaf.clone() };
        schema.leaves.extend(other.leaves.iter().map(shifted));
        schema
    }

    /// Appends event time as a hidden leaf.
    #[must_use]
    pub fn with_event_time(&self) -> Schema {
        self.with_hidden(HiddenLeaf::EventTime)
    }

    /// The leaf of event time. `None` unless it is the last leaf.
    #[must_use]
    pub fn event_time(&self) -> Option<usize> {
        let last = self.leaves.len().checked_sub(1)?;
        self.has_hidden(last, HiddenLeaf::EventTime).then_some(last)
    }

    /// Returns `true` if `leaf` is this hidden leaf.
    #[must_use]
    pub fn has_hidden(&self, leaf: usize, hidden: HiddenLeaf) -> bool {
        self.leaves.get(leaf).is_some_and(|leaf| leaf.hidden == Some(hidden))
    }

    /// The leaves in order.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The leaves' types in order.
    #[must_use]
    pub fn types(&self) -> Vec<LeafType> {
        self.leaves.iter().map(|leaf| leaf.ty).collect()
    }

    /// The record's shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The record's fields. One nameless field if the record is a plain value.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        match &self.shape {
            Shape::Record { fields, .. } => fields.clone(),
            shape => vec![Field { ident: "", name: "", shape: shape.clone() }],
        }
    }

    /// The leaves of the field at a dotted path, as the program writes it. The path may continue
    /// into a value without known parts; the result is then all of that value. `None` if it names
    /// no field.
    #[must_use]
    pub fn leaves_at(&self, path: &str) -> Option<LeafSet> {
        self.shape_at(path).map(|(shape, _)| shape.leaf_set())
    }

    /// The leaves of exactly the field at a dotted path, in order. `None` if it names no field, or
    /// continues into a value without known parts.
    #[must_use]
    pub fn leaves_of(&self, path: &str) -> Option<Vec<usize>> {
        let (shape, is_exact) = self.shape_at(path)?;
        is_exact.then(|| shape.leaves())
    }

    /// The field at a dotted path. The flag is `false` if the path continues into a value without
    /// known parts.
    fn shape_at(&self, path: &str) -> Option<(&Shape, bool)> {
        let mut shape = &self.shape;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let Shape::Record { fields, .. } = shape else { return Some((shape, false)) };
            shape = &fields.iter().find(|field| field.ident == part)?.shape;
        }
        Some((shape, true))
    }

    /// The names of a record's fields, as the program writes them. Empty if it is not a record.
    #[must_use]
    pub fn field_names(&self) -> Vec<&'static str> {
        match &self.shape {
            Shape::Record { fields, .. } => fields.iter().map(|field| field.ident).collect(),
            _ => Vec::new(),
        }
    }

    /// The schema in one line: `WordCount { word: String, count: u64 }`.
    #[must_use]
    pub fn describe(&self) -> String {
        self.describe_part(&self.shape)
    }

    /// A part of the schema in one line.
    pub(super) fn describe_part(&self, shape: &Shape) -> String {
        let mut text = String::new();
        self.describe_shape(shape, &mut text);
        text
    }

    fn describe_shape(&self, shape: &Shape, text: &mut String) {
        match shape {
            Shape::Leaf(leaf) => {
                let _ = write!(text, "{}", self.leaves[*leaf].ty);
            }
            Shape::Optional(_, inner) => {
                text.push_str("Option<");
                self.describe_shape(inner, text);
                text.push('>');
            }
            Shape::Record { name, fields } => {
                let (open, close) = if name.is_empty() { ("(", ")") } else { (" { ", " }") };
                text.push_str(name);
                text.push_str(open);
                for (index, field) in fields.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { ", " });
                    if !name.is_empty() {
                        let _ = write!(text, "{}: ", field.name);
                    }
                    self.describe_shape(&field.shape, text);
                }
                text.push_str(close);
            }
            Shape::Enum { name, variants, .. } => {
                text.push_str(name);
                for (index, variant) in variants.iter().enumerate() {
                    text.push_str(if index == 0 { " { " } else { " | " });
                    match &variant.shape {
                        Shape::Record { fields, .. } if fields.is_empty() => text.push_str(variant.name),
                        shape => {
                            text.push_str(if shape.is_tuple() { variant.name } else { "" });
                            self.describe_shape(shape, text);
                        }
                    }
                }
                text.push_str(" }");
            }
        }
    }
}

impl Shape {
    /// Number of leaves.
    pub(super) fn leaf_count(&self) -> usize {
        self.leaf_set().len()
    }

    /// Its leaves, ascending.
    #[must_use]
    pub fn leaves(&self) -> Vec<usize> {
        self.leaf_set().iter().collect()
    }

    fn leaf_set(&self) -> LeafSet {
        let mut found = LeafSet::none();
        collect(self, &mut found);
        found
    }

    /// Returns `true` if it is a record whose fields have no names.
    fn is_tuple(&self) -> bool {
        matches!(self, Shape::Record { name: "", .. })
    }
}

fn collect(shape: &Shape, found: &mut LeafSet) {
    match shape {
        Shape::Leaf(leaf) => found.insert(*leaf),
        Shape::Optional(validity, inner) => {
            found.insert(*validity);
            collect(inner, found);
        }
        Shape::Record { fields, .. } => fields.iter().for_each(|field| collect(&field.shape, found)),
        Shape::Enum { tag, variants, .. } => {
            found.insert(*tag);
            variants.iter().for_each(|variant| collect(&variant.shape, found));
        }
    }
}

/// Builds a schema leaf by leaf, in the order in which cursors take leaves.
#[derive(Default)]
pub struct SchemaBuilder {
    leaves: Vec<Leaf>,
    path: Vec<&'static str>,
    validity: Option<usize>,
    in_variant: bool,
}

impl SchemaBuilder {
    /// The schema that `describe` builds.
    pub fn build(describe: impl FnOnce(&mut SchemaBuilder) -> Shape) -> Schema {
        let mut builder = SchemaBuilder::default();
        let shape = describe(&mut builder);
        Schema { leaves: builder.leaves, shape }
    }

    /// Adds a leaf.
    pub fn leaf(&mut self, ty: LeafType) -> Shape {
        let (validity, in_variant) = (self.validity, self.in_variant);
        self.leaves.push(Leaf {
            path: self.path.join("."),
            ty,
            validity,
            in_variant,
            is_source_file: false,
            hidden: None,
        });
        Shape::Leaf(self.leaves.len() - 1)
    }

    /// Adds a validity leaf, then the leaves of the value.
    pub fn optional(&mut self, inner: impl FnOnce(&mut SchemaBuilder) -> Shape) -> Shape {
        let outer = self.validity;
        self.leaf(LeafType::Valid);
        let validity = self.leaves.len() - 1;
        self.validity = Some(validity);
        let shape = inner(self);
        self.validity = outer;
        Shape::Optional(validity, Box::new(shape))
    }

    /// Adds the tag of an enum, then its variants. Each variant is a field with the variant's name
    /// and a record or tuple.
    pub fn variants(&mut self, tag: &'static Tag, variants: impl FnOnce(&mut SchemaBuilder) -> Vec<Field>) -> Shape {
        self.leaf(LeafType::Tag(tag));
        let leaf = self.leaves.len() - 1;
        let outer = std::mem::replace(&mut self.in_variant, true);
        let variants = variants(self);
        self.in_variant = outer;
        Shape::Enum { name: tag.of, tag: leaf, variants }
    }

    /// Marks the leaves of a field as the path of the file that a row is from.
    pub fn source_file(&mut self, field: Field) -> Field {
        field.shape.leaves().into_iter().for_each(|leaf| self.leaves[leaf].is_source_file = true);
        field
    }

    /// Adds the leaves of a field. Its column has the same name.
    pub fn field(&mut self, name: &'static str, inner: impl FnOnce(&mut SchemaBuilder) -> Shape) -> Field {
        self.renamed(name, name, inner)
    }

    /// Adds the leaves of a field whose column is called `name`.
    pub fn renamed(
        &mut self,
        ident: &'static str,
        name: &'static str,
        inner: impl FnOnce(&mut SchemaBuilder) -> Shape,
    ) -> Field {
        self.path.push(name);
        let shape = inner(self);
        self.path.pop();
        Field { ident, name, shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> Schema {
        SchemaBuilder::build(|b| Shape::Record {
            name: "Person",
            fields: vec![
                b.field("name", |b| b.leaf(LeafType::Text)),
                b.field("home", |b| {
                    b.optional(|b| Shape::Record {
                        name: "Home",
                        fields: vec![
                            b.field("zip", |b| b.leaf(LeafType::U32)),
                            b.field("city", |b| b.leaf(LeafType::Text)),
                        ],
                    })
                }),
                b.field("pair", |b| Shape::Record {
                    name: "",
                    fields: vec![b.field("0", |b| b.leaf(LeafType::U8)), b.field("1", |b| b.leaf(LeafType::Date))],
                }),
            ],
        })
    }

    #[test]
    fn path_into_an_enum_selects_the_whole_enum() {
        static TAG: Tag = Tag { of: "Event", variants: &["Click", "Moved", "Idle"] };
        let tuple = |fields| Shape::Record { name: "", fields };
        let schema = SchemaBuilder::build(|b| Shape::Record {
            name: "Line",
            fields: vec![
                b.field("event", |b| {
                    b.variants(&TAG, |b| {
                        vec![
                            b.field("Click", |b| Shape::Record {
                                name: "Click",
                                fields: vec![b.field("url", |b| b.leaf(LeafType::Text))],
                            }),
                            b.field("Moved", |b| tuple(vec![b.field("0", |b| b.leaf(LeafType::I32))])),
                            b.field("Idle", |_| tuple(Vec::new())),
                        ]
                    })
                }),
                b.field("last", |b| b.leaf(LeafType::U8)),
            ],
        });
        assert_eq!(schema.describe(), "Line { event: Event { Click { url: String } | Moved(i32) | Idle }, last: u8 }");
        for path in ["event", "event.0", "event.Click.url"] {
            assert_eq!(schema.leaves_at(path), Some([0, 1, 2].into_iter().collect()), "{path}");
        }
        let paths: Vec<_> = schema.leaves().iter().map(|leaf| leaf.path.as_str()).collect();
        assert_eq!(paths, ["event", "event.Click.url", "event.Moved.0", "last"]);
    }

    #[test]
    fn description_uses_names_of_the_program() {
        assert_eq!(
            person().describe(),
            "Person { name: String, home: Option<Home { zip: u32, city: String }>, pair: (u8, Date) }"
        );
    }

    #[test]
    fn renamed_field_is_found_by_its_identifier() {
        let schema = SchemaBuilder::build(|b| Shape::Record {
            name: "Order",
            fields: vec![b.renamed("day", "o_orderdate", |b| b.leaf(LeafType::Date))],
        });
        assert_eq!(schema.leaves_at("day"), Some([0].into_iter().collect()));
        assert_eq!(schema.leaves_at("o_orderdate"), None);
        assert_eq!((schema.leaves()[0].path.as_str(), schema.fields()[0].name), ("o_orderdate", "o_orderdate"));
    }

    #[test]
    fn paths_below_a_leaf_select_the_leaf() {
        let schema = person();
        let at = |path: &str| schema.leaves_at(path).map(|set| set.iter().collect::<Vec<_>>());
        assert_eq!(at("name"), Some(vec![0]));
        assert_eq!(at("name.len"), Some(vec![0]));
        assert_eq!(at("home"), Some(vec![1, 2, 3]));
        assert_eq!(at("home.zip"), Some(vec![1, 2, 3]));
        assert_eq!(at("pair.1"), Some(vec![5]));
        assert_eq!(at("nome"), None);
        assert_eq!(schema.leaves()[3].validity, Some(1));
        assert_eq!(schema.leaves()[3].path, "home.city");
    }
}
