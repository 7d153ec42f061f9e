//! Records that arrive after their window has ended.

use std::ops::Range;

use crate::error::Result;
use crate::hash::hash_rows;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table, unchanged};
use crate::row::{HiddenLeaf, LeafSet, Schema};
use crate::state::{EventTimeState, EventTimes, GroupTimes, key_group_of, key_groups_of_task};
use crate::strategy::{
    Cursor, Driver, DriverFactory, DriverProperties, DriverState, InputEdge, Planning, Progress, Recovery, SIDE_OUTPUT,
    Ship, Snapshotted, Strategy, TumblingWindows, Work,
};

use super::{for_each_start, needs_start, tumbling};

/// The windows that have not ended.
pub(super) struct OpenWindows {
    /// The windows. Their `time` is the leaf of rows with the start of their window.
    windows: TumblingWindows,
    /// The key groups of the task.
    owned: Range<usize>,
    /// The watermark: events before it are late.
    watermark: i64,
    /// The event time of each key group, after a restore from tasks with different event times. A
    /// task that was further has already emitted windows of its key groups. Dropped when the
    /// watermark has passed all of these times.
    restored: Option<GroupTimes>,
    hashes: Vec<u64>,
}

impl OpenWindows {
    /// Before the first watermark, in a task that owns these key groups.
    pub(super) fn new(windows: TumblingWindows, owned: Range<usize>) -> Self {
        OpenWindows { windows, owned, watermark: i64::MIN, restored: None, hashes: Vec::new() }
    }

    /// Event time continues at the least restored time. Late records of a key group stay late.
    pub(super) fn restore(&mut self, times: GroupTimes) {
        self.watermark = times.least(self.owned.clone());
        self.restored = Some(times);
        self.advance(self.watermark);
    }

    /// Raises the watermark.
    pub(super) fn advance(&mut self, micros: i64) {
        self.watermark = self.watermark.max(micros);
        if self.restored.is_some() && self.times().later.is_empty() {
            self.restored = None;
        }
    }

    /// The event times for a snapshot.
    pub(super) fn times(&self) -> EventTimes {
        let least = self.watermark;
        let later = self.restored.as_ref().map(|times| times.later(least, self.owned.clone()));
        EventTimes { least, later: later.unwrap_or_default() }
    }

    /// Whether key groups have different event times because of a restore.
    pub(super) fn differ_by_key(&self) -> bool {
        self.restored.is_some()
    }

    /// Windows that start before this have ended.
    pub(super) fn first_open_start(&self) -> i64 {
        self.first_open_start_at(self.watermark)
    }

    fn first_open_start_at(&self, watermark: i64) -> i64 {
        watermark.saturating_sub(self.windows.micros).saturating_add(1)
    }

    /// Selects the rows whose windows have ended, or the others.
    pub(super) fn select(&self, input: &Input<'_>, have_ended: bool, rows: &mut Selection) {
        let first_open_start = self.first_open_start();
        for_each_start(input, self.windows.time, |starts| {
            rows.set(starts.filter(|&(_, start)| (start < first_open_start) == have_ended).map(|(row, _)| row));
        });
    }

    /// As [`OpenWindows::select`], for rows that have just arrived. They are late by the restored
    /// time of their key group. `key` is the leaves of the rows' key. The last one is the start of
    /// their window.
    pub(super) fn select_by_key(&mut self, input: &Input<'_>, key: &[usize], have_ended: bool, rows: &mut Selection) {
        let Some(restored) = &self.restored else { return self.select(input, have_ended, rows) };
        hash_rows(input, key, &mut self.hashes);
        let first_open_start =
            |hash: u64| self.first_open_start_at(self.watermark.max(restored.of(key_group_of(hash))));
        for_each_start(input, key.last().copied().unwrap_or(self.windows.time), |starts| {
            let hashed = starts.zip(&self.hashes);
            rows.set(
                hashed
                    .filter(|&((_, start), &hash)| (start < first_open_start(hash)) == have_ended)
                    .map(|((row, _), _)| row),
            );
        });
    }

    /// The start of the first window that has not ended.
    pub(super) fn first_window(&self) -> i64 {
        self.windows.start_of(self.first_open_start().saturating_sub(1)).saturating_add(self.windows.micros)
    }
}

/// Splits records: emits those whose windows have not ended, and emits late ones at the side
/// output.
///
/// It is part of a plan only if late records are read. Otherwise the aggregate drops them. It runs
/// in the aggregate's task and uses its watermark. Reading late records therefore never changes a
/// window.
pub struct LateDataSplit {
    /// The records, with the start of their window.
    pub schema: Schema,
    /// The key that they are grouped by. The last leaf is the start of their window.
    pub key: Vec<usize>,
    /// The length of a window in microseconds.
    pub micros: i64,
}

impl Operator for LateDataSplit {
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

    fn has_side_output(&self) -> bool {
        true
    }

    fn state_definition(&self) -> Option<String> {
        Some(format!("event time of {}", tumbling(self.micros)))
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let definition = self.state_definition().unwrap_or_default();
        let (start, micros) = (self.key.last().copied().unwrap_or_default(), self.micros);
        let key = self.key.clone();
        let create = move |context: &TaskContext| {
            let owned = key_groups_of_task(context.subtask, context.subtasks);
            Ok(LateSplitDriver {
                open: OpenWindows::new(TumblingWindows { time: start, micros }, owned.clone()),
                key: key.clone(),
                state: EventTimeState::new(owned, definition.clone()),
                late: Selection::default(),
                context: context.clone(),
            })
        };
        let properties = DriverProperties { keeps_state_across_rounds: true, ..DriverProperties::default() };
        let driver = DriverFactory::new("set late records aside", create).with_properties(properties);
        let driver = driver.recovering(Recovery::Restored);
        // The start of a window is written to a page only when rows are sent. So rows are sent even
        // to a single task.
        let edge = InputEdge::ship(Ship::Hash(self.key.clone())).needing_key_group(&self.key);
        vec![planning.of_one(edge, driver, planning.tasks, Work::rows(planning.inputs[0].rows))]
    }

    /// No record is late, because all records are there before a window ends.
    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}

/// The name of the state, which has no rows.
const EVENT_TIME: &str = "event-time";

struct LateSplitDriver {
    open: OpenWindows,
    /// The leaves that records are grouped by, and sent to this task by.
    key: Vec<usize>,
    state: EventTimeState,
    late: Selection,
    context: TaskContext,
}

impl Driver for LateSplitDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let late = &mut self.late;
        self.open.select_by_key(input, &self.key, true, late);
        if late.is_empty() {
            out.pass(input.selection().clone());
            return Ok(Progress::Done);
        }
        let mut in_time = Selection::default();
        self.open.select_by_key(input, &self.key, false, &mut in_time);
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
        self.state.mark(epoch, self.open.times());
        Ok(Progress::Done)
    }

    fn snapshotted(&mut self) -> Option<&mut dyn Snapshotted> {
        Some(self)
    }
}

impl Snapshotted for LateSplitDriver {
    fn states(&mut self) -> Vec<(&'static str, &mut dyn DriverState)> {
        vec![(EVENT_TIME, &mut self.state)]
    }

    fn on_restored(&mut self) {
        // Event time continues at the restored watermark, so late records stay late.
        self.state.take_restored().into_iter().for_each(|times| self.open.restore(times));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::page::Columns;
    use crate::row::LeafType;
    use crate::state::KEY_GROUPS;
    use crate::strategy::DriverState;

    const MINUTE: i64 = 60;

    /// The time restored from two former tasks that had reached these times.
    fn restored(times: [i64; 2]) -> GroupTimes {
        let mut state = EventTimeState::new(0..KEY_GROUPS, String::new());
        for (owned, time) in [0..512, 512..1024].into_iter().zip(times) {
            let (mut former, mut bytes) = (EventTimeState::new(owned, String::new()), Vec::new());
            former.mark(1, time.into());
            former.next_image(&mut bytes).unwrap();
            state.begin_restore(std::path::Path::new("state"));
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (piece, left) = rest.split_at(state.wanted_bytes());
                state.supply(piece).unwrap();
                rest = left;
            }
        }
        state.take_restored().unwrap()
    }

    #[test]
    fn restored_key_groups_have_their_own_watermarks() {
        let keys: Vec<u64> = (0..1_000).collect();
        let starts: Vec<i64> = keys.iter().map(|key| (*key % 5) as i64 * MINUTE).collect();
        let mut columns = Columns::new(keys.len());
        columns.plain(LeafType::U64, &keys).unwrap();
        columns.plain(LeafType::Timestamp, &starts).unwrap();
        let batch = columns.finish();
        let mut all = Selection::default();
        all.fill(0..keys.len());
        let (input, key) = (Input::new(&batch, &all), [0, 1]);
        let mut hashes = Vec::new();
        hash_rows(&input, &key, &mut hashes);
        let mut open = OpenWindows::new(TumblingWindows { time: 1, micros: MINUTE }, 0..KEY_GROUPS);
        open.restore(restored([190, 70]));
        for watermark in [70, 100, 189, 190, 250] {
            open.advance(watermark);
            let is_late = |row: usize| {
                let before = if key_group_of(hashes[row]) < 512 { 190 } else { 70 };
                starts[row] + MINUTE <= watermark.max(before)
            };
            for late in [true, false] {
                let (mut rows, expected) = (Selection::default(), 0..keys.len());
                open.select_by_key(&input, &key, late, &mut rows);
                let expected: Vec<u32> = expected.filter(|&row| is_late(row) == late).map(|row| row as u32).collect();
                assert_eq!(rows.rows(), expected, "{watermark}, {late}");
            }
            // A snapshot has both times while they differ.
            let later = if watermark < 190 { vec![(0..512, 190)] } else { Vec::new() };
            assert_eq!(open.times(), EventTimes { least: watermark, later });
            assert_eq!(open.differ_by_key(), watermark < 190);
        }
    }

    #[test]
    fn restored_times_are_those_of_own_key_groups() {
        let mut open = OpenWindows::new(TumblingWindows { time: 1, micros: MINUTE }, 512..768);
        open.restore(restored([190, 70]));
        assert_eq!(open.times(), EventTimes::from(70));
    }
}
