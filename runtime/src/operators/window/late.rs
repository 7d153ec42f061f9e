//! Records that come when their window has ended.

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table, unchanged};
use crate::row::{HiddenLeaf, LeafSet, Schema};
use crate::state::EventTimeState;
use crate::strategy::{
    Cursor, Driver, DriverFactory, DriverState, Planning, Progress, Recovery, Role, SIDE_OUTPUT, Ship, Strategy,
    TumblingWindows, Way, Work,
};

use super::{for_each_begin, needs_start, tumbling};

/// Which windows have ended.
pub(super) struct OpenWindows {
    /// The windows; their time is where the windows of rows begin.
    pub(super) windows: TumblingWindows,
    /// No event before this follows, but late ones.
    pub(super) watermark: i64,
}

impl OpenWindows {
    /// None has ended yet.
    pub(super) fn new(windows: TumblingWindows) -> Self {
        OpenWindows { windows, watermark: i64::MIN }
    }

    /// Time goes on.
    pub(super) fn advance(&mut self, micros: i64) {
        self.watermark = self.watermark.max(micros);
    }

    /// No window that begins before this is open.
    pub(super) fn first_begin(&self) -> i64 {
        self.watermark.saturating_sub(self.windows.micros).saturating_add(1)
    }

    /// Picks the rows whose windows have ended, or the others.
    pub(super) fn select(&self, input: &Input<'_>, have_ended: bool, rows: &mut Selection) {
        let first_begin = self.first_begin();
        for_each_begin(input, self.windows.time, |begins| {
            rows.set(begins.filter(|&(_, begin)| (begin < first_begin) == have_ended).map(|(row, _)| row));
        });
    }

    /// Where the first window begins that is open.
    pub(super) fn first_window(&self) -> i64 {
        self.windows.start_of(self.first_begin().saturating_sub(1)).saturating_add(self.windows.micros)
    }
}

/// Lets the records pass whose windows have not ended, and sets the others aside: so each is in its window, or late, whatever is made of the windows.
///
/// It stands where somebody reads what is late; else whoever groups the records leaves those out. It decides where they are grouped, by the time of the task that does: who reads
/// what is late changes nothing else.
pub struct InTime {
    /// The records, with where their window begins.
    pub schema: Schema,
    /// By what they are grouped; the last leaf is where their window begins.
    pub key: Vec<usize>,
    /// How long a window is.
    pub micros: i64,
}

impl Operator for InTime {
    fn name(&self) -> &'static str {
        "window"
    }

    fn details(&self) -> String {
        "in time".to_owned()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = live.clone();
        self.key.iter().for_each(|&leaf| reads.insert(leaf));
        reads
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(unchanged(&self.schema))
    }

    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        needs_start(&self.key)
    }

    fn role(&self) -> Role {
        Role::SetsAside
    }

    fn state_definition(&self) -> Option<String> {
        Some(format!("event time of {}", tumbling(self.micros)))
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let definition = self.state_definition().unwrap_or_default();
        let (begin, micros) = (self.key.last().copied().unwrap_or_default(), self.micros);
        let create = move |context: &TaskContext| {
            Ok(InTimeDriver {
                open: OpenWindows::new(TumblingWindows { time: begin, micros }),
                state: EventTimeState::new(definition.clone()),
                late: Selection::default(),
                context: context.clone(),
            })
        };
        let driver = DriverFactory::new("set late records aside", create);
        let driver = driver.recovering(Recovery::Restored);
        // Where a window begins is in no page before rows are shipped, so they are, also to one task.
        let way = Way::ship(Ship::Hash(self.key.clone()));
        vec![planning.of_one(way, driver, planning.tasks, Work::rows(planning.inputs[0].rows))]
    }

    /// Nothing is late where all records are there.
    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}

struct InTimeDriver {
    open: OpenWindows,
    state: EventTimeState,
    late: Selection,
    context: TaskContext,
}

impl Driver for InTimeDriver {
    fn survives_rounds(&self) -> bool {
        true
    }

    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let late = &mut self.late;
        self.open.select(input, true, late);
        if late.is_empty() {
            out.pass(input.selection().clone());
            return Ok(Progress::Done);
        }
        let mut in_time = Selection::default();
        self.open.select(input, false, &mut in_time);
        self.context.metrics.late_rows.add(late.len() as u64);
        out.pages_of(SIDE_OUTPUT).append(&Input::new(input.batch(), late), None)?;
        out.pass(in_time);
        Ok(Progress::Done)
    }

    fn on_watermark(&mut self, micros: i64, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.open.advance(micros);
        Ok(Progress::Done)
    }

    fn on_barrier(&mut self, epoch: u64, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.state.mark(epoch, self.open.watermark);
        Ok(Progress::Done)
    }

    fn state(&mut self) -> Option<&mut dyn DriverState> {
        Some(&mut self.state)
    }

    fn on_restored(&mut self) {
        // What was late stays late, whatever the sources say first.
        self.open.watermark = self.state.restored().unwrap_or(i64::MIN);
    }
}
