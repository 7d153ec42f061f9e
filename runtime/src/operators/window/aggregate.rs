//! Aggregates of the groups of windows.

use crate::error::{Error, Result};
use crate::group::GroupUpdate;
use crate::kernel::{Outputs, Predicate, TaskContext};
use crate::memory::limits::STATE_BYTES;
use crate::operators::aggregate::Aggregate;
use crate::operators::common::HASH_SECONDS;
use crate::page::{Batch, Input, RowWriter, Selection};
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::state::{Requests, StateTable, Update, Walk, key_groups_of_task};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Strategy, ready};

/// Groups records by key and window, and gives a window's groups when time has passed its end.
pub struct WindowAggregate {
    /// The grouping; the last leaf of its key is where the window begins.
    pub aggregate: Aggregate,
    /// How long a window is.
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

    fn rows(&self, inputs: &[Estimate]) -> f64 {
        self.aggregate.rows(inputs)
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

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (whole, micros) = (self.aggregate.whole(planning.live), self.micros);
        let (output, types, live) =
            (whole.output().clone(), self.aggregate.input.types(), planning.live_inputs[0].clone());
        let create = move |context: &TaskContext| {
            let owned = key_groups_of_task(context.subtask, context.subtasks);
            let spec = whole.state_spec();
            let start = spec.key().last().copied().unwrap_or_default();
            let table = StateTable::new(spec, owned, 0, context)?;
            Ok(WindowDriver {
                start,
                updates: table.requests(types.clone(), &live),
                table,
                update: Update(whole.open(context)?),
                closed: RowWriter::new(whole.table().clone(), context.memory.clone()),
                key: whole.key().to_vec(),
                micros,
                watermark: i64::MIN,
                walk: Walk::default(),
                in_time: Selection::default(),
                context: context.clone(),
            })
        };
        let driver = DriverFactory::new("aggregate until windows end", create).emitting(output);
        let driver = driver.spilling_beyond(STATE_BYTES);
        vec![planning.by_key(&self.aggregate.key, None, driver, HASH_SECONDS)]
    }

    /// Nothing is late where all records are there.
    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        self.aggregate.reference(inputs)
    }
}

struct WindowDriver<U> {
    table: StateTable,
    update: Update<U>,
    updates: Requests,
    /// Groups of windows that have ended, as they lie in the table.
    closed: RowWriter,
    /// The key's leaves in the records, the window's begin last, and the leaf of the state that it is.
    key: Vec<usize>,
    start: usize,
    micros: i64,
    watermark: i64,
    walk: Walk,
    /// The records at hand that are not late.
    in_time: Selection,
    context: TaskContext,
}

/// Keeps the rows whose windows have ended.
struct HasEnded {
    start: usize,
    /// The first begin of a window that has not.
    first_open: i64,
}

impl HasEnded {
    fn holds(&self, batch: &Batch<'_>, row: u32) -> bool {
        (batch.leaf_bits(self.start, row as usize) as u64 as i64) < self.first_open
    }
}

impl Predicate for HasEnded {
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let selected = rows.clone();
        rows.set(selected.rows().iter().copied().filter(|&row| self.holds(batch, row)));
        Ok(())
    }
}

impl<U: GroupUpdate> WindowDriver<U> {
    /// The first begin of a window that has not ended.
    fn first_open(&self) -> i64 {
        self.watermark.saturating_sub(self.micros).saturating_add(1)
    }
}

impl<U: GroupUpdate> Driver for WindowDriver<U> {
    fn survives_rounds(&self) -> bool {
        true
    }

    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            let late = HasEnded { start: self.key.last().copied().unwrap_or_default(), first_open: self.first_open() };
            let rows = input.selection().rows().iter().copied();
            self.in_time.set(rows.filter(|&row| !late.holds(input.batch(), row)));
            self.context.metrics.late_rows.add((input.len() - self.in_time.len()) as u64);
        }
        let input = Input::new(input.batch(), &self.in_time);
        self.table.apply(&mut self.updates, &mut self.update, &input, cursor, out)
    }

    fn on_watermark(&mut self, micros: i64, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        // What came before is in time.
        ready!(self.table.serve(&mut self.updates, &mut self.update, out)?);
        self.watermark = micros;
        let mut ended = HasEnded { start: self.start, first_open: self.first_open() };
        loop {
            let closed = &mut self.closed;
            let progress = self.table.take(&mut self.walk, &mut ended, &mut |rows| closed.append(rows, None))?;
            if progress == Progress::Done {
                self.closed.seal();
            }
            for page in self.closed.take_sealed() {
                out.pages().push_sealed(self.update.0.finish(page)?);
            }
            ready!(progress_of(progress, out));
            if progress == Progress::Done {
                return Ok(Progress::Done);
            }
        }
    }

    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.table.revoke(bytes)
    }
}

/// Whether a walk goes on at once: where nothing is to be handed on, and nothing is waited for.
fn progress_of(walked: Progress, out: &mut Outputs) -> Progress {
    match walked {
        Progress::Pending => Progress::Pending,
        Progress::OutputFull if out.pages().has_sealed() => Progress::OutputFull,
        _ => Progress::Done,
    }
}
