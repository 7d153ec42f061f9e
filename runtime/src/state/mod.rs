//! Keyed state: one table in managed pages for the solution set of a delta iteration, the states of keys of a stream, and its windows.
//!
//! A [`StateTable`] is a [`GroupTable`](crate::group::GroupTable) that lives on: its rows are looked up, put, updated in place, deleted, and gone through
//! without being taken out, all of them by batches. A driver has [`StateRequest`]s for what it does with rows, and a line of [`Requests`] for each; it gives
//! windows of rows to [`StateTable::apply`], as it is given them.
//!
//! # Three uses
//! * **The solution set of a delta iteration.** Rows are the records of the set; they are never deleted, so its [`StateSpec`] is not
//!   [`deletable`](StateSpec::deletable). On the port of the initial set, and for deltas when a round ends, the driver calls `apply` with
//!   [`Put`]. On the workset's port it calls `apply` with a [`Probe`], whose [`JoinKernel`](crate::kernel::JoinKernel) sees pairs of workset row and set row. At the end of the last round
//!   it calls [`walk`](StateTable::walk) until that is done, and appends what it is shown to its output.
//! * **An aggregate for each key of a stream.** Rows are key and state. On each batch the driver calls `apply` with [`Update`] of the same
//!   [`GroupUpdate`](crate::group::GroupUpdate) that a batch aggregate has. One that gives each key's new state after a batch implements
//!   [`StateRequest`] itself: it adds the rows, then visits the same groups and writes what it reads to `out`.
//! * **Tumbling windows.** The key is that of the program and the window's begin, two leaves; rows are `deletable`. On each batch, whose rows have a leaf
//!   for the begin, the driver calls `apply` with `Update`. On a watermark it calls [`take`](StateTable::take) with a predicate on the window's begin, until
//!   that is done: it is shown the windows that ended, appends them to its output, and they are gone.

mod key_groups;
mod requests;
mod snapshot;
mod spec;
#[cfg(test)]
mod tests;
mod walk;

use std::ops::Range;

use crate::error::{Error, Result};
use crate::group::{FoundRows, GroupTable, UnplacedRows};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Input, Selection};
use crate::strategy::{Cursor, Progress};

pub use key_groups::{KEY_GROUPS, KeyGroupSet, key_group_of, key_groups_of_task, task_of_key_group};
pub use requests::{Delete, Probe, Put, StateRequest, Update};
pub use snapshot::Restoring;
pub use spec::{StateLeaf, StateSpec};
pub use walk::Walk;

use key_groups::{GROUP_BITS, GROUP_SHIFT};
use snapshot::marking::Marking;

/// A table that takes more is put into parts while that costs little, as it may have to give some of them later.
const SPLIT_BYTES: usize = 8 << 20;

/// The cursor of a window of which a part is done.
const REST: Cursor = 1;

/// The state of the keys that one task owns.
pub struct StateTable {
    table: GroupTable,
    spec: StateSpec,
    /// The key groups that it owns.
    owned: Range<usize>,
    /// The mark whose images are being given.
    marking: Option<Marking>,
    /// Where rows lie that are about to be written, while pages are marked.
    guarded: FoundRows,
    refused: Vec<u32>,
    allowed: Selection,
    memory: Memory,
}

/// The line of one kind of request: what waits of it.
#[derive(Default)]
pub struct Requests {
    unplaced: UnplacedRows,
    /// What is left of the window at hand: now, and then.
    rest: Selection,
    later: Vec<u32>,
}

impl StateTable {
    /// An empty table for the keys of some key groups. `aside` bytes are left free for the kernels' own records.
    ///
    /// # Errors
    /// When the region cannot be had, or no leaf is kept.
    pub fn new(spec: StateSpec, owned: Range<usize>, aside: usize, context: &TaskContext) -> Result<Self> {
        if owned.end > KEY_GROUPS || spec.key.is_empty() {
            return Err(Error::Internal(format!("state of {} key leaves in the key groups {owned:?}", spec.key.len())));
        }
        let table = GroupTable::new(spec.layout(), spec.key.clone(), &context.memory)?;
        let table = table.parted_by(GROUP_SHIFT, GROUP_BITS, owned.clone());
        let table = if spec.has_tombstones() { table.deletable()? } else { table };
        Ok(StateTable {
            table: table.spilling(aside),
            spec,
            owned,
            marking: None,
            guarded: FoundRows::default(),
            refused: Vec::new(),
            allowed: Selection::default(),
            memory: context.memory.clone(),
        })
    }

    /// What its rows are.
    #[must_use]
    pub fn spec(&self) -> &StateSpec {
        &self.spec
    }

    /// The key groups that it owns.
    #[must_use]
    pub fn key_groups(&self) -> Range<usize> {
        self.owned.clone()
    }

    /// How many rows are in memory.
    #[must_use]
    pub fn resident_rows(&self) -> usize {
        self.table.len()
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Asks for a window of rows; `cursor` is the driver's, where one call is followed by others for the same window.
    ///
    /// # Errors
    /// What the request gives, or [`OutOfMemory`](Error::OutOfMemory).
    pub fn apply(
        &mut self,
        requests: &mut Requests,
        request: &mut dyn StateRequest,
        input: &Input<'_>,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        loop {
            requests.unplaced.clear();
            let now = if *cursor == 0 { *input } else { Input::new(input.batch(), &requests.rest) };
            let ran = self.run(request, &now, out, &mut requests.unplaced);
            self.table.set_must_grow(false);
            ran?;
            let left = requests.unplaced.rows().chain(requests.later.drain(..));
            requests.rest.set(left);
            if requests.rest.is_empty() {
                *cursor = 0;
                self.split_early()?;
                return Ok(Progress::Done);
            }
            *cursor = REST;
            if requests.unplaced.refused {
                self.make_room(requests)?;
            } else if out.pages().has_sealed() {
                return Ok(Progress::OutputFull);
            }
        }
    }

    /// Runs a request, for the rows whose pages may be written.
    fn run(
        &mut self,
        request: &mut dyn StateRequest,
        input: &Input<'_>,
        out: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()> {
        if !self.table.is_marked() || !request.writes() {
            return request.run(&mut self.table, input, out, left);
        }
        self.table.find(input, request.key(), &mut self.guarded)?;
        self.table.protect(self.guarded.groups(), &mut self.refused)?;
        if self.refused.is_empty() {
            return request.run(&mut self.table, input, out, left);
        }
        let found = self.guarded.found().rows();
        let mut refused: Vec<u32> = self.refused.iter().map(|&position| found[position as usize]).collect();
        left.leave(refused.iter().copied());
        left.refused = true;
        refused.sort_unstable();
        let asked = input.selection().rows().iter().copied();
        self.allowed.set(asked.filter(|row| refused.binary_search(row).is_err()));
        request.run(&mut self.table, &Input::new(input.batch(), &self.allowed), out, left)
    }

    /// The key groups whose rows a part has in memory.
    fn resident_groups(&self, part: usize) -> KeyGroupSet {
        let of_part = |&group: &usize| !self.table.is_split() || self.part_of_group(group) == part;
        let mut groups = KeyGroupSet::default();
        self.owned.clone().filter(of_part).for_each(|group| groups.insert(group));
        groups
    }

    /// The part, where there are several, that a key group is in.
    fn part_of_group(&self, group: usize) -> usize {
        (group - self.owned.start) * SPILL_PARTS / self.owned.len().max(1)
    }

    /// Makes room in the table.
    fn make_room(&mut self, requests: &mut Requests) -> Result<()> {
        if !self.table.compact(true)? {
            // The first row must fit whatever it takes: what it takes is said by the error.
            self.table.set_must_grow(true);
            requests.later.extend(requests.rest.rows().iter().skip(1));
            requests.rest.truncate(1);
        }
        Ok(())
    }

    /// Puts a table into parts that is about to be large.
    fn split_early(&mut self) -> Result<()> {
        if !self.table.is_split()
            && self.table.bytes() > SPLIT_BYTES
            && self.memory.try_reserve((SPILL_PARTS + 4) * PAGE_BYTES)
        {
            self.table.split()?;
        }
        Ok(())
    }
}
