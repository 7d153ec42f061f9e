//! `first` of each group: passes the first `count` records of each group, in any order.
//!
//! A table counts the records of each group as they arrive. A record that was emitted cannot be
//! taken back, so each group must be counted by one table only. So a full table opens no more
//! groups, and records of other groups go to disk, in parts.

mod whole;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::group::{GroupTable, Groups, GrowthPolicy, UnplacedRows, probe};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits;
use crate::operators::common::combiner_bytes;
use crate::page::{Input, Selection};
use crate::row::{LeafSet, LeafType, RowLayout};
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Revocable, Round};

use whole::GroupFirstDriver;

/// Any `count` rows of each group.
#[derive(Clone)]
pub(super) struct FirstOfGroups {
    pub(super) key: Vec<usize>,
    pub(super) types: Vec<LeafType>,
    pub(super) count: u64,
}

impl FirstOfGroups {
    /// Passes the first rows of the groups of a task. `layout` is that of rows that are written to
    /// disk.
    pub(super) fn driver(&self, layout: Arc<RowLayout>) -> DriverFactory {
        let (first, rows) = (self.clone(), layout.clone());
        let create = move |context: &TaskContext| {
            Ok(GroupFirstDriver::new(GroupCounts::new(&first, context)?, rows.clone(), context))
        };
        DriverFactory::new(self.name(), create).waiting_for_end().emitting(layout).spilling_beyond(limits::GROUP_BYTES)
    }

    /// Passes the first rows of each group that a task sends.
    pub(super) fn combiner(&self) -> DriverFactory {
        let first = self.clone();
        let create = move |context: &TaskContext| {
            let counts = GroupCounts::new(&first, context)?;
            let table = counts.table.growing(GrowthPolicy::IfIdle);
            Ok(CombinerDriver { counts: GroupCounts { table, ..counts }, max_bytes: combiner_bytes(context) })
        };
        DriverFactory::new(self.name(), create).spilling_beyond(limits::COMBINE_BYTES)
    }

    fn name(&self) -> String {
        format!("hash first {}", self.count)
    }
}

/// Keys, each with the number of its records that have passed.
struct GroupCounts {
    table: GroupTable,
    groups: Groups,
    found: Selection,
    left: UnplacedRows,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    count: u64,
}

impl GroupCounts {
    fn new(first: &FirstOfGroups, context: &TaskContext) -> Result<Self> {
        let key_types = first.key.iter().map(|&leaf| first.types[leaf]);
        let types: Vec<LeafType> = key_types.chain([LeafType::U64]).collect();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let table_key: Vec<usize> = (0..first.key.len()).collect();
        Ok(GroupCounts {
            copied: table_key.iter().copied().zip(first.key.iter().copied()).collect(),
            table: GroupTable::new(layout, table_key, &context.memory)?,
            groups: Groups::default(),
            found: Selection::default(),
            left: UnplacedRows::default(),
            key: first.key.clone(),
            count: first.count,
        })
    }

    fn spilling(self, aside: usize) -> Self {
        GroupCounts { table: self.table.growing(GrowthPolicy::Spilling { aside }), ..self }
    }

    fn key(&self) -> &[usize] {
        &self.key
    }

    /// Opens no more groups, unless the table is empty.
    fn freeze(&mut self) {
        if !self.table.is_empty() {
            self.table.freeze();
        }
    }

    fn clear(&mut self) -> Result<()> {
        self.table.drain().map(drop)
    }

    /// Counts records. Returns the rows that pass, and the rows whose group found no room. An empty
    /// table always opens a group.
    fn count(&mut self, input: &Input<'_>) -> Result<(Vec<u32>, Vec<u32>)> {
        self.left.clear();
        let by = (&self.key[..], &self.copied[..]);
        let found = probe(&mut self.table, input, by, &mut self.groups, &mut self.found, &mut self.left)?;
        if self.table.is_empty()
            && let Some(row) = self.left.missed.pop()
        {
            let (mut first, mut others) = (Selection::default(), Selection::default());
            first.set([row]);
            others.set(self.left.rows());
            let first = Input::new(input.batch(), &first);
            self.table.set_must_grow(true);
            let opened = self.table.probe(&first, by.0, by.1, &mut self.groups);
            self.table.set_must_grow(false);
            opened?;
            let mut passed = passing(&mut self.table, &self.groups, &first, (self.key.len(), self.count))?;
            // Some of the other rows may be of this group.
            let (more, left) = self.count(&Input::new(input.batch(), &others))?;
            passed.extend(more);
            passed.sort_unstable();
            return Ok((passed, left));
        }
        let passed = passing(&mut self.table, &self.groups, &found, (self.key.len(), self.count))?;
        Ok((passed, self.left.rows().collect()))
    }
}

/// Counts rows of groups in the table, whose counts follow `key_leaves` leaves. Returns the rows
/// that are among the first `count` of their group.
fn passing(
    table: &mut GroupTable,
    groups: &Groups,
    found: &Input<'_>,
    (key_leaves, count): (usize, u64),
) -> Result<Vec<u32>> {
    let found_rows = found.selection().rows();
    let passed = table.visit(found, groups, |_, mut states, rows| {
        states.skip(key_leaves);
        let passed = states.plain::<u64>()?;
        let counted = found_rows.iter().zip(rows.iter()).filter(|(_, (_, group))| {
            let before = passed.get(*group);
            passed.set(*group, before.saturating_add(1));
            before < count
        });
        Some(counted.map(|(&row, _)| row).collect::<Vec<u32>>())
    });
    passed.ok_or_else(|| Error::Internal("groups without a count".to_owned()))
}

/// On the sending side. Removes all keys if they exceed `max_bytes`, or memory. Then more rows
/// than needed pass.
struct CombinerDriver {
    counts: GroupCounts,
    max_bytes: usize,
}

impl Driver for CombinerDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let (mut passed, left) = self.counts.count(input)?;
        if !left.is_empty() || self.counts.table.bytes() > self.max_bytes {
            passed.extend(left);
            passed.sort_unstable();
            self.counts.clear()?;
        }
        let mut rows = Selection::default();
        rows.set(passed);
        out.pass(rows);
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.counts.clear()?;
        Ok(Progress::Done)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for CombinerDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.counts.clear()
    }
}

#[cfg(test)]
mod tests;
