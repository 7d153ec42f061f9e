//! Contributions of tasks to snapshots.

use std::collections::BTreeMap;

use crate::snapshot::OperatorSnapshot;

/// Snapshots of operators, by their names.
pub(super) type Operators = BTreeMap<String, OperatorSnapshot>;

/// The contributions that were received.
#[derive(Default)]
pub(super) struct Contributions {
    /// Contributions to the current snapshot.
    pub(super) taken: Operators,
    /// Final contributions of ended tasks. All later snapshots contain them, but only the next one
    /// their prepared outputs.
    lasting: Operators,
    /// Final contributions of tasks that ended after they had contributed to the current snapshot.
    /// They belong to the later ones.
    later: Operators,
}

impl Contributions {
    /// Adds the final contribution of an ended task. `is_done`: the task has contributed to the
    /// current snapshot before.
    pub(super) fn ended(&mut self, contribution: Operators, is_done: bool) {
        add(if is_done { &mut self.later } else { &mut self.lasting }, contribution);
    }

    /// Takes the operators of the current snapshot, to which all tasks have contributed.
    pub(super) fn take(&mut self) -> Operators {
        let mut operators = std::mem::take(&mut self.taken);
        add(&mut operators, self.lasting.clone());
        // Their prepared outputs are committed with this snapshot.
        self.lasting.values_mut().for_each(|operator| operator.prepared.clear());
        add(&mut self.lasting, std::mem::take(&mut self.later));
        operators.retain(|_, operator| !operator.is_empty());
        operators
    }
}

pub(super) fn add(to: &mut Operators, more: Operators) {
    more.into_iter().for_each(|(identity, operator)| to.entry(identity).or_default().add(operator));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Position, SplitPosition};

    #[test]
    fn an_ended_task_contributes_to_the_snapshot_whose_barrier_it_has_not_passed() {
        let contribution = |offset: u8, file: &str| {
            let position = Position::new(&[offset]).unwrap();
            let positions = vec![SplitPosition { split: "clicks".into(), position, greatest_time: None }];
            let prepared = vec![file.to_owned()];
            Operators::from([("clicks".to_owned(), OperatorSnapshot { positions, prepared, ..Default::default() })])
        };
        let of = |operators: Operators| {
            let operator = operators["clicks"].clone();
            let offsets: Vec<u8> = operator.positions.iter().map(|at| at.position.bytes()[0]).collect();
            (offsets, operator.prepared)
        };
        let file = |name: &str| vec![name.to_owned()];
        // The task ends after its barrier: the current snapshot has its contribution from the
        // barrier, and all later ones have its final contribution.
        let mut contributions = Contributions::default();
        add(&mut contributions.taken, contribution(5, "a"));
        contributions.ended(contribution(9, "b"), true);
        assert_eq!(of(contributions.take()), (vec![5], file("a")));
        assert_eq!(of(contributions.take()), (vec![9], file("b")));
        assert_eq!(of(contributions.take()), (vec![9], vec![]));
        // The task ends before its barrier: the current snapshot has its final contribution.
        let mut contributions = Contributions::default();
        contributions.ended(contribution(9, "b"), false);
        assert_eq!(of(contributions.take()), (vec![9], file("b")));
        assert_eq!(of(contributions.take()), (vec![9], vec![]));
    }
}
