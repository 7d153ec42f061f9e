//! Groups of a flow without an end: emits the new state of a group after records of its key arrive.
//!
//! A grouping that emits at the end of its input would never emit. So each batch of rows is added
//! to the states of its keys, in a table of state. Then the changed groups are emitted, each once.
//! These are *updates*: each replaces the last one of its key. A flow of updates has another type
//! in the program. To the engine, both are rows.
//!
//! Rows whose states are on disk wait in a queue. They are served when many bytes wait, or when the
//! task is idle. Their groups are emitted then. The states of a key are read once for all rows that
//! wait for them. All rows of a key are in one queue, so the updates of a key are emitted in order.
//!
//! # Limits
//! While rows arrive without a pause, the queue is served only when its rows have half as many
//! bytes as the table has in memory.

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

use request::UpdateAndEmit;

/// The name of the state with a row for each group.
pub(super) const GROUPS: &str = "groups";

/// Bytes for copies of groups: the page that is written, and a full one.
const COPIES_BYTES: usize = 2 * PAGE_BYTES;

/// Groupings that can emit updates. Their state is one row for each key.
pub trait UpdatesByKey: Operator {
    /// Ways to emit updates.
    fn updating(&self, planning: &Planning<'_>) -> Vec<Strategy>;

    /// The definition of its states, see [`Operator::state_definition`].
    fn definition(&self) -> String;

    /// Checks that it can emit updates.
    ///
    /// # Errors
    /// [`Plan`](crate::error::Error::Plan), with the reason and what to write instead.
    fn check_updating(&self) -> Result<()> {
        Ok(())
    }
}

/// A grouping of a flow without an end, which emits updates of its groups. The reference
/// implementation has all records, so it emits the last update of each group.
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

    /// All updates of a key have that key. Without its records there are none.
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

/// The states of a grouping, and the rows that it emits.
pub(super) struct States {
    pub(super) spec: StateSpec,
    /// Layout of states in the table.
    pub(super) layout: Arc<RowLayout>,
    /// Layout of finished groups.
    pub(super) output: Arc<RowLayout>,
    /// The leaves of the records.
    pub(super) types: Vec<LeafType>,
    /// Bytes that the update needs in addition.
    pub(super) update_bytes: usize,
}

impl States {
    /// For a grouping whose state is a record of each key, and is emitted as it is.
    pub(super) fn of_records(schema: &Schema, key: &[usize]) -> Self {
        let spec = StateSpec::of_record(schema, key);
        let layout = spec.layout();
        States { output: layout.clone(), layout, spec, types: schema.types(), update_bytes: 0 }
    }

    /// The driver. `open` creates the update of a task.
    pub(super) fn driver<U: GroupUpdate + 'static>(
        self,
        word: &str,
        planning: &Planning<'_>,
        open: impl Fn(&TaskContext) -> Result<U> + Send + Sync + 'static,
    ) -> DriverFactory {
        let States { spec, layout, output, types, update_bytes } = self;
        let live = planning.live_inputs[0].clone();
        let create = move |context: &TaskContext| {
            let owned = key_groups_of_task(context.subtask, context.subtasks);
            let table = StateTable::new(spec.clone(), owned, update_bytes + COPIES_BYTES, context)?;
            Ok(UpdatesDriver {
                queued: table.requests(types.clone(), &live),
                table,
                request: UpdateAndEmit::new(open(context)?, layout.clone(), context),
            })
        };
        let minimum_bytes = STATE_BYTES + update_bytes + COPIES_BYTES;
        DriverFactory::new(format!("updates of {word}"), create)
            .emitting(output)
            .spilling_beyond(minimum_bytes)
            .recovering(Recovery::RestoredByImages)
    }
}

struct UpdatesDriver<U> {
    table: StateTable,
    /// Rows that wait for states on disk.
    queued: Requests,
    request: UpdateAndEmit<U>,
}

/// The cursor after the input's rows are in the table or queued, while queued rows are served.
const SERVING: Cursor = 2;

impl<U: GroupUpdate> UpdatesDriver<U> {
    /// Whether enough bytes wait to read their states.
    fn should_serve(&self) -> bool {
        self.queued.waiting_bytes() > (self.table.bytes() / 2) as u64
    }

    fn serve(&mut self, out: &mut Outputs) -> Result<Progress> {
        self.table.serve(&mut self.queued, &mut self.request, out)
    }
}

impl<U: GroupUpdate> Driver for UpdatesDriver<U> {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor != SERVING {
            ready!(self.table.apply(&mut self.queued, &mut self.request, input, cursor, out)?);
            if !self.should_serve() {
                return Ok(Progress::Done);
            }
            *cursor = SERVING;
        }
        self.serve(out)
    }

    fn on_idle(&mut self, out: &mut Outputs) -> Result<Progress> {
        if self.queued.is_empty() { Ok(Progress::Done) } else { self.serve(out) }
    }

    /// Queued rows arrived before the barrier, so they are part of the snapshot.
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
