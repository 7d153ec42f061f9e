//! Inline steps: filters and projections that are applied to a batch in place, before a driver or
//! an output.

mod filters;

use std::cell::Cell;
use std::sync::Arc;

use super::job::Job;
use crate::error::{Origin, Result};
use crate::metrics::OperatorMetrics;
use crate::page::{Batch, Input, Selection};
use crate::strategy::TumblingWindows;

pub(super) use filters::{Filter, KeyCheck, LeadingFilters, leading_filters};

/// The operator that runs in a task now. Errors and panics are attributed to it. Also gives access
/// to the counters of operators.
pub(super) struct OperatorScope {
    pub(super) job: Arc<Job>,
    subtask: usize,
    current: Cell<usize>,
}

impl OperatorScope {
    /// `subtask` is the number of the task in its stage.
    pub(super) fn new(job: Arc<Job>, subtask: usize) -> Self {
        OperatorScope { job, subtask, current: Cell::new(usize::MAX) }
    }

    /// Sets the running operator. Returns its counters.
    pub(super) fn enter(&self, operator: usize) -> &OperatorMetrics {
        self.current.set(operator);
        self.metrics(operator)
    }

    /// The counters of an operator in this task.
    pub(super) fn metrics(&self, operator: usize) -> &OperatorMetrics {
        &self.job.metrics.operators[operator][self.subtask]
    }

    pub(super) fn origin(&self) -> Option<Origin> {
        self.job.origins.get(self.current.get()).cloned()
    }
}

/// Row counts of an inline step in one task.
///
/// Each consumer of a fork has a copy of the steps between the fork's operator and itself. All
/// copies run in one task and receive the same rows, unless one stops early. So the operator's
/// counts are those of the copy with most rows.
#[derive(Default)]
pub(super) struct RowCounts {
    rows_in: u64,
    rows_out: u64,
}

impl RowCounts {
    /// Adds rows, and raises the operator's counters to the sums.
    fn note(&mut self, checked: usize, kept: usize, metrics: &OperatorMetrics) {
        self.rows_in += checked as u64;
        self.rows_out += kept as u64;
        metrics.rows_in.raise(self.rows_in);
        metrics.rows_out.raise(self.rows_out);
    }
}

/// An inline step in one task.
pub(super) enum InlineStep {
    Filter(Filter),
    /// The operator, and the selected leaves.
    Project(usize, Arc<[usize]>, RowCounts),
    /// The leaf with event time, and the greatest one since the last
    /// [`take_greatest_time`](InlineStep::take_greatest_time).
    EventTime(usize, Option<i64>),
    /// The operator, its windows, the leaf for the start of a row's window, and the starts by row
    /// number.
    WindowStart(usize, TumblingWindows, usize, Vec<i64>, RowCounts),
    RuntimeFilter(KeyCheck),
}

impl InlineStep {
    /// Returns `true` for a runtime filter that drops no rows at present.
    pub(super) fn lets_all_pass(&self) -> bool {
        matches!(self, InlineStep::RuntimeFilter(check) if check.filter().is_none())
    }

    /// Takes the greatest event time of the rows since the last call.
    pub(super) fn take_greatest_time(&mut self) -> Option<i64> {
        if let InlineStep::EventTime(_, greatest) = self { greatest.take() } else { None }
    }
}

/// The greatest value of a leaf with event times. `None` without rows.
fn greatest_time(leaf: usize, batch: &Batch<'_>, rows: &Selection) -> Option<i64> {
    Input::new(batch, rows).visit(|mut leaves, rows| {
        leaves.skip(leaf);
        let times = leaves.plain::<i64>();
        rows.iter().map(|row| times.read(row)).max()
    })
}

/// Computes the window starts of the selected rows, by row number.
fn compute_window_starts(
    windows: TumblingWindows,
    starts: &mut Vec<i64>,
    batch: &Batch<'_>,
    rows: &Selection,
) -> Result<()> {
    // The starts become a leaf of the batch, so it must have all rows of the selection.
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

/// Applies inline steps to a window, and calls `f` with the remaining rows. Without rows, `f` is
/// not called.
pub(super) fn with_filtered_rows<R: Default>(
    inline: &mut [InlineStep],
    batch: &Batch<'_>,
    rows: &Selection,
    scope: &OperatorScope,
    f: impl FnOnce(&Input<'_>) -> Result<R>,
) -> Result<R> {
    if inline.is_empty() {
        return f(&Input::checked(batch, rows)?);
    }
    let mut kept = rows.clone();
    filter_window(inline, batch, &mut kept, scope)?;
    if kept.is_empty() {
        Ok(R::default())
    } else {
        with_projection(inline, batch, |batch| f(&Input::checked(batch, &kept)?))
    }
}

/// Applies inline steps to a selection. Each step sees the leaves that the projections before it
/// select.
pub(super) fn filter_window(
    inline: &mut [InlineStep],
    batch: &Batch<'_>,
    rows: &mut Selection,
    scope: &OperatorScope,
) -> Result<()> {
    // The leaves that were selected so far, and the batch with only these.
    let mut seen: Option<Vec<usize>> = None;
    let mut projected: Option<Batch<'_>> = None;
    for step in inline {
        let (checked, batch_seen) = (rows.len(), projected.as_ref().unwrap_or(batch));
        match step {
            InlineStep::Project(operator, leaves, counts) => {
                counts.note(checked, checked, scope.enter(*operator));
                let leaves = leaves_of_projection(leaves, seen.as_ref());
                projected = Some(batch.project(&leaves));
                seen = Some(leaves);
            }
            InlineStep::EventTime(leaf, greatest) => {
                *greatest = (*greatest).max(greatest_time(*leaf, batch_seen, rows));
            }
            // This step keeps all rows.
            InlineStep::WindowStart(operator, windows, _, starts, counts) => {
                counts.note(checked, checked, scope.enter(*operator));
                compute_window_starts(*windows, starts, batch_seen, rows)?;
            }
            InlineStep::RuntimeFilter(_) if step.lets_all_pass() => {}
            InlineStep::RuntimeFilter(check) => {
                check.select(batch_seen, rows);
                check.note(checked, rows.len(), scope);
            }
            InlineStep::Filter(filter) => {
                filter.select(batch_seen, rows, scope)?;
                filter.note(checked, rows.len(), scope);
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Calls `f` with the batch after the projections of inline steps. Includes the window starts that
/// [`filter_window`] computed last.
pub(super) fn with_projection<R>(inline: &[InlineStep], batch: &Batch<'_>, f: impl FnOnce(&Batch<'_>) -> R) -> R {
    let leaves = projected_leaves(inline, None);
    let projected = leaves.map(|leaves| batch.project(&leaves));
    let batch = projected.as_ref().unwrap_or(batch);
    match inline.last() {
        Some(InlineStep::WindowStart(_, _, leaf, starts, _)) => f(&batch.with_times(*leaf, starts)),
        _ => f(batch),
    }
}

/// The leaves that the projections of inline steps select from `seen`. `None` means all leaves.
pub(super) fn projected_leaves(inline: &[InlineStep], seen: Option<&Vec<usize>>) -> Option<Vec<usize>> {
    inline.iter().fold(seen.cloned(), |seen, step| match step {
        InlineStep::Filter(_)
        | InlineStep::EventTime(..)
        | InlineStep::WindowStart(..)
        | InlineStep::RuntimeFilter(_) => seen,
        InlineStep::Project(_, leaves, _) => Some(leaves_of_projection(leaves, seen.as_ref())),
    })
}

/// The leaves of the batch that a projection selects, if it sees the leaves `seen`.
fn leaves_of_projection(leaves: &[usize], seen: Option<&Vec<usize>>) -> Vec<usize> {
    leaves.iter().map(|&leaf| seen.map_or(leaf, |seen| seen[leaf])).collect()
}
