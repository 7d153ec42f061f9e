//! Filters: rows are dropped in place, by a selection.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Factory, Predicate, PredicateFactory, TaskContext};
use crate::page::{Batch, Selection};
use crate::plan::{FilterOperator, Operator, Reads, SizeHint, Table, unbounded_memory, unchanged};
use crate::row::{LeafSet, LeafType, Schema};
use crate::source::Bound;
use crate::statistics::Relation;
use crate::strategy::{InPlace, Role, RowFilter};

/// Keeps the records for which a predicate holds.
#[derive(Clone)]
pub struct Filter {
    /// The records.
    pub schema: Schema,
    /// The predicate.
    pub predicate: PredicateFactory,
    /// The leaves that it reads.
    pub reads: Reads,
    /// Bounds that all kept records are within, for the statistics of sources.
    pub bounds: Vec<Bound>,
    /// Whether it may be called for records that do not reach it in the program: it has a result
    /// for all records, and no effects.
    pub moves: bool,
    /// Whether a value that it captures may have effects. Other filters are then not moved below
    /// it.
    pub may_have_effects: bool,
    /// Whether it may be called on sampled records before the run: nothing that it captures can
    /// have effects.
    pub may_run_on_sample: bool,
    /// The share of records that it keeps, as the program states it.
    pub selectivity: Option<f64>,
    /// For a filter that was moved: the word of the operator that it was moved below.
    pub below: Arc<str>,
}

impl Operator for Filter {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn details(&self) -> String {
        // The hint belongs to the whole conjunction, and its other parts have the share 1.
        let share = self.selectivity.filter(|&share| share < 1.0);
        share.map_or_else(String::new, |share| format!("of which {share} stay, by hint"))
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = self.reads.of(&self.schema);
        reads.extend_from(live);
        reads
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        let kept = inputs[0].filtered(self.may_run_on_sample.then_some(&self.predicate), &self.bounds);
        match self.selectivity {
            Some(share) => kept.with_rows(inputs[0].rows * share),
            None => kept,
        }
    }

    fn expecting(&self, share: f64) -> Option<Arc<dyn Operator>> {
        // If the program also uses the filter without the hint, the plan has both, and effects
        // would occur twice.
        (!self.predicate.has_effects()).then(|| Arc::new(Filter { selectivity: Some(share), ..self.clone() }) as _)
    }

    fn size_hint(&self) -> Option<SizeHint> {
        self.selectivity.map(SizeHint::Share)
    }

    fn placement(&self) -> String {
        if self.below.is_empty() { String::new() } else { format!("moved below {}", self.below) }
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        // A filter would change the records that a predicate with effects is called with.
        (!self.may_have_effects && !self.predicate.has_effects()).then(|| unchanged(&self.schema))
    }

    fn follows_order(&self) -> bool {
        self.predicate.keeps_state()
    }

    fn as_filter(&self) -> Option<&dyn FilterOperator> {
        Some(self)
    }

    fn role(&self) -> Role {
        Role::InPlace(InPlace::Filter(RowFilter {
            predicate: self.predicate.clone(),
            bounds: self.bounds.clone(),
            reads: self.reads.of(&self.schema),
            is_of_values: self.moves && !self.predicate.has_effects(),
        }))
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut kept = Table::new(self.schema.types());
        let context = TaskContext::alone(unbounded_memory());
        let mut predicate = self.predicate.open(&context)?;
        let mut first = 0;
        // The predicate reads pages with its leaves only, so kept records are copied from the
        // input.
        for page in inputs[0].pages(&self.reads.of(&self.schema))? {
            let (batch, mut selection) = (page.batch(), Selection::default());
            selection.set(0..batch.rows() as u32);
            predicate.select(&batch, &mut selection)?;
            kept.rows.extend(selection.rows().iter().map(|&row| inputs[0].rows[first + row as usize].clone()));
            first += batch.rows();
        }
        Ok(kept)
    }
}

impl FilterOperator for Filter {
    fn moved(&self, to: &Schema, leaves: &[Option<usize>], below: &str) -> Option<Arc<dyn Operator>> {
        let Reads::Leaves(reads) = &self.reads else { return None };
        if !self.moves || self.predicate.has_effects() {
            return None;
        }
        let place = |leaf: usize| leaves.get(leaf).copied().flatten();
        let reads = reads.iter().map(place).collect::<Option<Vec<_>>>().filter(|reads| !reads.is_empty())?;
        let bound = |bound: &Bound| Some(Bound { leaf: place(bound.leaf)?, ..bound.clone() });
        let leaves_read = leaves.iter().copied().zip(self.schema.types()).collect();
        Some(Arc::new(Filter {
            schema: to.clone(),
            predicate: Arc::new(MovedPredicate { predicate: self.predicate.clone(), leaves_read }),
            reads: Reads::Leaves(reads.into_iter().collect()),
            bounds: self.bounds.iter().filter_map(bound).collect(),
            moves: true,
            may_have_effects: false,
            may_run_on_sample: true,
            selectivity: self.selectivity,
            below: below.into(),
        }))
    }
}

/// A predicate on other records than it was compiled for. It reads its leaves through a view with
/// their old numbers. All other leaves are dead.
struct MovedPredicate<P> {
    predicate: P,
    /// For each leaf of the predicate's records, its number in the other records, and its type.
    leaves_read: Arc<[(Option<usize>, LeafType)]>,
}

impl Factory<dyn Predicate> for MovedPredicate<PredicateFactory> {
    fn open(&self, context: &TaskContext) -> Result<Box<dyn Predicate>> {
        Ok(Box::new(MovedPredicate { predicate: self.predicate.open(context)?, leaves_read: self.leaves_read.clone() }))
    }
}

impl Predicate for MovedPredicate<Box<dyn Predicate>> {
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        self.predicate.select(&batch.arranged(&self.leaves_read), rows)
    }
}
