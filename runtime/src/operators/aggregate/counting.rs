//! Aggregates that count distinct values, in several tables that may spill.
//!
//! While there is memory, tables of (group, value) count distinct values, one table per measure, in
//! addition to the groups' table. These are the *first tables*. If memory is refused they are
//! frozen: they still count for their groups and values, but add no row.
//!
//! * Rows of other groups go to a [`HybridHashAggregation`], as in any aggregation.
//! * Other values go to a second one, by group, measure and value. Such a row reads as a state: 1
//!   as its measure's count, zeros as sums, and a copy of a record's leaves for a least or a first.
//!
//! At the end the first tables and the values are merged as states are, and no kernel has a case
//! for them. A value is in the first tables or it is not, so none is counted twice.
//!
//! # Cost
//! Rows of the first tables hold the place of their group, not its key. That makes them fast, but
//! they cannot be spilled by key. Rows with keys from the start would hash the key twice per row,
//! and store it once per value.
//!
//! # Memory
//! Each table has a portion of the operator's memory. The minimums add up to the operator's
//! minimum, and each is reserved for its table alone. So no table starves, and each spills
//! independently.

use std::sync::Arc;

use crate::error::Result;
use crate::group::{GroupTable, GroupUpdate, GrowthPolicy, HybridHashAggregation, Rows, UnplacedRows};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::{Memory, limits};
use crate::operators::distinct_count::DistinctCount;
use crate::operators::fold::Fold;
use crate::page::{Input, Page, Selection};
use crate::strategy::{Cursor, Driver, PageWindows, Progress, Revocable, Round, ready};

use super::spec::{Phase, Spec};
use super::update::AggregateUpdate;
use super::values::Values;

/// Cursors of [`Driver::on_round_end`]. `FIRST` and `VALUES`: pages of the first tables, or of the
/// values, are added to the groups' states. `STATES`: the groups are emitted.
const FIRST: Cursor = 1;
const VALUES: Cursor = 2;
const STATES: Cursor = 3;

/// Counts distinct values of groups, in tables in addition to the groups' table.
pub(super) struct CountingDriver {
    update: AggregateUpdate,
    table: GroupTable,
    counts: Vec<DistinctCount>,
    /// The memory of the first tables.
    memory: Memory,
    /// Whether the first tables are frozen.
    is_frozen: bool,
    unplaced: UnplacedRows,
    /// The rows of a window that are not counted in the first tables. `other_groups` are the rows
    /// of other groups, and `uncounted` the rows with other values, for each measure.
    other_groups: Selection,
    uncounted: Vec<Selection>,
    /// The position in the rows of the grouping that receives them.
    grouping_cursor: Cursor,
    states: HybridHashAggregation,
    values: Values,
    page: Option<PageCursor>,
}

impl CountingDriver {
    pub(super) fn new(spec: &Arc<Spec>, phase: Phase, context: &TaskContext) -> Result<Self> {
        let (update, _) = AggregateUpdate::new(spec, phase, context)?;
        let merging = phase == Phase::Merge;
        let portion = || TaskContext { memory: context.memory.child(limits::GROUP_BYTES), ..context.clone() };
        let table =
            |context: &TaskContext| GroupTable::new(spec.table.clone(), spec.output_key.as_slice(), &context.memory);
        let counts = spec.distinct_counts(merging, context)?;
        let of_states = portion();
        Ok(CountingDriver {
            update,
            table: table(context)?.growing(GrowthPolicy::BestEffort),
            uncounted: vec![Selection::default(); counts.len()],
            counts,
            memory: context.memory.clone(),
            is_frozen: false,
            unplaced: UnplacedRows::default(),
            other_groups: Selection::default(),
            grouping_cursor: 0,
            states: HybridHashAggregation::new(table(&of_states)?, 0, &of_states),
            values: Values::new(spec, merging, &portion())?,
            page: None,
        })
    }

    /// Adds a window to the first tables. Rows that they do not count are in `other_groups` and
    /// `uncounted`.
    fn add_first(&mut self, input: &Input<'_>) -> Result<()> {
        self.unplaced.clear();
        let (found, groups) = self.update.fold(&mut self.table, input, Rows::New, &mut self.unplaced)?;
        self.other_groups.set(self.unplaced.rows());
        let other_groups = Input::new(input.batch(), &self.other_groups);
        let mut uncounted = Vec::new();
        for (count, rows) in self.counts.iter_mut().zip(&mut self.uncounted) {
            count.add(&mut self.table, &found, groups, &mut uncounted)?;
            uncounted.extend(count.valued(&other_groups));
            rows.set(uncounted.drain(..));
        }
        let all = self.other_groups.is_empty() && self.uncounted.iter().all(Selection::is_empty);
        if !(all || self.is_frozen) {
            self.freeze();
        }
        Ok(())
    }

    /// Freezes the first tables until the input ends.
    fn freeze(&mut self) {
        self.is_frozen = true;
        self.table.freeze();
        self.counts.iter_mut().for_each(DistinctCount::freeze);
        self.memory.shrink();
        self.memory.set_revocable(false);
    }

    /// Emits all groups. For first tables that were not frozen.
    fn emit_all(&mut self, out: &mut Outputs) -> Result<Progress> {
        self.counts.iter_mut().try_for_each(DistinctCount::clear)?;
        for page in self.table.drain()? {
            out.pages().adopt(self.update.finish(page)?);
        }
        Ok(Progress::Done)
    }

    /// The next page of states from the first tables, or of values.
    fn next_page(&mut self, cursor: &mut Cursor) -> Result<Progress> {
        if *cursor == FIRST {
            let page = self.table.next_page()?;
            if page.is_none() {
                self.memory.shrink();
                *cursor = VALUES;
            }
            self.page = page.map(PageCursor::of);
            return Ok(Progress::Yield);
        }
        let progress = self.values.finish()?;
        self.page = self.values.take().map(PageCursor::of);
        if progress == Progress::Done {
            *cursor = STATES;
        }
        Ok(progress)
    }
}

impl Spec {
    /// The leaves of the state that count distinct values, each with the leaves of the value.
    pub(super) fn counts(&self) -> impl Iterator<Item = (usize, &[usize])> {
        let stored = self.state.iter().enumerate().filter(|&(to, _)| self.table.offset(to).is_some());
        stored.filter_map(|(to, leaf)| match &leaf.fold {
            Fold::Distinct(leaves) => Some((to, &leaves[..])),
            _ => None,
        })
    }

    /// The leaf of a value in the input's rows. Rows of combiners have the values after their
    /// states.
    pub(super) fn value_leaf(&self, leaf: usize, merging: bool) -> usize {
        match merging {
            true => self.appended_leaf(leaf),
            false => leaf,
        }
    }

    /// The number of a value's leaf after the leaves of the state.
    pub(super) fn appended_leaf(&self, leaf: usize) -> usize {
        self.state.len() + self.values.iter().position(|&value| value == leaf).unwrap_or_default()
    }

    /// The tables that count distinct values.
    fn distinct_counts(&self, merging: bool, context: &TaskContext) -> Result<Vec<DistinctCount>> {
        let typed = |&leaf: &usize| (self.value_leaf(leaf, merging), self.input_types[leaf]);
        let count = |(to, leaves): (usize, &[usize])| {
            DistinctCount::new(leaves.iter().map(typed).collect(), to, &context.memory)
        };
        self.counts().map(count).collect()
    }
}

impl Driver for CountingDriver {
    /// The cursor is 0 at the first tables, 1 at `states`, and the number of a measure plus 2 at
    /// `values`.
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.add_first(input)?;
            if !self.is_frozen {
                return Ok(Progress::Done);
            }
            *cursor = 1;
        }
        while *cursor <= 1 + self.uncounted.len() {
            ready!(match *cursor - 1 {
                0 => {
                    let other_groups = Input::new(input.batch(), &self.other_groups);
                    self.states.add(&mut self.update, &other_groups, Rows::New, &mut self.grouping_cursor)?
                }
                count =>
                    self.values.add(count - 1, input.batch(), &self.uncounted[count - 1], &mut self.grouping_cursor)?,
            });
            *cursor += 1;
        }
        *cursor = 0;
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if !self.is_frozen {
            return self.emit_all(out);
        }
        if *cursor == 0 {
            self.counts.iter_mut().try_for_each(DistinctCount::clear)?;
            self.table.begin_drain();
            *cursor = FIRST;
        }
        loop {
            if let Some(page) = &mut self.page {
                ready!(page.add_to(&mut self.states, &mut self.update)?);
                self.page = None;
                return Ok(Progress::Yield);
            }
            if *cursor != STATES {
                if self.next_page(cursor)? == Progress::Pending {
                    return Ok(Progress::Pending);
                }
                continue;
            }
            let progress = self.states.finish(&mut self.update, out)?;
            if progress == Progress::Done {
                self.is_frozen = false;
                self.memory.set_revocable(true);
            }
            return Ok(progress);
        }
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for CountingDriver {
    /// The first tables keep their memory until the input ends, but grow no more.
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        if !self.is_frozen {
            self.freeze();
            return Ok(());
        }
        let values = self.values.grouping();
        if values.bytes() >= self.states.bytes() { values.revoke(bytes) } else { self.states.revoke(bytes) }
    }
}

/// A page of states, while its rows are added to their groups.
struct PageCursor {
    page: Page,
    windows: PageWindows,
}

impl PageCursor {
    fn of(page: Page) -> Self {
        PageCursor { page, windows: PageWindows::default() }
    }

    fn add_to(&mut self, grouping: &mut HybridHashAggregation, update: &mut dyn GroupUpdate) -> Result<Progress> {
        let batch = self.page.batch();
        let windows = &mut self.windows;
        while windows.open(batch.rows()).is_some() {
            let input = Input::new(&batch, &windows.window);
            ready!(grouping.add(update, &input, Rows::States, &mut windows.cursor)?);
            windows.close();
        }
        Ok(Progress::Done)
    }
}
