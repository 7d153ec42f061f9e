//! Forwarded fields: the leaves that an operator copies from its inputs to its output.

use crate::row::Schema;

/// For leaves of an output, the leaves of inputs that they copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwards(Vec<(usize, (usize, usize))>);

impl Forwards {
    /// Records that leaves `to` of the output copy leaves `from` of an input. Ignored if their
    /// types differ.
    pub fn add(&mut self, (to, output): (&[usize], &Schema), input: usize, (from, of_input): (&[usize], &Schema)) {
        let ty = |schema: &Schema, leaf: usize| schema.leaves().get(leaf).map(|leaf| leaf.ty);
        let alike = |(&to, &from): (&usize, &usize)| ty(output, to).is_some() && ty(output, to) == ty(of_input, from);
        if to.len() == from.len() && to.iter().zip(from).all(alike) {
            self.0.extend(to.iter().zip(from).map(|(&to, &from)| (to, (input, from))));
        }
    }

    /// For each of the first `leaves` leaves of the output, the leaf of this input that it copies.
    #[must_use]
    pub fn of(&self, input: usize, leaves: usize) -> Vec<Option<usize>> {
        let mut of = vec![None; leaves];
        for &(to, (from_input, from)) in &self.0 {
            if from_input == input && to < leaves {
                of[to] = Some(from);
            }
        }
        of
    }

    /// Returns `true` if no copied leaf is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
