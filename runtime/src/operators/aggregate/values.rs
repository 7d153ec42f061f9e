//! Distinct values that found no room in the first tables of [`counting`](super::counting): a row
//! for each group, measure and value, in a grouping that spills.
//!
//! Such a row reads as a state of its group. It has the key, copies of the record's leaves where a
//! state begins with a copy (such as a least value), and a 1 as its measure's count. Its other
//! leaves are zero and add nothing. So these rows are merged like states.

use std::sync::Arc;

use crate::error::Result;
use crate::group::{GroupTable, GroupUpdate, Groups, HybridHashAggregation, Rows, UnplacedRows, probe};
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Batch, Input, Page, RowWriter, Selection};
use crate::row::{LeafSet, LeafType};
use crate::strategy::{Cursor, Progress};

use super::spec::Spec;
use super::update;

/// The values of all measures.
pub(super) struct Values {
    grouping: HybridHashAggregation,
    update: DistinctRows,
    measures: Vec<ValueLeaves>,
    /// A 1 for each row of a batch.
    ones: Vec<u64>,
    output: Outputs,
}

/// The leaves of a row with a distinct value of one measure.
struct ValueLeaves {
    /// The leaf that is 1 in such a row, and is summed.
    count: usize,
    /// For each leaf of the row, the leaf of the input that it copies, and its type. Leaves without
    /// one are zero.
    leaves: Vec<(Option<usize>, LeafType)>,
}

impl Values {
    pub(super) fn new(spec: &Spec, merging: bool, context: &TaskContext) -> Result<Self> {
        let copied = update::copied(spec, merging);
        let counts: Vec<usize> = spec.counts().map(|(to, _)| to).collect();
        let appended = spec.state.len()..spec.state.len() + spec.values.len();
        let types: Vec<LeafType> = spec.state.iter().map(|leaf| leaf.running_type()).collect();
        let types: Vec<LeafType> =
            types.into_iter().chain(spec.values.iter().map(|&leaf| spec.input_types[leaf])).collect();
        let live: LeafSet =
            copied.iter().map(|&(to, _)| to).chain(counts.iter().copied()).chain(appended.clone()).collect();
        let measure = |(to, values): (usize, &[usize])| {
            let mut leaves: Vec<(Option<usize>, LeafType)> = types.iter().map(|&ty| (None, ty)).collect();
            copied.iter().for_each(|&(to, from)| leaves[to].0 = Some(from));
            values.iter().for_each(|&leaf| leaves[spec.appended_leaf(leaf)].0 = Some(spec.value_leaf(leaf, merging)));
            ValueLeaves { count: to, leaves }
        };
        let measures = spec.counts().map(measure).collect();
        let key: Vec<usize> = spec.output_key.iter().copied().chain(counts).chain(appended).collect();
        let layout = GroupTable::layout_of(types, &live);
        let table = GroupTable::new(layout.clone(), key.as_slice(), &context.memory)?;
        Ok(Values {
            grouping: HybridHashAggregation::new(table, 0, context),
            update: DistinctRows {
                key,
                copied: live.iter().map(|leaf| (leaf, leaf)).collect(),
                groups: Groups::default(),
                found: Selection::default(),
            },
            measures,
            ones: Vec::new(),
            output: Outputs::new(RowWriter::new(Arc::clone(&layout), context.memory.clone())),
        })
    }

    /// Adds a measure's values in some rows of a batch.
    pub(super) fn add(
        &mut self,
        measure: usize,
        batch: &Batch<'_>,
        rows: &Selection,
        cursor: &mut Cursor,
    ) -> Result<Progress> {
        if self.ones.len() < batch.rows() {
            self.ones.resize(batch.rows(), 1);
        }
        let ValueLeaves { count, leaves } = &mut self.measures[measure];
        leaves[*count].0 = Some(batch.leaf_count());
        let counted = batch.with_numbers(&self.ones);
        let values = counted.arranged(leaves);
        self.grouping.add(&mut self.update, &Input::new(&values, rows), Rows::New, cursor)
    }

    /// Emits the values in pages. [`Values::take`] takes them after each call.
    pub(super) fn finish(&mut self) -> Result<Progress> {
        self.grouping.finish(&mut self.update, &mut self.output)
    }

    /// The page that the last call of [`Values::finish`] emitted.
    pub(super) fn take(&mut self) -> Option<Page> {
        self.output.pages().take_sealed().next()
    }

    pub(super) fn grouping(&mut self) -> &mut HybridHashAggregation {
        &mut self.grouping
    }
}

/// Keeps each distinct row once.
struct DistinctRows {
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    groups: Groups,
    found: Selection,
}

impl GroupUpdate for DistinctRows {
    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, _: Rows, left: &mut UnplacedRows) -> Result<()> {
        probe(table, input, (&self.key, &self.copied), &mut self.groups, &mut self.found, left).map(drop)
    }

    fn key(&self, _: Rows) -> &[usize] {
        &self.key
    }
}
