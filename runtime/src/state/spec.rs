//! The definition of the rows of a state table.

use std::sync::Arc;

use crate::group::{GroupTable, link_leaves};
use crate::row::{LeafSet, LeafType, Physical, RowLayout, Schema};

/// A leaf of the rows. It is found in a snapshot by its name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateLeaf {
    /// Its path in the record, or measure and field: `sum(bytes)`. An `Option` and its value may
    /// have the same name.
    pub name: String,
    /// Its type.
    pub ty: LeafType,
    /// Whether rows of a snapshot without this leaf start with zero. Otherwise such a snapshot is
    /// rejected.
    pub starts_at_zero: bool,
}

/// The rows of a table: leaves of the key and of the value, in one layout.
#[derive(Clone, Debug)]
pub struct StateSpec {
    pub(crate) leaves: Vec<StateLeaf>,
    pub(crate) key: Box<[usize]>,
    live: LeafSet,
    deletes: bool,
    /// The number of first leaves that kernels write. A row that replaces another one keeps the
    /// other leaves.
    pub(crate) written: usize,
    /// Number of the last leaves of the key that are the sub-key.
    pub(crate) sub_key: usize,
    /// The meaning of its rows, for snapshots.
    pub(crate) definition: String,
}

impl StateSpec {
    /// Rows with all these leaves. `key` identifies a row.
    #[must_use]
    pub fn new(leaves: Vec<StateLeaf>, key: impl Into<Box<[usize]>>) -> Self {
        let written = leaves.len();
        StateSpec {
            live: LeafSet::all(written),
            leaves,
            key: key.into(),
            deletes: false,
            written,
            sub_key: 0,
            definition: String::new(),
        }
    }

    /// The leaves that identify a row.
    #[must_use]
    pub fn key(&self) -> &[usize] {
        &self.key
    }

    /// Rows of a record.
    #[must_use]
    pub fn of_record(schema: &Schema, key: impl Into<Box<[usize]>>) -> Self {
        let leaf = |leaf: &crate::row::Leaf| StateLeaf { name: leaf.path.clone(), ty: leaf.ty, starts_at_zero: false };
        Self::new(schema.leaves().iter().map(leaf).collect(), key)
    }

    /// The same rows, of which only these leaves and the key are kept.
    #[must_use]
    pub fn keeping(mut self, live: &LeafSet) -> Self {
        self.live = live.clone();
        self.key.iter().for_each(|&leaf| self.live.insert(leaf));
        self
    }

    /// The same rows. Kernels write the first `written` leaves. The other leaves, those of a
    /// computed key, keep the values with which the row was opened.
    #[must_use]
    pub fn writing(self, written: usize) -> Self {
        StateSpec { written, ..self }
    }

    /// Rows by key and sub-key: the last `leaves` leaves of the key are the sub-key. All rows of a
    /// key are in one key group, and can be found together. A list has positions as its sub-key,
    /// and a map any leaves. It adds 16 bytes to each row.
    #[must_use]
    pub fn with_sub_key(self, leaves: usize) -> Self {
        StateSpec { sub_key: leaves, ..self }
    }

    /// The leaves of a request's key that determine the key group.
    pub(crate) fn without_sub_key<'k>(&self, key: &'k [usize]) -> &'k [usize] {
        &key[..key.len().min(self.key.len() - self.sub_key)]
    }

    /// The number of hidden leaves with the places of other rows of a key.
    pub(crate) fn link_leaves(&self) -> usize {
        link_leaves(self.sub_key)
    }

    /// The number of the hidden leaf that marks deleted rows, if there is one.
    pub(crate) fn tombstone(&self) -> Option<usize> {
        self.has_tombstones().then(|| self.leaves.len() + self.link_leaves())
    }

    /// The same rows with a definition: see `Operator::state_definition`.
    #[must_use]
    pub fn defined_as(self, definition: String) -> Self {
        StateSpec { definition, ..self }
    }

    /// The same rows, which may be deleted. It adds 8 bytes to rows without texts or lists.
    #[must_use]
    pub fn deletable(self) -> Self {
        StateSpec { deletes: true, ..self }
    }

    /// Returns `true` if the last leaf is hidden and marks deleted rows. Rows with slots have the
    /// mark in a slot.
    pub(crate) fn has_tombstones(&self) -> bool {
        self.deletes && !self.live.iter().any(|leaf| self.leaves[leaf].ty.physical() == Physical::Slot)
    }

    /// The layout of rows in pages.
    pub(crate) fn layout(&self) -> Arc<RowLayout> {
        let (mut types, mut live) = (self.leaves.iter().map(|leaf| leaf.ty).collect::<Vec<_>>(), self.live.clone());
        for _ in 0..self.link_leaves() + usize::from(self.has_tombstones()) {
            live.insert(types.len());
            types.push(LeafType::U64);
        }
        GroupTable::layout_of(types, &live)
    }

    pub(crate) fn is_live(&self, leaf: usize) -> bool {
        self.live.contains(leaf)
    }
}
