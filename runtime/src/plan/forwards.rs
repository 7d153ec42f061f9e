//! Forwarded fields: what an operator's output takes over from its inputs.

use crate::row::Schema;

/// For leaves of an output, the leaves of inputs whose values they have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwards(Vec<(usize, (usize, usize))>);

impl Forwards {
    /// Says that leaves `to` of the output have the values of leaves `from` of an input. Nothing is said where these are not alike.
    pub fn add(&mut self, (to, output): (&[usize], &Schema), input: usize, (from, of_input): (&[usize], &Schema)) {
        let ty = |schema: &Schema, leaf: usize| schema.leaves().get(leaf).map(|leaf| leaf.ty);
        let alike = |(&to, &from): (&usize, &usize)| ty(output, to).is_some() && ty(output, to) == ty(of_input, from);
        if to.len() == from.len() && to.iter().zip(from).all(alike) {
            self.0.extend(to.iter().zip(from).map(|(&to, &from)| (to, (input, from))));
        }
    }

    /// For each of `leaves` leaves of the output, the leaf of this input with the same value.
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

    /// Whether nothing is taken over, as far as anybody knows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
