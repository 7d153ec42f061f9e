//! Contributions of tasks to snapshots.

use std::collections::BTreeMap;

use crate::snapshot::OperatorSnapshot;

/// Snapshots of operators, by their names.
pub(super) type Operators = BTreeMap<String, OperatorSnapshot>;

/// The contributions that were received.
#[derive(Default)]
pub(super) struct Contributions {
    /// Contributions to the current snapshot.
    pub(super) current: Operators,
    /// Final contributions of ended tasks. All later snapshots contain them, but only the next one
    /// their prepared outputs.
    of_ended_tasks: Operators,
    /// Final contributions of tasks that ended after they had contributed to the current snapshot.
    /// They belong to the later ones.
    for_later_snapshots: Operators,
}

impl Contributions {
    /// Adds the final contribution of an ended task. `has_contributed`: the task has contributed to
    /// the current snapshot before.
    pub(super) fn add_final(&mut self, contribution: Operators, has_contributed: bool) {
        add(if has_contributed { &mut self.for_later_snapshots } else { &mut self.of_ended_tasks }, contribution);
    }

    /// Takes the operators of the current snapshot, to which all tasks have contributed.
    pub(super) fn take(&mut self) -> Operators {
        let mut operators = std::mem::take(&mut self.current);
        add(&mut operators, self.of_ended_tasks.clone());
        // Their prepared outputs are committed with this snapshot.
        self.of_ended_tasks.values_mut().for_each(|operator| operator.prepared.clear());
        add(&mut self.of_ended_tasks, std::mem::take(&mut self.for_later_snapshots));
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
    fn ended_tasks_contribute_to_snapshots_they_have_not_acknowledged() {
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
        add(&mut contributions.current, contribution(5, "a"));
        contributions.add_final(contribution(9, "b"), true);
        assert_eq!(of(contributions.take()), (vec![5], file("a")));
        assert_eq!(of(contributions.take()), (vec![9], file("b")));
        assert_eq!(of(contributions.take()), (vec![9], vec![]));
        // The task ends before its barrier: the current snapshot has its final contribution.
        let mut contributions = Contributions::default();
        contributions.add_final(contribution(9, "b"), false);
        assert_eq!(of(contributions.take()), (vec![9], file("b")));
        assert_eq!(of(contributions.take()), (vec![9], vec![]));
    }
}
