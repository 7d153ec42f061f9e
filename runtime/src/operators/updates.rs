//! Groups of a flow that does not end: after rows came for a key, what its group is by then.
//!
//! A grouping that gives its groups in the end would never give one. So each batch of rows is added to the states of its keys, which live on in a table of state, and then
//! the groups that it touched are given, each once: they are *updates*, of which each takes the place of what was given of its key before. What tells a stream of
//! updates from one of records is its type in the program; to the engine both are rows.
//!
//! Rows whose states are on disk wait for them in line. They are served when many wait, or when nothing else is to be done, and their groups are given then: a key's
//! states are read back once for all rows that wait for them. All rows of a key are in one line, so a later update never overtakes an earlier one.
//!
//! # Limits
//! While rows come without a pause, those that wait for states on disk wait for half as many bytes of rows as the table has in memory.

mod request;

use std::sync::Arc;

use crate::error::Result;
use crate::group::GroupUpdate;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::{PAGE_BYTES, STATE_BYTES};
use crate::page::Input;
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::state::{Requests, StateSpec, StateTable, key_groups_of_task};
use crate::statistics::Relation;
use crate::strategy::{
    Cursor, Driver, DriverFactory, DriverState, Planning, Progress, Recovery, Revocable, Round, Snapshotted, Strategy,
    ready,
};

use request::UpdateAndGive;

/// The name of the state with a row for each group.
pub(super) const GROUPS: &str = "groups";

/// What copies of groups take on their way: the page that is written, and one that is full.
const COPIES_BYTES: usize = 2 * PAGE_BYTES;

/// Groupings whose groups can be given again and again: all that they keep is a row for each key.
pub trait UpdatesByKey: Operator {
    /// Ways to give updates.
    fn updating(&self, planning: &Planning<'_>) -> Vec<Strategy>;

    /// The meaning of its states: see [`Operator::state_definition`].
    fn definition(&self) -> String;

    /// What says that it cannot, and what to write instead.
    ///
    /// # Errors
    /// A sentence in the user's words.
    fn check_updating(&self) -> Result<()> {
        Ok(())
    }
}

/// A grouping of a flow that does not end: it gives updates of its groups. Over records that are all there, as the embedded engine has them, it gives the last one of
/// each group, which is the group.
pub struct Updates<G>(pub G);

impl<G: UpdatesByKey> Operator for Updates<G> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn details(&self) -> String {
        self.0.details()
    }

    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn reads(&self, input: usize, live: &LeafSet) -> LeafSet {
        self.0.reads(input, live)
    }

    /// All updates of a key share it: without its records there are none.
    fn lets_filters_pass(&self, input: usize) -> Option<Vec<Option<usize>>> {
        self.0.lets_filters_pass(input)
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        self.0.estimate(inputs)
    }

    fn check(&self) -> Result<()> {
        self.0.check()?;
        self.0.check_updating()
    }

    fn state_definition(&self) -> Option<String> {
        Some(self.0.definition())
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        self.0.updating(planning)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        self.0.reference(inputs)
    }
}

/// The rows that a grouping keeps, and those that it gives.
pub(super) struct States {
    pub(super) spec: StateSpec,
    /// How states lie in the table.
    pub(super) kept: Arc<RowLayout>,
    /// How finished groups lie.
    pub(super) given: Arc<RowLayout>,
    /// The leaves of the records.
    pub(super) types: Vec<LeafType>,
    /// Bytes that the update needs for itself.
    pub(super) aside: usize,
}

impl States {
    /// Of a grouping that keeps a record of each key, and gives it.
    pub(super) fn of_records(schema: &Schema, key: &[usize]) -> Self {
        let spec = StateSpec::of_record(schema, key);
        let kept = spec.layout();
        States { given: kept.clone(), kept, spec, types: schema.types(), aside: 0 }
    }

    /// Tasks that keep them. `open` gives a task what adds rows to states.
    pub(super) fn driver<U: GroupUpdate + 'static>(
        self,
        word: &str,
        planning: &Planning<'_>,
        open: impl Fn(&TaskContext) -> Result<U> + Send + Sync + 'static,
    ) -> DriverFactory {
        let States { spec, kept, given, types, aside } = self;
        let live = planning.live_inputs[0].clone();
        let create = move |context: &TaskContext| {
            let owned = key_groups_of_task(context.subtask, context.subtasks);
            let table = StateTable::new(spec.clone(), owned, aside + COPIES_BYTES, context)?;
            Ok(UpdatesDriver {
                waiting: table.requests(types.clone(), &live),
                table,
                request: UpdateAndGive::new(open(context)?, kept.clone(), context),
            })
        };
        let least = STATE_BYTES + aside + COPIES_BYTES;
        DriverFactory::new(format!("updates of {word}"), create)
            .emitting(given)
            .spilling_beyond(least)
            .recovering(Recovery::RestoredByImages)
    }
}

struct UpdatesDriver<U> {
    table: StateTable,
    /// Rows that wait for states on disk.
    waiting: Requests,
    request: UpdateAndGive<U>,
}

/// The cursor where rows are in the table or in line, and those in line are served.
const SERVING: Cursor = 2;

impl<U: GroupUpdate> UpdatesDriver<U> {
    /// Whether so much waits that to read states back for it is worth the while.
    fn many_wait(&self) -> bool {
        self.waiting.waiting_bytes() > (self.table.bytes() / 2) as u64
    }

    fn serve(&mut self, out: &mut Outputs) -> Result<Progress> {
        self.table.serve(&mut self.waiting, &mut self.request, out)
    }
}

impl<U: GroupUpdate> Driver for UpdatesDriver<U> {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor != SERVING {
            ready!(self.table.apply(&mut self.waiting, &mut self.request, input, cursor, out)?);
            if !self.many_wait() {
                return Ok(Progress::Done);
            }
            *cursor = SERVING;
        }
        self.serve(out)
    }

    fn on_idle(&mut self, out: &mut Outputs) -> Result<Progress> {
        if self.waiting.is_empty() { Ok(Progress::Done) } else { self.serve(out) }
    }

    /// What waits belongs before the barrier.
    fn on_barrier(&mut self, epoch: u64, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        ready!(self.serve(out)?);
        self.table.mark(epoch, i64::MIN)?;
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.serve(out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }

    fn snapshotted(&mut self) -> Option<&mut dyn Snapshotted> {
        Some(self)
    }
}

impl<U: GroupUpdate> Snapshotted for UpdatesDriver<U> {
    fn states(&mut self) -> Vec<(&'static str, &mut dyn DriverState)> {
        vec![(GROUPS, &mut self.table)]
    }
}

impl<U: GroupUpdate> Revocable for UpdatesDriver<U> {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.table.revoke(bytes)
    }
}
