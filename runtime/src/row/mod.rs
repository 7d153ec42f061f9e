//! What a record looks like to the engine: a list of leaves, and where each lies in a row.
//!
//! * [`LeafType`]: one plain value, one text, one list; what the engine knows instead of user types.
//! * [`RecordType`]: the type of a record, as a constant.
//! * [`Schema`]: a record's fields as the user named them, flattened to leaves.
//! * [`LeafSet`]: which leaves are alive.
//! * [`RowLayout`]: byte offsets of the live leaves of one row, drawn in `docs/layout.md`.
//! * [`Items`]: what a list of records holds, and how it lies in its bytes.
//! * [`Datum`]: one leaf's value, boxed and slow, for the embedded engine, for bounds and for printing.
//!
//! **An enum is flat.** Its variants' leaves lie side by side behind a tag, zero where another variant is there. That costs width, and saves a
//! second kind of leaf: whatever prunes, copies, hashes, compares or sorts leaves needs to know nothing of enums.

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
