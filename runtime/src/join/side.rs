//! The two sides of a join, and a table of one of them.

use std::sync::Arc;

use crate::error::Result;
use crate::join::table::{JoinTable, Pairs, SharedTable};
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Input, Selection};
use crate::row::{LeafSet, LeafType, Physical, RowLayout};

/// What a join knows of one side's rows.
#[derive(Clone)]
pub(crate) struct Side {
    /// All leaves.
    pub(crate) types: Vec<LeafType>,
    /// Those that are kept.
    pub(crate) live: LeafSet,
    /// The key's; none where all rows of the other side are partners.
    pub(crate) key: Vec<usize>,
    /// The key's validity leaves: a row where one is zero has no partner.
    pub(crate) nullable: Vec<usize>,
    /// Whether it is asked of each row whether it has a partner: something is given for the row then, or for the row without.
    pub(crate) keeps: bool,
    /// Whether something is given for rows with a null in their key.
    pub(crate) keeps_nulls: bool,
}

impl Side {
    /// Whether a row may have a partner.
    #[inline]
    pub(crate) fn may_match(&self, input: &Input<'_>, row: u32) -> bool {
        self.nullable.iter().all(|&leaf| input.batch().leaf_bits(leaf, row as usize) != 0)
    }

    /// The rows that are worth keeping; `None` where all are.
    pub(crate) fn worth_keeping(&self, input: &Input<'_>) -> Option<Selection> {
        if self.keeps_nulls || self.nullable.is_empty() {
            return None;
        }
        let mut kept = Selection::default();
        kept.set(input.selection().rows().iter().copied().filter(|&row| self.may_match(input, row)));
        Some(kept)
    }
}

/// How rows of a side lie on disk.
pub(crate) struct Layouts {
    /// Those that are to go past a table.
    pub(crate) plain: Arc<RowLayout>,
    /// Those that are to be in one, where a row links to the next of its key.
    pub(crate) linked: Arc<RowLayout>,
}

impl Layouts {
    pub(crate) fn of(side: &Side) -> Self {
        Layouts {
            plain: Arc::new(RowLayout::new(side.types.clone(), &side.live)),
            linked: Arc::new(JoinTable::layout_of(side.types.clone(), &side.live)),
        }
    }

    /// The most that so many plain rows take as linked ones, given what they take.
    pub(crate) fn linked_bytes(&self, rows: usize, plain_bytes: usize) -> usize {
        let bytes = plain_bytes + rows * (self.linked.width() - self.plain.width());
        // Rows of which two fit a page may be one a page when they are longer.
        let has_heap = self.plain.types().iter().any(|ty| ty.physical() == Physical::Slot);
        bytes + if has_heap { bytes } else { bytes / 16 } + 2 * PAGE_BYTES
    }
}

/// A table of one side's rows.
pub(crate) struct BuildSide {
    /// Which side: 0 is left.
    pub(crate) side: usize,
    pub(crate) table: JoinTable,
    /// The table of all tasks, where they have one and it is indexed; its rows are only read.
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

    /// The table that rows of the other side are looked up in: the table of all tasks, or this task's own.
    pub(crate) fn looked_up(&self) -> &JoinTable {
        self.shared.as_deref().and_then(SharedTable::table).unwrap_or(&self.table)
    }

    /// Looks rows of the other side up.
    pub(crate) fn probe(&self, input: &Input<'_>, pairs: &mut Pairs) {
        self.looked_up().probe(input, &self.probe_key, pairs);
        pairs.forget(input, &self.probe_nullable);
    }
}
