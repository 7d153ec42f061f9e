//! Layouts of rows while they are aggregated.

use std::sync::Arc;

use super::Aggregate;
use crate::error::Result;
use crate::group::{Accumulate, AccumulateFactory, GroupTable};
use crate::kernel::TaskContext;
use crate::operators::distinct_count;
use crate::operators::fold::{Fold, Merge, StateLeaf};
use crate::row::{LeafSet, LeafType, RowLayout};

impl Aggregate {
    /// The leaves of the state that are stored if the leaves `live` of the output are read.
    fn stored(&self, live: &LeafSet) -> LeafSet {
        let mut stored: LeafSet = (0..self.state.len())
            .filter(|&leaf| match self.state[leaf].fold {
                Fold::Key(_) | Fold::Kernel(_) => true,
                Fold::Nothing => false,
                _ => live.contains(leaf),
            })
            .collect();
        // An optional value is stored together with its validity.
        for (leaf, pair) in self.state.windows(2).enumerate().filter(|(_, pair)| matches!(pair[0].fold, Fold::Valid(_)))
        {
            debug_assert!(matches!(pair[1].fold, Fold::MinSome(_) | Fold::MaxSome(_)));
            if stored.contains(leaf) || stored.contains(leaf + 1) {
                stored.insert(leaf);
                stored.insert(leaf + 1);
            }
        }
        for carried in self.carried() {
            if carried.clone().any(|leaf| stored.contains(leaf)) {
                carried.for_each(|leaf| stored.insert(leaf));
            }
        }
        // A group counts even if no leaf of it is read.
        if stored.is_empty() && !self.state.is_empty() {
            stored.insert(0);
        }
        stored
    }

    pub(super) fn spec(&self, live: &LeafSet) -> Arc<Spec> {
        let stored = self.stored(live);
        let running: Vec<LeafType> = self.state.iter().map(StateLeaf::running_type).collect();
        let table = GroupTable::layout_of(running.clone(), &stored);
        let types: Vec<LeafType> = self.state.iter().map(|leaf| leaf.ty).collect();
        let output = table.retyped(types).map(Arc::new);
        let input_types = self.input.types();
        let values = distinct_count::values(&self.state, &stored);
        let combined = if values.is_empty() {
            table.clone()
        } else {
            let counted = |leaf: &usize| matches!(self.state[*leaf].fold, Fold::Distinct(_));
            let appended = running.len()..running.len() + values.len();
            let kept = stored.iter().filter(|leaf| !counted(leaf)).chain(appended).collect();
            let value_types = values.iter().map(|&leaf| input_types[leaf]);
            GroupTable::layout_of(running.into_iter().chain(value_types).collect(), &kept)
        };
        Arc::new(Spec {
            word: self.word,
            state: self.state.clone(),
            input_types,
            key: self.key.clone(),
            output_key: self.output_key(),
            values,
            combined,
            output: output.unwrap_or_else(|| table.clone()),
            table,
            kernel: self.kernel.clone(),
        })
    }
}

/// A phase of an aggregation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Records in, finished groups out.
    Whole,
    /// Records in, states out.
    Partial,
    /// States in, finished groups out.
    Merge,
}

/// Facts of an aggregating driver in any phase.
pub(super) struct Spec {
    pub(super) word: &'static str,
    pub(super) state: Vec<StateLeaf>,
    pub(super) input_types: Vec<LeafType>,
    pub(super) key: Vec<usize>,
    pub(super) output_key: Vec<usize>,
    /// The leaves of the input whose distinct values are counted, each once.
    pub(super) values: Vec<usize>,
    /// Layout of states.
    pub(super) table: Arc<RowLayout>,
    /// Layout of a combiner's rows: the state's leaves, then those of `values`.
    pub(super) combined: Arc<RowLayout>,
    /// Layout of finished groups: states in the types of the output.
    pub(super) output: Arc<RowLayout>,
    pub(super) kernel: Option<AccumulateFactory>,
}

impl Spec {
    /// Layout of the table of a phase.
    pub(super) fn layout(&self, phase: Phase) -> &Arc<RowLayout> {
        if phase == Phase::Partial { &self.combined } else { &self.table }
    }

    /// The accumulator, if this phase needs it. The engine merges states itself, except those of
    /// [`Merge::Kernel`].
    pub(super) fn open_kernel(&self, merging: bool, context: &TaskContext) -> Result<Option<Box<dyn Accumulate>>> {
        let merges = self.state.iter().any(|leaf| leaf.fold == Fold::Kernel(Merge::Kernel));
        let kernel = self.kernel.as_ref().filter(|_| !merging || merges);
        kernel.map(|kernel| kernel.open(context)).transpose()
    }
}
