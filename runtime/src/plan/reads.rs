//! Read sets.

use crate::row::{LeafSet, Schema};

/// The leaves of an input that a closure reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All, as far as anybody knows.
    All,
    /// These.
    Leaves(LeafSet),
}

impl Reads {
    /// As a set of leaves of `schema`.
    #[must_use]
    pub fn of(&self, schema: &Schema) -> LeafSet {
        match self {
            Reads::All => LeafSet::all(schema.leaves().len()),
            Reads::Leaves(leaves) => leaves.clone(),
        }
    }
}
