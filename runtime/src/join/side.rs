//! The two sides of a join, and a table of one of them.

use std::sync::Arc;

use crate::error::Result;
use crate::join::table::{JoinTable, Pairs, SharedTable};
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, Selection};
use crate::row::{LeafSet, LeafType, Physical, RowLayout};

/// Facts about the rows of one side.
#[derive(Clone)]
pub(crate) struct Side {
    /// All leaves.
    pub(crate) types: Vec<LeafType>,
    /// The leaves that are kept.
    pub(crate) live: LeafSet,
    /// The leaves of the key. Empty if all rows of the other side are partners.
    pub(crate) key: Vec<usize>,
    /// Validity leaves of the key. A row in which one is zero has no partner.
    pub(crate) nullable: Vec<usize>,
    /// Whether each row needs a mark if it has a partner, because results depend on it.
    pub(crate) keeps: bool,
    /// Whether rows with a null in their key have results.
    pub(crate) keeps_nulls: bool,
}

impl Side {
    /// Whether a row may have a partner.
    #[inline]
    pub(crate) fn may_match(&self, input: &Input<'_>, row: u32) -> bool {
        self.nullable.iter().all(|&leaf| input.batch().leaf_bits(leaf, row as usize) != 0)
    }

    /// The rows that can have results; `None` for all.
    pub(crate) fn rows_to_keep(&self, input: &Input<'_>) -> Option<Selection> {
        if self.keeps_nulls || self.nullable.is_empty() {
            return None;
        }
        let mut kept = Selection::default();
        kept.set(input.selection().rows().iter().copied().filter(|&row| self.may_match(input, row)));
        Some(kept)
    }
}

/// Layouts of a side's rows on disk.
pub(crate) struct Layouts {
    /// Rows that will probe a table.
    pub(crate) plain: Arc<RowLayout>,
    /// Rows that will be in a table. A row links to the next one of its key.
    pub(crate) linked: Arc<RowLayout>,
}

impl Layouts {
    pub(crate) fn of(side: &Side) -> Self {
        Layouts {
            plain: Arc::new(RowLayout::new(side.types.clone(), &side.live)),
            linked: Arc::new(JoinTable::layout_of(side.types.clone(), &side.live)),
        }
    }

    /// The most bytes that plain rows of `plain_bytes` take as linked ones.
    pub(crate) fn linked_bytes(&self, rows: usize, plain_bytes: usize) -> usize {
        let bytes = plain_bytes + rows * (self.linked.width() - self.plain.width());
        // Longer rows may fill a page each, where two fitted before.
        let has_heap = self.plain.types().iter().any(|ty| ty.physical() == Physical::Slot);
        bytes + if has_heap { bytes } else { bytes / 16 } + 2 * PAGE_BYTES
    }
}

/// A table of one side's rows.
pub(crate) struct BuildSide {
    /// Which side: 0 is left.
    pub(crate) side: usize,
    pub(crate) table: JoinTable,
    /// The indexed table of all tasks, if they have one. It is only read.
    pub(super) shared: Option<Arc<SharedTable>>,
    probe_key: Vec<usize>,
    probe_nullable: Vec<usize>,
}

impl BuildSide {
    /// An empty table.
    pub(crate) fn new(sides: &[Side; 2], side: usize, memory: &Memory) -> Result<Self> {
        let (built, probe) = (&sides[side], &sides[1 - side]);
        Ok(BuildSide {
            side,
            table: JoinTable::new(built.types.clone(), &built.live, built.key.clone(), memory)?,
            shared: None,
            probe_key: probe.key.clone(),
            probe_nullable: probe.nullable.clone(),
        })
    }

    /// The table to probe: that of all tasks, or the task's own.
    pub(crate) fn looked_up(&self) -> &JoinTable {
        self.shared.as_deref().and_then(SharedTable::table).unwrap_or(&self.table)
    }

    /// Lists partners of rows of the other side.
    pub(crate) fn probe(&self, input: &Input<'_>, pairs: &mut Pairs) {
        self.looked_up().probe(input, &self.probe_key, pairs);
        pairs.forget(input, &self.probe_nullable);
    }
}
