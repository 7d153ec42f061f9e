//! Inline steps that drop rows: the program's filters, and runtime filters of joins.

use std::sync::Arc;
use std::time::Instant;

use super::{InlineStep, OperatorScope, RowCounts};
use crate::error::Result;
use crate::hash::{KeyFilter, RuntimeFilter};
use crate::kernel::Predicate;
use crate::metrics::Counter;
use crate::page::{Batch, Selection};
use crate::row::LeafSet;
use crate::source::RowFilters;

/// A filter of the program.
pub(in crate::exec) struct Filter {
    pub(in crate::exec) operator: usize,
    pub(in crate::exec) predicate: Box<dyn Predicate>,
    pub(in crate::exec) reads: LeafSet,
    /// See [`RowFilters::is_of_values`].
    pub(in crate::exec) is_of_values: bool,
    /// The leaves that are read after it.
    pub(in crate::exec) live: LeafSet,
    pub(in crate::exec) rows: RowCounts,
}

impl Filter {
    pub(in crate::exec) fn select(
        &mut self,
        batch: &Batch<'_>,
        rows: &mut Selection,
        scope: &OperatorScope,
    ) -> Result<()> {
        let metrics = scope.enter(self.operator);
        let started = Instant::now();
        self.predicate.select(batch, rows)?;
        metrics.busy_nanos.add(started.elapsed().as_nanos() as u64);
        Ok(())
    }

    pub(in crate::exec) fn note(&mut self, checked: usize, kept: usize, scope: &OperatorScope) {
        self.rows.note(checked, kept, scope.metrics(self.operator));
    }
}

/// The runtime filter of a join, applied to rows before the join.
pub(in crate::exec) struct KeyCheck {
    join: usize,
    filter: Arc<RuntimeFilter>,
    key: Arc<[usize]>,
    reads: LeafSet,
    hashes: Vec<u64>,
    /// Dropped rows of all tasks.
    removed: Arc<Counter>,
    /// Rows that this task has checked, and rows that it has dropped.
    seen: usize,
    dropped: usize,
}

impl KeyCheck {
    /// The number of checked rows after which a filter that drops too few rows is disabled.
    const TRIAL_ROWS: usize = 1 << 16;
    /// The minimum share of dropped rows: a lookup costs about a tenth of sending a row.
    const MINIMUM_DROP_SHARE: f64 = 0.1;

    /// The filter of a join for rows whose key is these leaves. Dropped rows are also added to
    /// `removed`.
    pub(in crate::exec) fn new(
        join: usize,
        filter: Arc<RuntimeFilter>,
        key: Arc<[usize]>,
        removed: Arc<Counter>,
    ) -> Self {
        let reads = key.iter().copied().collect();
        KeyCheck { join, filter, key, reads, hashes: Vec::new(), removed, seen: 0, dropped: 0 }
    }

    /// The filter, if it is complete and has not been disabled.
    pub(in crate::exec) fn filter(&self) -> Option<&KeyFilter> {
        let is_effective =
            self.seen < Self::TRIAL_ROWS || self.dropped as f64 >= Self::MINIMUM_DROP_SHARE * self.seen as f64;
        self.filter.complete().filter(|_| is_effective)
    }

    pub(in crate::exec) fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) {
        let mut hashes = std::mem::take(&mut self.hashes);
        if let Some(filter) = self.filter() {
            filter.select(batch, &self.key, rows, &mut hashes);
        }
        self.hashes = hashes;
    }

    pub(in crate::exec) fn note(&mut self, checked: usize, kept: usize, scope: &OperatorScope) {
        self.seen += checked;
        self.dropped += checked - kept;
        scope.metrics(self.join).filtered_rows.add((checked - kept) as u64);
        self.removed.add((checked - kept) as u64);
    }
}

/// The filters at the start of inline steps. The reader of a source may apply them.
pub(in crate::exec) struct LeadingFilters<'p> {
    filters: &'p mut [InlineStep],
    scope: &'p OperatorScope,
}

impl<'p> LeadingFilters<'p> {
    pub(in crate::exec) fn of(inline: &'p mut [InlineStep], scope: &'p OperatorScope) -> Self {
        let count = leading_filters(inline);
        LeadingFilters { filters: &mut inline[..count], scope }
    }
}

/// The number of filters at the start of inline steps.
pub(in crate::exec) fn leading_filters(inline: &[InlineStep]) -> usize {
    let is_filter = |step: &&InlineStep| matches!(step, InlineStep::Filter(_) | InlineStep::RuntimeFilter(_));
    inline.iter().take_while(is_filter).count()
}

impl RowFilters for LeadingFilters<'_> {
    fn count(&self) -> usize {
        self.filters.len()
    }

    fn reads(&self, filter: usize) -> Option<&LeafSet> {
        match &self.filters[filter] {
            InlineStep::Filter(filter) => Some(&filter.reads),
            InlineStep::RuntimeFilter(check) => check.filter().map(|_| &check.reads),
            InlineStep::Project(..) | InlineStep::EventTime(..) | InlineStep::WindowStart(..) => None,
        }
    }

    fn is_of_values(&self, filter: usize) -> bool {
        match &self.filters[filter] {
            InlineStep::Filter(filter) => filter.is_of_values,
            // It is complete when it is asked, so it does not change any more.
            InlineStep::RuntimeFilter(_) => true,
            InlineStep::Project(..) | InlineStep::EventTime(..) | InlineStep::WindowStart(..) => false,
        }
    }

    fn live(&self) -> Option<&LeafSet> {
        // A runtime filter needs no entry: the join after it reads the same key.
        self.filters.iter().rev().find_map(|step| match step {
            InlineStep::Filter(filter) => Some(&filter.live),
            _ => None,
        })
    }

    fn select(&mut self, filter: usize, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let source = self.scope.current.get();
        match &mut self.filters[filter] {
            InlineStep::Filter(filter) => filter.select(batch, rows, self.scope)?,
            InlineStep::RuntimeFilter(check) => check.select(batch, rows),
            InlineStep::Project(..) | InlineStep::EventTime(..) | InlineStep::WindowStart(..) => {}
        }
        // Errors of the reader belong to the source again.
        self.scope.current.set(source);
        Ok(())
    }

    fn note(&mut self, filter: usize, checked: usize, kept: usize) {
        match &mut self.filters[filter] {
            InlineStep::Filter(filter) => filter.note(checked, kept, self.scope),
            InlineStep::RuntimeFilter(check) => check.note(checked, kept, self.scope),
            InlineStep::Project(..) | InlineStep::EventTime(..) | InlineStep::WindowStart(..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Origin;
    use crate::exec::inline::filter_window;
    use crate::exec::job::Job;
    use crate::memory::{Budget, Memory};
    use crate::page::{Columns, WINDOW_ROWS};
    use crate::row::LeafType;

    /// Rows that passed before the filter was complete do not count as a trial.
    #[test]
    fn a_late_filter_is_tried_from_its_completion() {
        let numbers: Vec<u64> = (0..WINDOW_ROWS as u64).collect();
        let batch = |rows: usize| {
            let mut columns = Columns::new(rows);
            columns.plain(LeafType::U64, &numbers).unwrap();
            columns.finish()
        };
        let (filter, removed) = (Arc::new(RuntimeFilter::new(1, Some(10))), Arc::<Counter>::default());
        let mut inline = [InlineStep::RuntimeFilter(KeyCheck::new(0, filter.clone(), [0].into(), removed.clone()))];
        let origin =
            Origin { name: "join".into(), operator: "join".into(), file: "tests.rs".into(), line: 1, column: 1 };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let scope = OperatorScope::new(Job::new(Arc::new(pool), vec![(origin, 1)]), 0);
        let kept = |inline: &mut [InlineStep]| {
            let mut rows = Selection::default();
            rows.fill(0..WINDOW_ROWS);
            filter_window(inline, &batch(WINDOW_ROWS), &mut rows, &scope).unwrap();
            rows.len()
        };
        for _ in 0..2 * KeyCheck::TRIAL_ROWS / WINDOW_ROWS {
            assert_eq!(kept(&mut inline), WINDOW_ROWS);
        }
        assert!(LeadingFilters::of(&mut inline, &scope).reads(0).is_none());
        filter.add(std::iter::once(batch(10)), 10, &[0], None, &Memory::new(Budget::new(1 << 24), "test"));
        assert!(LeadingFilters::of(&mut inline, &scope).reads(0).is_some());
        assert!((10..WINDOW_ROWS / 10).contains(&kept(&mut inline)));
        let dropped = WINDOW_ROWS - kept(&mut inline);
        assert_eq!((scope.metrics(0).filtered_rows.get(), removed.get()), (2 * dropped as u64, 2 * dropped as u64));
    }
}
