//! Keyed state: one table in managed pages for the solution set of a delta iteration, the states of keys of a stream, and its windows.
//!
//! A [`StateTable`] is a [`GroupTable`] that lives on: its rows are looked up, put, updated in place, deleted, and gone through
//! without being taken out, all of them by batches. A driver has a [`StateRequest`] for each thing that it does with rows, and a line of [`Requests`] beside
//! it; it gives windows of rows to [`StateTable::apply`], as it is given them. Rows whose key groups are on disk wait in the line until
//! [`StateTable::serve`] has read these back.
//!
//! # Three uses
//! * **The solution set of a delta iteration.** Rows are the records of the set; they are never deleted, so its [`StateSpec`] is not
//!   [`deletable`](StateSpec::deletable). On the port of the initial set, and for deltas when a round ends, the driver calls `apply` with
//!   [`Put`], on the workset's port with a [`Probe`], whose [`JoinKernel`](crate::kernel::JoinKernel) sees pairs of workset row and set row. At the end of each port's
//!   round it calls `serve` until that is done, so that all probes come before all puts. At the end of the last round
//!   it calls [`walk`](StateTable::walk) until that is done, and appends what it is shown to its output.
//! * **An aggregate for each key of a stream.** Rows are key and state. On each batch the driver calls `apply` with [`Update`] of the same
//!   [`GroupUpdate`](crate::group::GroupUpdate) that a batch aggregate has, and `serve` where no rows come or many [wait](Requests::waiting_bytes). One that gives
//!   each key's new state after a batch implements [`StateRequest`] itself: it adds the rows, then visits the same groups and writes what it reads to `out`. On a
//!   barrier it serves to the end, then calls [`mark`](StateTable::mark), and goes on; whenever the snapshot's writer has room,
//!   [`next_image`](StateTable::next_image).
//! * **Tumbling windows.** The key is that of the program and the window's begin, two leaves; rows are `deletable`. On each batch, whose rows have a leaf
//!   for the begin, the driver calls `apply` with `Update`. On a watermark it serves to the end, then calls [`take`](StateTable::take) with a predicate on the
//!   window's begin until that is done: it is shown the windows that ended, appends them to its output, and they are gone.
//!
//! # More than memory
//! Refused memory sends parts to disk: first those that were not written to since they were there, which are dropped, then the largest. They stay findable: a request
//! for them waits with all others for the same part, and nothing is read for a row. Which part comes next is decided by what waits for it. A part that does
//! not fit comes back by some of its key groups.
//!
//! # Limits
//! * The rows of one key group must fit memory, beside the least: with 1,024 of them, a table is up to some five hundred times as large as the memory that it has.
//! * Requests that wait belong to no mark and to no walk: they are served before.
//! * A `take` reads back all that is on disk, as any of it may have to leave.

mod key_groups;
mod lines;
mod marks;
mod policy;
mod requests;
mod residency;
mod serve;
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
use crate::memory::limits::{SPILL_PARTS, STATE_BYTES};
use crate::page::{Input, Selection};
use crate::row::{LeafSet, LeafType};
use crate::spill::{Spilled, Spiller};

pub use key_groups::{KEY_GROUPS, KeyGroupSet, key_group_of, key_groups_of_task, task_of_key_group};
pub use lines::Requests;
pub use requests::{Delete, Probe, Put, StateRequest, Update};
pub use snapshot::EventTimes;
pub(crate) use snapshot::{EventTimeState, GroupTimes};
pub use spec::{StateLeaf, StateSpec};
pub use walk::Walk;

use key_groups::{GROUP_BITS, GROUP_SHIFT};
use marks::MarkedPages;
use residency::{Loading, Place};
use serve::Serving;
use snapshot::marking::Marking;
use snapshot::restoring::Restoring;

/// The state of the keys that one task owns.
pub struct StateTable {
    table: GroupTable,
    spec: StateSpec,
    /// The key groups that it owns.
    owned: Range<usize>,
    /// Those of them whose rows are on disk.
    away: KeyGroupSet,
    places: [Place; SPILL_PARTS],
    /// What is being read back.
    loading: Option<Loading>,
    /// The part whose requests are served.
    serving: Option<Serving>,
    /// The part that is gone through.
    walking: Option<usize>,
    /// Pages as they were at the mark.
    marks: MarkedPages,
    /// The mark whose images are being given.
    marking: Option<Marking>,
    /// The file that is being restored.
    restoring: Option<Restoring>,
    /// The greatest epoch of what was restored, and how far event time had come in it.
    restored: Option<(u64, i64)>,
    /// How far event time had come in it for each key group, until the driver takes it.
    restored_times: Option<GroupTimes>,
    /// Where rows lie that are about to be written, while pages are marked.
    guarded: FoundRows,
    refused: Vec<u32>,
    allowed: Selection,
    spiller: Spiller,
    /// Files that nobody refers to.
    unused: Vec<Spilled>,
    memory: Memory,
}

impl StateTable {
    /// The least memory that a table works with, beside what its kernels take and records larger than a page.
    pub const LEAST_BYTES: usize = STATE_BYTES;

    /// An empty table for the keys of some key groups. `aside` bytes are left free for the kernels' own records.
    ///
    /// # Errors
    /// When the region cannot be had, or no leaf is the key.
    pub fn new(spec: StateSpec, owned: Range<usize>, aside: usize, context: &TaskContext) -> Result<Self> {
        if owned.end > KEY_GROUPS || spec.key.is_empty() {
            return Err(Error::Internal(format!("state of {} key leaves in the key groups {owned:?}", spec.key.len())));
        }
        let table = GroupTable::new(spec.layout(), spec.key.clone(), &context.memory)?;
        let table = table.parted_by(GROUP_SHIFT, GROUP_BITS, owned.clone());
        let table = if spec.has_tombstones() { table.deletable()? } else { table };
        let table = if spec.written < spec.leaves.len() { table.keeping_from(spec.written) } else { table };
        Ok(StateTable {
            table: table.spilling(aside),
            spec,
            owned,
            away: KeyGroupSet::default(),
            places: Default::default(),
            loading: None,
            serving: None,
            walking: None,
            marks: MarkedPages::default(),
            marking: None,
            restoring: None,
            restored: None,
            restored_times: None,
            guarded: FoundRows::default(),
            refused: Vec::new(),
            allowed: Selection::default(),
            spiller: context.spiller(),
            unused: Vec::new(),
            memory: context.memory.clone(),
        })
    }

    /// An empty line for one kind of request, whose rows are of these leaves, of which `live` are there.
    #[must_use]
    pub fn requests(&self, types: Vec<LeafType>, live: &LeafSet) -> Requests {
        Requests::new(types, live, &self.memory)
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

    /// Whether rows are on disk.
    #[must_use]
    pub fn is_spilled(&self) -> bool {
        !self.away.is_empty()
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Runs a request, for the rows whose pages may be written.
    fn run(
        &mut self,
        request: &mut dyn StateRequest,
        input: &Input<'_>,
        out: &mut Outputs,
        left: &mut UnplacedRows,
    ) -> Result<()> {
        if !self.marks.are_pending() || !request.writes() {
            return request.run(&mut self.table, input, out, left);
        }
        self.table.find(input, request.key(), &mut self.guarded)?;
        self.marks.protect(&mut self.table, self.guarded.groups(), &mut self.refused, &self.memory)?;
        if self.refused.is_empty() {
            return request.run(&mut self.table, input, out, left);
        }
        let found = self.guarded.found().rows();
        let mut refused: Vec<u32> = self.refused.iter().map(|&position| found[position as usize]).collect();
        refused.sort_unstable();
        let asked = input.selection().rows().iter().copied();
        self.allowed.set(asked.filter(|row| refused.binary_search(row).is_err()));
        request.run(&mut self.table, &Input::new(input.batch(), &self.allowed), out, left)?;
        let asked = input.selection().rows().iter().copied();
        left.leave(asked.filter(|row| refused.binary_search(row).is_ok()));
        left.refused = true;
        Ok(())
    }
}
