//! Joins with keys, whose pairs are passed to a closure.

use std::marker::PhantomData;

use runtime::join::JoinFactory;
use runtime::operators::{JoinKind, Nulls};
use runtime::plan::Reads;

use crate::error::UserError;
use crate::kernel::{Emitter, join, try_join};
use crate::record::Record;

use super::join_sides::{JoinSides, Types};
use super::proof::Proof;
use super::step::Step;
use super::{Flow, Mode};

/// A join with keys that needs a closure for its pairs. The closure receives records `L` and `R`.
#[must_use = "a join's pairs need a closure: `.map(|l, r| …)`"]
pub struct Joined<L, R, M> {
    sides: JoinSides,
    kind: JoinKind,
    keys: [Vec<usize>; 2],
    nulls: Nulls,
    of: Types<L, R, M, ()>,
}

impl<L, R, M> Clone for Joined<L, R, M> {
    fn clone(&self) -> Self {
        Joined { sides: self.sides.clone(), keys: self.keys.clone(), of: PhantomData, ..*self }
    }
}

impl<L, R, M> Joined<L, R, M> {
    /// A cross product.
    pub(super) fn product(sides: JoinSides, kind: JoinKind) -> Self {
        Joined::of_keys(sides, kind, [Vec::new(), Vec::new()], Nulls::Differ)
    }

    pub(super) fn of_keys(sides: JoinSides, kind: JoinKind, keys: [Vec<usize>; 2], nulls: Nulls) -> Self {
        Joined { sides, kind, keys, nulls, of: PhantomData }
    }

    /// Describes the closures that complete a join after it was bound to a variable. Only
    /// `#[dataflow]` calls this.
    #[doc(hidden)]
    pub fn step(&self, step: &'static Step) -> Self {
        Joined { sides: self.sides.completed_by(step), ..self.clone() }
    }

    /// Like [`Flow::captured`].
    #[doc(hidden)]
    pub fn captured<P: Proof>(&self, _: P) -> Self {
        Joined { sides: self.sides.with_proof(P::HOLDS), ..self.clone() }
    }
}

impl<L: Record, R: Record, M: Mode> Joined<L, R, M> {
    /// Calls `body` for each pair. It emits any number of records.
    ///
    /// The [operators with closures](crate::operators) compile to this after a join, filters of
    /// pairs included.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let sales = env.collection([(1u64, 30i64), (2, 50)])?;
    /// let names = env.collection([(1u64, "Ada".to_owned())])?;
    /// let named =
    ///     sales.join(names).on(|s| s.0, |n| n.0).process(|s, n, out| out.emit((n.1, s.1)));
    /// assert_eq!(named.collect()?, [("Ada".to_owned(), 30i64)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn process<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'l, 'r> Fn(L::At<'l>, R::At<'r>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.with_kernel(join::<L, R, U, M, F>(body))
    }

    /// Like [`Joined::process`], with a fallible closure. An error ends the job.
    ///
    /// The fallible operators with closures compile to this after a join.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn shares(sales: DataSet<(u64, i64)>, totals: DataSet<(u64, i64)>) -> DataSet<(u64, i64)> {
    ///     let both = sales.join(totals).on(|s| s.0, |t| t.0);
    ///     both.try_map(|s, t| {
    ///         (s.1 * 100)
    ///             .checked_div(t.1)
    ///             .map(|percent| (s.0, percent))
    ///             .ok_or("a total of nothing")
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let sales = env.collection([(1u64, 5i64)])?;
    /// assert_eq!(shares(sales.clone(), env.collection([(1u64, 20i64)])?).collect()?, [(1, 25)]);
    /// let error =
    ///     shares(sales, env.collection([(1u64, 0i64)])?).collect().unwrap_err().to_string();
    /// assert!(error.contains("a total of nothing"), "{error}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_process<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'l, 'r> Fn(L::At<'l>, R::At<'r>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        let reads = [0, 1].map(|side| self.reported_leaves(side));
        self.with_kernel(try_join::<L, R, U, M, F>(body, reads))
    }

    /// The leaves of a side that error messages may show: its key and the fields that a closure
    /// reads. They are leaves of the closure's parameter.
    fn reported_leaves(&self, side: usize) -> Reads {
        let Reads::Leaves(mut leaves) = self.sides.next.reads(side, &self.sides.records[side]) else {
            return Reads::All;
        };
        self.keys[side].iter().for_each(|&leaf| leaves.insert(leaf));
        if !self.kind.may_miss(side) {
            return Reads::Leaves(leaves);
        }
        // The validity leaf of the `Option` precedes the leaves of the record.
        Reads::Leaves(std::iter::once(0).chain(leaves.iter().map(|leaf| leaf + 1)).collect())
    }

    fn with_kernel<U: Record>(&self, kernel: JoinFactory) -> Flow<U, M> {
        self.sides.joined(self.kind, self.keys.clone(), self.nulls, U::schema(), kernel).typed()
    }
}
