//! Compiles a record's shape into a tree of nodes that directs the parser.

use crate::enums::refused_enum;
use crate::leaves::expected;
use runtime::row::{Items, LeafSet, LeafType, Schema, Shape};
use runtime::value::json::write_text;
use runtime::value::json::{ParseFault, excerpt};

/// A record, or a value in it.
#[derive(Debug)]
pub(super) struct Node {
    /// `true` if at least one leaf of the value is read.
    pub(super) is_live: bool,
    /// The validity leaf, if the value is an `Option`.
    pub(super) validity: Option<usize>,
    pub(super) kind: NodeKind,
    /// All leaves of the value, except its own validity leaf.
    pub(super) leaves: std::ops::Range<usize>,
    /// Path of the value for messages, like `home.zip`.
    pub(super) path: String,
    pub(super) expected: String,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Leaf(usize, LeafType),
    /// A leaf of a list of records, or of a map.
    Items(usize, Box<ItemsNode>),
    Object(Vec<Member>),
    Array(Vec<Node>),
}

/// The elements of a list of records or of a map.
#[derive(Debug)]
pub(super) struct ItemsNode {
    pub(super) items: &'static Items,
    /// Number of the list within its record.
    pub(super) number: usize,
    /// The node of an element, or of a map's value.
    pub(super) node: Node,
    /// The leaf of the key, for a map that is written as an object.
    pub(super) key: Option<usize>,
    /// Number of fields in all objects of an element.
    pub(super) members: usize,
}

/// Returns `true` if a value is a text, and so can be a key of an object.
pub(super) fn is_text(shape: &Shape, types: &[LeafType]) -> bool {
    matches!(shape, Shape::Leaf(leaf) if types.get(*leaf) == Some(&LeafType::Text))
}

impl ItemsNode {
    fn new(items: &'static Items, number: usize, path: &str) -> Self {
        let all = LeafSet::all(items.schema().leaves().len());
        let mut compiler = Compiler::new(items.schema(), &all);
        let entry = items.entry().filter(|(key, _)| is_text(key, items.layout().types()));
        let (node, key) = match entry {
            Some((_, value)) => {
                // The key is the first leaf.
                compiler.leaves = 1;
                (compiler.node(value, path), Some(0))
            }
            None => (compiler.node(items.schema().shape(), path), None),
        };
        ItemsNode { items, number, node, key, members: compiler.members }
    }
}

/// A field of an object.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    /// The name in quotes and escaped, as in files.
    pub(super) key: Vec<u8>,
    /// Number of the field among all fields of the record.
    pub(super) number: usize,
    pub(super) node: Node,
}

/// Compiles shapes into nodes.
pub(super) struct Compiler<'s> {
    schema: &'s Schema,
    live: &'s LeafSet,
    /// Number of fields so far.
    pub(super) members: usize,
    /// Number of lists of records so far.
    lists: usize,
    leaves: usize,
}

impl<'s> Compiler<'s> {
    pub(super) fn new(schema: &'s Schema, live: &'s LeafSet) -> Self {
        Compiler { schema, live, members: 0, lists: 0, leaves: 0 }
    }

    /// Compiles the value at a path.
    pub(super) fn node(&mut self, shape: &Shape, path: &str) -> Node {
        let (validity, shape) = match shape {
            Shape::Optional(validity, inner) => (Some(*validity), &**inner),
            shape => (None, shape),
        };
        self.leaves += usize::from(validity.is_some());
        let first = self.leaves;
        let kind = match shape {
            Shape::Leaf(leaf) => {
                self.leaves += 1;
                match self.schema.leaves().get(*leaf).map_or(LeafType::Valid, |leaf| leaf.ty) {
                    LeafType::Items(items) => {
                        self.lists += 1;
                        NodeKind::Items(*leaf, Box::new(ItemsNode::new(items, self.lists - 1, path)))
                    }
                    ty => NodeKind::Leaf(*leaf, ty),
                }
            }
            Shape::Record { name, fields } => {
                let nodes = fields.iter().map(|field| {
                    let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
                    (field.name, self.node(&field.shape, &path))
                });
                let nodes: Vec<_> = nodes.collect();
                if name.is_empty() {
                    NodeKind::Array(nodes.into_iter().map(|(_, node)| node).collect())
                } else {
                    let number = self.members;
                    self.members += nodes.len();
                    let member = |(index, (name, node))| {
                        let mut key = Vec::new();
                        write_text(name, &mut key);
                        Member { name, key, number: number + index, node }
                    };
                    NodeKind::Object(nodes.into_iter().enumerate().map(member).collect())
                }
            }
            // `check` refuses these before.
            Shape::Optional(..) | Shape::Enum { .. } => NodeKind::Array(Vec::new()),
        };
        let leaves = first..self.leaves;
        let is_live = leaves.clone().chain(validity).any(|leaf| self.live.contains(leaf));
        let expected = match (&kind, shape) {
            (NodeKind::Leaf(_, ty), _) => expected(*ty),
            (NodeKind::Items(_, list), _) => list.items.to_string(),
            (NodeKind::Object(_), Shape::Record { name, .. }) => format!("{name} as an object"),
            (NodeKind::Array(nodes), _) => format!("an array of {} values", nodes.len()),
            (NodeKind::Object(_), _) => String::new(),
        };
        Node { is_live, validity, kind, leaves, path: path.to_owned(), expected }
    }
}

/// Returns `true` if a record is written as an object. A file of objects may be one array. This
/// does not hold for tuples, which are arrays themselves.
pub(super) fn names_fields(schema: &Schema) -> bool {
    matches!(schema.shape(), Shape::Record { name, .. } if !name.is_empty())
}

/// # Errors
/// Fails with the path and the reason if JSON cannot hold a field.
pub(super) fn check(schema: &Schema, shape: &Shape) -> Result<(), String> {
    match shape {
        Shape::Leaf(leaf) => match schema.leaves().get(*leaf).map(|leaf| leaf.ty) {
            Some(LeafType::Items(items)) => check(items.schema(), items.schema().shape()),
            _ => Ok(()),
        },
        Shape::Enum { tag, .. } => Err(refused_enum(schema, *tag, "JSON")),
        Shape::Optional(validity, inner) => {
            if let Shape::Optional(..) = **inner {
                let path = schema.leaves().get(*validity).map_or("", |leaf| leaf.path.as_str());
                return Err(format!(
                    "the field `{path}` is an Option in an Option, which JSON cannot tell from one; use one Option"
                ));
            }
            check(schema, inner)
        }
        Shape::Record { fields, .. } => fields.iter().try_for_each(|field| check(schema, &field.shape)),
    }
}

/// Returns the beginning of a message about a value.
pub(super) fn column(node: &Node) -> String {
    if node.path.is_empty() { String::new() } else { format!("column `{}`: ", node.path) }
}

/// Returns the error for an unexpected value.
#[cold]
pub(super) fn unexpected_value(node: &Node, at: usize, found: &[u8]) -> ParseFault {
    unexpected_value_for(node, &node.expected, at, found)
}

/// As [`unexpected_value`], with another expectation than the node's.
#[cold]
pub(super) fn unexpected_value_for(node: &Node, expected: &str, at: usize, found: &[u8]) -> ParseFault {
    ParseFault::new(at, format!("{}expected {expected}, found {}", column(node), excerpt(found)))
}

/// Returns the lists of records in a value, in the order of their numbers.
pub(super) fn lists(node: &Node) -> Vec<&ItemsNode> {
    match &node.kind {
        NodeKind::Leaf(..) => Vec::new(),
        NodeKind::Items(_, list) => vec![list],
        NodeKind::Object(members) => members.iter().flat_map(|member| lists(&member.node)).collect(),
        NodeKind::Array(nodes) => nodes.iter().flat_map(lists).collect(),
    }
}
