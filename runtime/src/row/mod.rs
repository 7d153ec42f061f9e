//! The engine's form of a record: a list of leaves, and the offset of each in a row.
//!
//! * [`LeafType`]: one plain value, one text, or one list. Replaces user types.
//! * [`RecordType`]: the type of a record, as a constant.
//! * [`Schema`]: a record's fields as the user named them, flattened to leaves.
//! * [`LeafSet`]: a set of leaves, such as the live ones.
//! * [`RowLayout`]: byte offsets of the live leaves of one row, drawn in `docs/layout.md`.
//! * [`Items`]: the records of a list, and their layout in its bytes.
//! * [`Datum`]: the value of one leaf, boxed and slow. For the reference interpreter, bounds and
//!   printing.
//!
//! An enum is flat: a tag, then the leaves of all its variants. Leaves of absent variants are zero.
//! That makes rows wider, but needs no second kind of leaf. Code that prunes, copies, hashes,
//! compares or sorts leaves has no case for enums.

mod datum;
mod layout;
mod leaf;
mod message;
mod names;
mod order;
mod record_type;
mod schema;
mod without;

pub use datum::{Datum, ShownLeaves, compare_leaf, show_leaf, show_shape};
pub use layout::{LAYOUT_VERSION, RowLayout};
pub use leaf::{Element, Items, LeafSet, LeafType, Physical, Tag};
pub(crate) use leaf::{FIRST_ITEM, WORD};
pub use message::{BuildMessage, FieldPath};
pub use names::intern;
pub use order::OrderKey;
pub use record_type::{FieldType, RecordType, leaves_of};
pub use schema::{Field, HiddenLeaf, Leaf, Schema, SchemaBuilder, Shape};
