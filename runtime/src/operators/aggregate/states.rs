//! States of groups that outlive the rows of a run: windows, and groups of streams.

use std::sync::Arc;

use super::Aggregate;
use super::spec::{Phase, Spec};
use super::update::AggregateUpdate;
use crate::error::{Error, Result};
use crate::group::GroupUpdate;
use crate::kernel::TaskContext;
use crate::operators::common::{by_key, defined, group_bytes};
use crate::operators::fold::{Fold, Merge};
use crate::operators::updates::{States, UpdatesByKey};
use crate::row::{LeafSet, RowLayout};
use crate::state::{StateLeaf, StateSpec};
use crate::strategy::{Planning, Strategy, Work};

impl Aggregate {
    /// The definition of its states without its measures. `key` is the key that the program names.
    pub(in crate::operators) fn definition_by(&self, key: &[usize]) -> String {
        defined(&by_key(&self.input, key), &self.closures)
    }

    /// The leaves of its states in snapshots. Key leaves are named by their fields, others by
    /// measure and field.
    fn named_leaves(&self) -> Vec<StateLeaf> {
        let of_measures: usize = self.measures.iter().map(|(_, leaves)| leaves).sum();
        let of_engine = self.state.len().saturating_sub(of_measures);
        let mut named: Vec<StateLeaf> = Vec::with_capacity(self.state.len());
        for (number, leaf) in self.state[..of_engine].iter().enumerate() {
            // A validity is named like its value.
            let fold = match (&leaf.fold, self.state.get(number + 1)) {
                (Fold::Valid(_), Some(value)) => &value.fold,
                (fold, _) => fold,
            };
            let starts_at_zero = matches!(fold, Fold::Sum(_) | Fold::Count);
            named.push(StateLeaf { name: fold.state_name(&self.input), ty: leaf.running_type(), starts_at_zero });
        }
        let mut rest = self.state[of_engine..].iter();
        for (text, leaves) in &self.measures {
            for (number, leaf) in rest.by_ref().take(*leaves).enumerate() {
                let starts_at_zero =
                    *leaves == 1 && matches!(leaf.fold, Fold::Sum(_) | Fold::Count | Fold::Kernel(Merge::Sum));
                let name = if *leaves == 1 { text.clone() } else { format!("{text}.{number}") };
                named.push(StateLeaf { name, ty: leaf.running_type(), starts_at_zero });
            }
        }
        named
    }

    /// The aggregation of records, for operators that keep its states in another table.
    pub(in crate::operators) fn whole(&self, live: &LeafSet) -> WholeAggregate {
        let mut live = live.clone();
        // States are found by their whole key.
        self.output_key().into_iter().for_each(|leaf| live.insert(leaf));
        WholeAggregate { spec: self.spec(&live), leaves: self.named_leaves() }
    }
}

impl UpdatesByKey for Aggregate {
    fn definition(&self) -> String {
        format!("{} {}", self.word, self.definition_by(&self.key))
    }

    fn updating(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let whole = self.whole(planning.live);
        let states = States {
            spec: whole.lasting_spec().defined_as(self.definition()),
            layout: whole.table().clone(),
            output: whole.output().clone(),
            types: self.input.types(),
            update_bytes: 0,
        };
        let driver = states.driver(self.word, planning, move |context| whole.open(context));
        let work = Work::lookups(planning.inputs[0].rows).in_tables(group_bytes(planning), planning.tasks);
        vec![planning.by_key_group(&self.key, driver, work)]
    }

    fn check_updating(&self) -> Result<()> {
        if self.counts_distinct() {
            return Err(Error::Plan(
                "`count_distinct` is not there for a flow that does not end: it would keep each value of each key for ever".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Adds records to states, and finishes states, in any table.
#[derive(Clone)]
pub(in crate::operators) struct WholeAggregate {
    spec: Arc<Spec>,
    leaves: Vec<StateLeaf>,
}

impl WholeAggregate {
    /// The key's leaves in the records.
    pub(in crate::operators) fn key(&self) -> &[usize] {
        &self.spec.key
    }

    /// Describes states that are never deleted.
    pub(in crate::operators) fn lasting_spec(&self) -> StateSpec {
        let kept = (0..self.spec.state.len()).filter(|&leaf| self.spec.table.offset(leaf).is_some()).collect();
        StateSpec::new(self.leaves.clone(), self.spec.output_key.clone()).keeping(&kept)
    }

    /// Describes states that can be deleted.
    pub(in crate::operators) fn state_spec(&self) -> StateSpec {
        self.lasting_spec().deletable()
    }

    /// The layout of states.
    pub(in crate::operators) fn table(&self) -> &Arc<RowLayout> {
        &self.spec.table
    }

    /// The layout of finished groups.
    pub(in crate::operators) fn output(&self) -> &Arc<RowLayout> {
        &self.spec.output
    }

    /// Creates the update of one task.
    pub(in crate::operators) fn open(&self, context: &TaskContext) -> Result<impl GroupUpdate + use<>> {
        Ok(AggregateUpdate::new(&self.spec, Phase::Whole, context)?.0)
    }
}
