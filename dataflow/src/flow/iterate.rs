//! Loops over flows: `iterate` and `iterate_delta`.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{LoopBegin, LoopEnd, LoopTermination, Nulls};
use runtime::plan::Node;
use runtime::strategy::LoopId;

use super::join::Side;
use super::join_kind::{Inner, LeftOuter, Outer};
use super::join_sides::{JoinSides, Types};
use super::joined::Joined;
use super::{Bounded, Flow, Handle, Mode};
use crate::key::{Key, KeyedBy, OfFields};
use crate::record::Record;

impl<T: Record> Flow<T, Bounded> {
    /// Runs `body` `rounds` times: a bulk iteration.
    ///
    /// The first round receives the records of this flow, and each later round the result of the
    /// round before. The result of the last round is the result of the loop.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn halved(numbers: DataSet<u64>) -> DataSet<u64> {
    ///     numbers.map(|n| n / 2).distinct()
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let numbers = Env::embedded().collection(0..1_000u64)?;
    /// assert_eq!(numbers.iterate(9, halved).sort(|n| n).collect()?, [0, 1]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The body is a pipeline, and is called once, while the plan is built. Its operators run in
    /// every round, with new state. Other flows that it uses are computed once, stored, and read
    /// again in each round. It cannot write outputs and cannot contain another loop.
    ///
    /// # Cost
    /// Records are copied with all of their fields at the end of a round. They wait for the next
    /// round in memory, or on disk if they do not fit. Within a round, only operators that need all
    /// of their input wait for it.
    #[track_caller]
    pub fn iterate<F>(&self, rounds: u32, body: F) -> Flow<T, Bounded>
    where
        F: FnOnce(Flow<T, Bounded>) -> Flow<T, Bounded>,
    {
        let (loop_id, schema, termination) = (LoopId::unique(), T::schema(), LoopTermination::AfterRounds);
        let handle = self.handle.called_at(Location::caller());
        let loop_begin = handle.append(LoopBegin { schema: schema.clone(), loop_id, rounds, termination });
        let result: Flow<T, Bounded> = body(loop_begin.typed());
        let end = LoopEnd { workset: schema.clone(), schema, loop_id, rounds };
        handle.end_loop(vec![result.handle.node], end).typed()
    }

    /// Changes a set of records with one record per key, until there is no work or after
    /// `most_rounds` rounds: a delta iteration.
    ///
    /// The *solution set* starts with the records of this flow, one for each key. The first
    /// *workset* is `workset`. In each round `body` receives the solution set and the workset. It
    /// returns changes of the solution set, and the next workset. A change replaces the record of
    /// its key, or adds it. Changes are applied at the end of a round, so all records of a round
    /// see the same set. The result is the solution set.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn nearer(
    ///     distances: Solution<(u64, u64), u64>,
    ///     reached: DataSet<(u64, u64)>,
    ///     roads: DataSet<(u64, u64)>,
    /// ) -> DataSet<(u64, u64)> {
    ///     let next =
    ///         reached.join(roads).on(|r| r.0, |road| road.0).map(|r, road| (road.1, r.1 + 1));
    ///     let least = next.group_by(|n| n.0).min(|n| n.1);
    ///     least.join(distances).on(|n| n.0).filter(|n, known| n.1 < known.1).map(|n, _| n)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// let far = u64::MAX;
    /// let towns = env.collection([(1u64, 0u64), (2, far), (3, far), (4, far)])?;
    /// let roads = env.collection([(1u64, 2u64), (2, 3), (1, 3)])?;
    /// let distances = towns.iterate_delta(
    ///     env.collection([(1u64, 0u64)])?,
    ///     |t| t.0,
    ///     100,
    ///     |distances, reached| {
    ///         let better = nearer(distances, reached, roads);
    ///         (better.clone(), better)
    ///     },
    /// );
    /// assert_eq!(distances.sort(|d| d.0).collect()?, [(1, 0), (2, 1), (3, 1), (4, far)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The body is a pipeline with the limits of [`Flow::iterate`]. It joins the solution set once,
    /// by the key of the set. If a round changes a key several times, any one of these changes is
    /// applied.
    ///
    /// # Cost
    /// A round costs time in proportion to its workset, not to the solution set. The solution set
    /// is in the tasks of its keys, in memory or on disk. Joins of the workset with other flows
    /// build their tables once.
    ///
    /// Source: Ewen and others, *Spinning Fast Iterative Data Flows*, 2012.
    #[track_caller]
    pub fn iterate_delta<W, K, F>(
        &self,
        workset: Flow<W, Bounded>,
        key: impl FnOnce(T::Fields<T>) -> K,
        most_rounds: u32,
        body: F,
    ) -> Flow<T, Bounded>
    where
        W: Record,
        K: Key<T> + OfFields,
        F: FnOnce(Solution<T, K::Value>, Flow<W, Bounded>) -> (Flow<T, Bounded>, Flow<W, Bounded>),
    {
        let (loop_id, termination, rounds) = (LoopId::unique(), LoopTermination::WithoutRows, most_rounds);
        let handle = self.handle.called_at(Location::caller());
        let workset = workset.handle.with_next(handle.next.clone());
        let loop_begin = workset.append(LoopBegin { schema: W::schema(), loop_id, rounds, termination });
        let set = Solution { handle: handle.clone(), key: key(T::fields(0)).leaves(), loop_id, of: PhantomData };
        let (changes, next) = body(set, loop_begin.typed());
        let end = LoopEnd { workset: W::schema(), schema: T::schema(), loop_id, rounds };
        handle.end_loop(vec![next.handle.node, changes.handle.node], end).typed()
    }
}

/// The solution set of a delta iteration, inside of its body. Its records are `T` and its key is
/// `V`. It can be joined by that key.
pub struct Solution<T, V> {
    handle: Handle,
    key: Vec<usize>,
    loop_id: LoopId,
    of: PhantomData<fn() -> (T, V)>,
}

impl<T, V> Clone for Solution<T, V> {
    fn clone(&self) -> Self {
        Solution { handle: self.handle.clone(), key: self.key.clone(), loop_id: self.loop_id, of: PhantomData }
    }
}

/// A join of records with a solution set. It needs the key of the records: call
/// [`on`](SolutionSides::on).
#[must_use = "a join needs `.on(…)`, then a closure"]
pub struct SolutionSides<L, T, V, K = Inner> {
    sides: JoinSides,
    key: Vec<usize>,
    of: Types<L, T, V, K>,
}

impl<T: Record, V> Side for Solution<T, V> {
    type Mode = Bounded;
    type Record = T;

    type Join<L: Record, M: Mode> = SolutionSides<L, T, V>;
    fn joined<L: Record, M: Mode>(self, left: &Flow<L, M>, location: &'static Location<'static>) -> Self::Join<L, M> {
        self.sides(left, location)
    }

    type LeftJoin<L: Record, M: Mode> = SolutionSides<L, T, V, LeftOuter>;
    fn left_joined<L: Record, M: Mode>(
        self,
        left: &Flow<L, M>,
        location: &'static Location<'static>,
    ) -> Self::LeftJoin<L, M> {
        self.sides(left, location)
    }
}

impl<T: Record, V> Solution<T, V> {
    fn sides<L: Record, M: Mode, K>(
        self,
        left: &Flow<L, M>,
        location: &'static Location<'static>,
    ) -> SolutionSides<L, T, V, K> {
        let set: Flow<T, Bounded> = self.handle.typed();
        let sides = JoinSides::new(left, set, location).with_solution_of(self.loop_id);
        SolutionSides { sides, key: self.key, of: PhantomData }
    }
}

impl<L: Record, T: Record, V, K: Outer> SolutionSides<L, T, V, K> {
    /// Sets the key of the records, which must have the type of the set's key. A key of several
    /// fields is a tuple.
    ///
    /// Null is a key like any other. After [`left_join`](Flow::left_join), the closure receives an
    /// `Option` of the set's record, which is `None` for a new key.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn counted_down(counters: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    ///     counters.iterate_delta(
    ///         counters,
    ///         |c| c.0,
    ///         10,
    ///         |counters, changed| {
    ///             let lower = changed
    ///                 .join(counters)
    ///                 .on(|c| c.0)
    ///                 .filter(|_, known| known.1 > 0)
    ///                 .map(|c, known| (c.0, known.1 - 1));
    ///             (lower, lower)
    ///         },
    ///     )
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// let counters = Env::embedded().collection([(1u64, 3u64), (2, 30)])?;
    /// assert_eq!(counted_down(counters).sort(|c| c.0).collect()?, [(1, 0), (2, 20)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<A: KeyedBy<L, V>>(self, key: impl FnOnce(L::Fields<L>) -> A) -> Joined<K::Left<L>, K::Right<T>, Bounded> {
        let key = key(L::fields(0));
        let sides = self.sides.keyed([key.computation::<()>(), None]);
        Joined::of_keys(sides, K::KIND, [key.leaves(), self.key], Nulls::Equal)
    }
}

impl Handle {
    /// Ends a loop. `results` are the outputs of its body.
    #[inline(never)]
    fn end_loop(&self, results: Vec<Arc<Node>>, end: LoopEnd) -> Handle {
        let next = self.next.for_part("end of iterate");
        Handle::of_operator(self.env.clone(), Arc::new(end), results, &next)
    }
}
