//! Filters and views: what happens to rows in place.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use super::job::Job;
use crate::error::{Origin, Result};
use crate::kernel::Predicate;
use crate::metrics::OperatorMetrics;
use crate::page::{Batch, Input, Selection};

/// Who is at work in a task: whose counters run, and whose fault an error or panic is.
pub(super) struct Watch {
    pub(super) job: Arc<Job>,
    current: Cell<usize>,
}

impl Watch {
    pub(super) fn new(job: Arc<Job>) -> Self {
        Watch { job, current: Cell::new(usize::MAX) }
    }

    /// The operator at work from now on, and its counters.
    pub(super) fn enter(&self, operator: usize) -> &OperatorMetrics {
        self.current.set(operator);
        &self.job.metrics.operators[operator]
    }

    pub(super) fn origin(&self) -> Option<Origin> {
        self.job.origins.get(self.current.get()).cloned()
    }
}

/// A filter or view in one task.
pub(super) enum Light {
    Filter(usize, Box<dyn Predicate>),
    Project(usize, Arc<[usize]>),
}

/// Takes a window through filters and views, and gives what is left to `f`; where nothing is left, nothing is called.
pub(super) fn through<R: Default>(
    lights: &mut [Light],
    batch: &Batch<'_>,
    rows: &Selection,
    watch: &Watch,
    f: impl FnOnce(&Input<'_>) -> Result<R>,
) -> Result<R> {
    if lights.is_empty() {
        return f(&Input::new(batch, rows));
    }
    let mut kept = rows.clone();
    narrow(lights, batch, &mut kept, watch)?;
    if kept.is_empty() { Ok(R::default()) } else { viewed(lights, batch, |batch| f(&Input::new(batch, &kept))) }
}

/// Runs the filters of a prelude over a selection, each seeing the leaves that the views before it leave.
pub(super) fn narrow(lights: &mut [Light], batch: &Batch<'_>, rows: &mut Selection, watch: &Watch) -> Result<()> {
    // The leaves that are left of the batch, and the batch with these alone.
    let mut seen: Option<Vec<usize>> = None;
    let mut viewed: Option<Batch<'_>> = None;
    for light in lights {
        match light {
            Light::Project(operator, leaves) => {
                let metrics = watch.enter(*operator);
                metrics.rows_in.add(rows.len() as u64);
                metrics.rows_out.add(rows.len() as u64);
                let picked = picked_of(leaves, seen.as_ref());
                viewed = Some(batch.project(&picked));
                seen = Some(picked);
            }
            Light::Filter(operator, predicate) => {
                let metrics = watch.enter(*operator);
                let started = Instant::now();
                metrics.rows_in.add(rows.len() as u64);
                predicate.select(viewed.as_ref().unwrap_or(batch), rows)?;
                metrics.rows_out.add(rows.len() as u64);
                metrics.busy_nanos.add(started.elapsed().as_nanos() as u64);
                if rows.is_empty() {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Calls `f` with the leaves that a prelude's views leave.
pub(super) fn viewed<R>(lights: &[Light], batch: &Batch<'_>, f: impl FnOnce(&Batch<'_>) -> R) -> R {
    match picked(lights, None) {
        None => f(batch),
        Some(leaves) => f(&batch.project(&leaves)),
    }
}

/// The leaves that are left of `seen` (of all, where it is `None`) behind a prelude's views.
pub(super) fn picked(lights: &[Light], seen: Option<&Vec<usize>>) -> Option<Vec<usize>> {
    lights.iter().fold(seen.cloned(), |seen, light| match light {
        Light::Filter(..) => seen,
        Light::Project(_, leaves) => Some(picked_of(leaves, seen.as_ref())),
    })
}

/// The leaves that a view picks, where `seen` are those that it sees.
fn picked_of(leaves: &[usize], seen: Option<&Vec<usize>>) -> Vec<usize> {
    leaves.iter().map(|&leaf| seen.map_or(leaf, |seen| seen[leaf])).collect()
}
