//! Read sets.

use crate::row::{LeafSet, Schema};

/// The leaves of an input that a closure reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All leaves, or unknown.
    All,
    /// These leaves.
    Leaves(LeafSet),
}

impl Reads {
    /// The set of leaves of `schema`.
    #[must_use]
    pub fn of(&self, schema: &Schema) -> LeafSet {
        match self {
            Reads::All => LeafSet::all(schema.leaves().len()),
            Reads::Leaves(leaves) => leaves.clone(),
        }
    }
}
