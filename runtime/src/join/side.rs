//! The two sides of a join, and the table of one of them.

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
    /// The types of all leaves.
    pub(crate) types: Vec<LeafType>,
    /// The leaves that are kept.
    pub(crate) live: LeafSet,
    /// The leaves of the key. Empty if all rows of the other side are partners.
    pub(crate) key: Vec<usize>,
    /// Validity leaves of the key. A row in which one of them is zero has no partner.
    pub(crate) nullable: Vec<usize>,
    /// Whether results depend on which rows have a partner, so that rows need marks.
    pub(crate) keeps: bool,
    /// Whether rows with a null in their key have results.
    pub(crate) keeps_nulls: bool,
}

impl Side {
    /// Returns `true` if a row may have a partner: no part of its key is null.
    #[inline]
    pub(crate) fn may_match(&self, input: &Input<'_>, row: u32) -> bool {
        self.nullable.iter().all(|&leaf| input.batch().leaf_bits(leaf, row as usize) != 0)
    }

    /// The rows that can have results. `None` if all rows can.
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
    /// Rows that probe a table.
    pub(crate) plain: Arc<RowLayout>,
    /// Rows that enter a table. A row links to the next one of its key.
    pub(crate) linked: Arc<RowLayout>,
}

impl Layouts {
    pub(crate) fn of(side: &Side) -> Self {
        Layouts {
            plain: Arc::new(RowLayout::new(side.types.clone(), &side.live)),
            linked: Arc::new(JoinTable::layout_of(side.types.clone(), &side.live)),
        }
    }

    /// The maximum bytes of plain rows of `plain_bytes` in the linked layout.
    pub(crate) fn linked_bytes(&self, rows: usize, plain_bytes: usize) -> usize {
        let bytes = plain_bytes + rows * (self.linked.width() - self.plain.width());
        // Longer rows may fill a page each, if only two of the plain rows fit in one.
        let has_heap = self.plain.types().iter().any(|ty| ty.physical() == Physical::Slot);
        bytes + if has_heap { bytes } else { bytes / 16 } + 2 * PAGE_BYTES
    }
}

/// A table of one side's rows.
pub(crate) struct BuildSide {
    /// The number of the side: 0 is the left one.
    pub(crate) side: usize,
    pub(crate) table: JoinTable,
    /// The indexed table of all tasks, if they share one. It is only read.
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

    /// The table to probe: the shared one, or the task's own.
    pub(crate) fn probed_table(&self) -> &JoinTable {
        self.shared.as_deref().and_then(SharedTable::table).unwrap_or(&self.table)
    }

    /// Lists partners of rows of the other side.
    pub(crate) fn probe(&self, input: &Input<'_>, pairs: &mut Pairs) {
        self.probed_table().probe(input, &self.probe_key, pairs);
        pairs.remove_null_keys(input, &self.probe_nullable);
    }
}
