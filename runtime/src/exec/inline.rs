//! Filters and views: what happens to rows in place.

mod filters;

use std::cell::Cell;
use std::sync::Arc;

use super::job::Job;
use crate::error::{Origin, Result};
use crate::metrics::OperatorMetrics;
use crate::page::{Batch, Input, Selection};
use crate::strategy::TumblingWindows;

pub(super) use filters::{Filter, KeyCheck, LeadingFilters, leading_filters};

/// Who is at work in a task: whose counters run, and whose fault an error or panic is.
pub(super) struct Watch {
    pub(super) job: Arc<Job>,
    subtask: usize,
    current: Cell<usize>,
}

impl Watch {
    /// Of the task with this number in its stage.
    pub(super) fn new(job: Arc<Job>, subtask: usize) -> Self {
        Watch { job, subtask, current: Cell::new(usize::MAX) }
    }

    /// The operator at work from now on, and its counters.
    pub(super) fn enter(&self, operator: usize) -> &OperatorMetrics {
        self.current.set(operator);
        self.metrics(operator)
    }

    /// An operator's counters in this task.
    pub(super) fn metrics(&self, operator: usize) -> &OperatorMetrics {
        &self.job.metrics.operators[operator][self.subtask]
    }

    pub(super) fn origin(&self) -> Option<Origin> {
        self.job.origins.get(self.current.get()).cloned()
    }
}

/// The rows of an inline step in its task.
///
/// Each consumer of a fork has a copy of the steps between the fork's operator and itself. All copies run in one task
/// and receive the same rows, unless one stops early. So the operator's counts are those of the copy with most rows.
#[derive(Default)]
pub(super) struct RowCounts {
    rows_in: u64,
    rows_out: u64,
}

impl RowCounts {
    /// Adds rows, and raises the operator's counters to the sums.
    fn note(&mut self, asked: usize, kept: usize, metrics: &OperatorMetrics) {
        self.rows_in += asked as u64;
        self.rows_out += kept as u64;
        metrics.rows_in.raise(self.rows_in);
        metrics.rows_out.raise(self.rows_out);
    }
}

/// A filter or view in one task.
pub(super) enum InlineStep {
    Filter(Filter),
    Project(usize, Arc<[usize]>, RowCounts),
    /// The leaf with event time, and the greatest that was noted since it was [taken](InlineStep::take_greatest_time).
    EventTime(usize, Option<i64>),
    /// The windows, the leaf that gets their begin, and the begins for the rows at hand, by the rows' numbers.
    WindowStart(usize, TumblingWindows, usize, Vec<i64>, RowCounts),
    RuntimeFilter(KeyCheck),
}

impl InlineStep {
    /// Whether it is a filter that drops nothing, as far as is known.
    pub(super) fn lets_all_pass(&self) -> bool {
        matches!(self, InlineStep::RuntimeFilter(check) if check.filter().is_none())
    }

    /// The greatest event time of the rows that came since the last call.
    pub(super) fn take_greatest_time(&mut self) -> Option<i64> {
        if let InlineStep::EventTime(_, greatest) = self { greatest.take() } else { None }
    }
}

/// The greatest value of a leaf with times.
fn greatest_time(leaf: usize, batch: &Batch<'_>, rows: &Selection) -> Option<i64> {
    Input::new(batch, rows).visit(|mut leaves, rows| {
        leaves.skip(leaf);
        let times = leaves.plain::<i64>();
        rows.iter().map(|row| times.read(row)).max()
    })
}

/// Computes the begins of the windows of some rows.
fn find_windows(windows: TumblingWindows, starts: &mut Vec<i64>, batch: &Batch<'_>, rows: &Selection) -> Result<()> {
    // The batch with the begins has as many rows as there are begins, and must fit the selection.
    if starts.len() < rows.bound() {
        starts.resize(rows.bound(), 0);
    }
    let selected = rows.rows();
    Input::new(batch, rows).visit(|mut leaves, rows| {
        leaves.skip(windows.time);
        let times = leaves.plain::<i64>();
        let mut are_near_end = false;
        for (&number, row) in selected.iter().zip(rows.iter()) {
            let time = times.read(row);
            are_near_end |= windows.is_near_end(time);
            starts[number as usize] = windows.start_of(time);
        }
        if are_near_end { rows.iter().try_for_each(|row| windows.check(times.read(row))) } else { Ok(()) }
    })
}

/// Takes a window through filters and views, and gives what is left to `f`; where nothing is left, nothing is called.
pub(super) fn filtered<R: Default>(
    inline: &mut [InlineStep],
    batch: &Batch<'_>,
    rows: &Selection,
    watch: &Watch,
    f: impl FnOnce(&Input<'_>) -> Result<R>,
) -> Result<R> {
    if inline.is_empty() {
        return f(&Input::checked(batch, rows)?);
    }
    let mut kept = rows.clone();
    filter_window(inline, batch, &mut kept, watch)?;
    if kept.is_empty() {
        Ok(R::default())
    } else {
        with_projection(inline, batch, |batch| f(&Input::checked(batch, &kept)?))
    }
}

/// Runs the inline steps over a selection. Each reads the leaves that the projections before it leave.
pub(super) fn filter_window(
    inline: &mut [InlineStep],
    batch: &Batch<'_>,
    rows: &mut Selection,
    watch: &Watch,
) -> Result<()> {
    // The leaves that are left of the batch, and the batch with these alone.
    let mut seen: Option<Vec<usize>> = None;
    let mut projected: Option<Batch<'_>> = None;
    for step in inline {
        let (asked, batch_seen) = (rows.len(), projected.as_ref().unwrap_or(batch));
        match step {
            InlineStep::Project(operator, leaves, counts) => {
                counts.note(asked, asked, watch.enter(*operator));
                let leaves = leaves_of_projection(leaves, seen.as_ref());
                projected = Some(batch.project(&leaves));
                seen = Some(leaves);
            }
            InlineStep::EventTime(leaf, greatest) => {
                *greatest = (*greatest).max(greatest_time(*leaf, batch_seen, rows));
            }
            // It keeps all rows.
            InlineStep::WindowStart(operator, windows, _, starts, counts) => {
                counts.note(asked, asked, watch.enter(*operator));
                find_windows(*windows, starts, batch_seen, rows)?;
            }
            InlineStep::RuntimeFilter(_) if step.lets_all_pass() => {}
            InlineStep::RuntimeFilter(check) => {
                check.select(batch_seen, rows);
                check.note(asked, rows.len(), watch);
            }
            InlineStep::Filter(filter) => {
                filter.select(batch_seen, rows, watch)?;
                filter.note(asked, rows.len(), watch);
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Calls `f` with the leaves that a prelude's views leave, and what they added to the rows that [`filter_window`] saw last.
pub(super) fn with_projection<R>(inline: &[InlineStep], batch: &Batch<'_>, f: impl FnOnce(&Batch<'_>) -> R) -> R {
    let leaves = projected_leaves(inline, None);
    let projected = leaves.map(|leaves| batch.project(&leaves));
    let batch = projected.as_ref().unwrap_or(batch);
    match inline.last() {
        Some(InlineStep::WindowStart(_, _, leaf, starts, _)) => f(&batch.with_times(*leaf, starts)),
        _ => f(batch),
    }
}

/// The leaves that are left of `seen` (of all, where it is `None`) behind a prelude's views.
pub(super) fn projected_leaves(inline: &[InlineStep], seen: Option<&Vec<usize>>) -> Option<Vec<usize>> {
    inline.iter().fold(seen.cloned(), |seen, light| match light {
        InlineStep::Filter(_)
        | InlineStep::EventTime(..)
        | InlineStep::WindowStart(..)
        | InlineStep::RuntimeFilter(_) => seen,
        InlineStep::Project(_, leaves, _) => Some(leaves_of_projection(leaves, seen.as_ref())),
    })
}

/// The leaves that a view picks, where `seen` are those that it sees.
fn leaves_of_projection(leaves: &[usize], seen: Option<&Vec<usize>>) -> Vec<usize> {
    leaves.iter().map(|&leaf| seen.map_or(leaf, |seen| seen[leaf])).collect()
}
