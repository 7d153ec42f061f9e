//! Aggregates of the groups of windows.

use crate::error::{Error, Result};
use crate::group::GroupUpdate;
use crate::kernel::{Outputs, Predicate, TaskContext};
use crate::memory::limits::STATE_BYTES;
use crate::operators::aggregate::Aggregate;
use crate::operators::common::group_bytes;
use crate::operators::updates::GROUPS;
use crate::page::{Batch, Input, RowWriter, Selection};
use crate::plan::{Operator, Table};
use crate::row::{HiddenLeaf, LeafSet, Schema};
use crate::state::{Requests, Scan, StateTable, Update, key_groups_of_task};
use crate::statistics::Relation;
use crate::strategy::{
    Cursor, Driver, DriverFactory, DriverProperties, DriverState, Planning, Progress, Recovery, Revocable, Snapshotted,
    Strategy, TumblingWindows, Work, ready,
};

use super::late::OpenWindows;
use super::{for_each_start, needs_start, tumbling};

/// Groups records by key and window. Emits the groups of a window when the watermark reaches its
/// end.
pub struct WindowAggregate {
    /// The grouping. The last leaf of its key is the start of the window.
    pub aggregate: Aggregate,
    /// The length of a window in microseconds.
    pub micros: i64,
}

impl Operator for WindowAggregate {
    fn name(&self) -> &'static str {
        self.aggregate.word
    }

    fn details(&self) -> String {
        self.aggregate.details()
    }

    fn schema(&self) -> &Schema {
        self.aggregate.schema()
    }

    fn reads(&self, input: usize, live: &LeafSet) -> LeafSet {
        self.aggregate.reads(input, live)
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        self.aggregate.estimate(inputs)
    }

    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        needs_start(&self.aggregate.key)
    }

    fn check(&self) -> Result<()> {
        self.aggregate.check()?;
        if self.aggregate.counts_distinct() {
            return Err(Error::Plan(
                "`count_distinct` is not there for windows yet: group by the value as well, and count the groups behind it".to_owned(),
            ));
        }
        Ok(())
    }

    fn state_definition(&self) -> Option<String> {
        Some(self.definition())
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (whole, micros) = (self.aggregate.whole(planning.live), self.micros);
        let definition = self.definition();
        let (output, types, live) =
            (whole.output().clone(), self.aggregate.input.types(), planning.live_inputs[0].clone());
        let create = move |context: &TaskContext| {
            let owned = key_groups_of_task(context.subtask, context.subtasks);
            let spec = whole.state_spec().defined_as(definition.clone());
            let start = spec.key().last().copied().unwrap_or_default();
            let table = StateTable::new(spec, owned.clone(), 0, context)?;
            Ok(WindowDriver {
                key: whole.key().to_vec(),
                updates: table.requests(types.clone(), &live),
                table,
                update: Update(whole.open(context)?),
                ended_groups: RowWriter::new(whole.table().clone(), context.memory.clone()),
                open: OpenWindows::new(TumblingWindows { time: start, micros }, owned),
                earliest_start: i64::MAX,
                scan: Scan::default(),
                in_time: Selection::default(),
                is_selected: false,
                context: context.clone(),
            })
        };
        let properties = DriverProperties { keeps_state_across_rounds: true, ..DriverProperties::default() };
        let driver = DriverFactory::new("aggregate until windows end", create).with_properties(properties);
        let driver = driver.emitting(output).spilling_beyond(STATE_BYTES).recovering(Recovery::RestoredByImages);
        let work = Work::lookups(planning.inputs[0].rows).in_tables(group_bytes(planning), planning.tasks);
        vec![planning.by_key_group(&self.aggregate.key, driver, work)]
    }

    /// No record is late, because all records are there before a window ends.
    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        self.aggregate.reference(inputs)
    }
}

impl WindowAggregate {
    fn definition(&self) -> String {
        let program_key = self.aggregate.key.split_last().map_or(&[][..], |(_, key)| key);
        format!("{} {}", tumbling(self.micros), self.aggregate.definition_by(program_key))
    }
}

struct WindowDriver<U> {
    table: StateTable,
    update: Update<U>,
    updates: Requests,
    /// Groups of windows that have ended, in the layout of the table.
    ended_groups: RowWriter,
    /// The leaves of the records' key. The last one is the start of their window.
    key: Vec<usize>,
    /// The windows that have not ended.
    open: OpenWindows,
    /// No group in the table has a window that starts before this.
    earliest_start: i64,
    scan: Scan,
    /// The records of the current input that are not late, if `is_selected`.
    in_time: Selection,
    is_selected: bool,
    context: TaskContext,
}

/// Selects the rows whose windows have ended.
struct HasEnded<'w>(&'w OpenWindows);

impl Predicate for HasEnded<'_> {
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let selected = rows.clone();
        self.0.select(&Input::new(batch, &selected), true, rows);
        Ok(())
    }
}

impl<U: GroupUpdate> WindowDriver<U> {
    /// Selects the records that are not late.
    fn select_in_time(&mut self, input: &Input<'_>) {
        let (first_open_start, in_time) = (self.open.first_open_start(), &mut self.in_time);
        let mut earliest_start = self.earliest_start;
        let start = self.key.last().copied().unwrap_or_default();
        for_each_start(input, start, |starts| {
            let open = starts.filter(|&(_, start)| start >= first_open_start);
            in_time.set(open.inspect(|&(_, start)| earliest_start = earliest_start.min(start)).map(|(row, _)| row));
        });
        self.earliest_start = earliest_start;
        if self.open.differ_by_key() {
            let some = self.in_time.clone();
            self.open.select_by_key(&Input::new(input.batch(), &some), &self.key, false, &mut self.in_time);
        }
        self.context.metrics.late_rows.add((input.len() - self.in_time.len()) as u64);
    }
}

impl<U: GroupUpdate> Driver for WindowDriver<U> {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        // The call is repeated while the table waits for memory. Late records are then counted
        // once.
        if !std::mem::replace(&mut self.is_selected, true) {
            self.select_in_time(input);
        }
        let input = Input::new(input.batch(), &self.in_time);
        let progress = self.table.apply(&mut self.updates, &mut self.update, &input, cursor, out)?;
        self.is_selected = progress != Progress::Done;
        Ok(progress)
    }

    /// Scans the table only if a window with groups has ended.
    fn on_watermark(&mut self, micros: i64, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.open.advance(micros);
        if self.earliest_start >= self.open.first_open_start() {
            return Ok(Progress::Done);
        }
        // Queued records arrived before the watermark, so they are not late.
        ready!(self.table.serve(&mut self.updates, &mut self.update, out)?);
        let mut ended = HasEnded(&self.open);
        loop {
            let ended_groups = &mut self.ended_groups;
            let progress =
                self.table.drain_if(&mut self.scan, &mut ended, &mut |rows| ended_groups.append(rows, None))?;
            if progress == Progress::Done {
                self.ended_groups.seal();
                self.earliest_start = self.open.first_window();
            }
            for page in self.ended_groups.take_sealed() {
                out.pages().push_sealed(self.update.0.finish(page)?);
            }
            match progress {
                // No page is full yet.
                Progress::Yield if !out.pages().has_sealed() => {}
                progress => return Ok(progress),
            }
        }
    }

    fn on_barrier(&mut self, epoch: u64, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        ready!(self.table.serve(&mut self.updates, &mut self.update, out)?);
        self.table.mark(epoch, self.open.times())?;
        Ok(Progress::Done)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }

    fn snapshotted(&mut self) -> Option<&mut dyn Snapshotted> {
        Some(self)
    }
}

impl<U: GroupUpdate> Snapshotted for WindowDriver<U> {
    fn states(&mut self) -> Vec<(&'static str, &mut dyn DriverState)> {
        vec![(GROUPS, &mut self.table)]
    }

    fn on_restored(&mut self) {
        // Event time continues at the restored watermark, so late records stay late.
        self.table.take_restored_times().into_iter().for_each(|times| self.open.restore(times));
        self.earliest_start = i64::MIN;
    }
}

impl<U: GroupUpdate> Revocable for WindowDriver<U> {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.table.revoke(bytes)
    }
}
