//! Loops over flows: `iterate` and `iterate_delta`.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{LoopBegin, LoopEnd, LoopTermination, Nulls};
use runtime::plan::Node;
use runtime::strategy::LoopId;

use super::join::{Joined, Side, Types};
use super::join_kind::{Inner, LeftOuter, Outer};
use super::join_sides::JoinSides;
use super::{Bounded, Flow, Handle, Mode};
use crate::key::{Key, KeyedBy, OfFields};
use crate::record::Record;

impl<T: Record> Flow<T, Bounded> {
    /// Runs `body` so many times, each time over the records that it gave the time before: a bulk iteration. The first time it is given the records of this
    /// flow; what it gives the last time is the result.
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
    /// The body is a pipeline: it is called once, while the plan is built, and each of its operators runs in every round as if there were no other. Other flows
    /// that it uses are computed once, kept, and read anew in each round. It may not write, and may not hold another loop.
    ///
    /// Cost: records that go round are copied once in each, with all of their fields; they wait for the next in memory as far as it goes, the rest on disk.
    /// Nobody waits for a round but the operators that need all of their input, and the beginning.
    #[track_caller]
    pub fn iterate<F>(&self, rounds: u32, body: F) -> Flow<T, Bounded>
    where
        F: FnOnce(Flow<T, Bounded>) -> Flow<T, Bounded>,
    {
        let (loop_id, schema, termination) = (LoopId::unique(), T::schema(), LoopTermination::AfterRounds);
        let handle = self.handle.called_at(Location::caller());
        let begun = handle.then(LoopBegin { schema: schema.clone(), loop_id, rounds, termination });
        let given: Flow<T, Bounded> = body(begun.typed());
        let end = LoopEnd { workset: schema.clone(), schema, loop_id, rounds };
        handle.ending_loop(vec![given.handle.node], end).typed()
    }

    /// Changes a set of records, one for each key, while there are rows to work on, and at most so many times: a delta iteration. The set has the records of this
    /// flow at first, of which several of one key are one; the first rows to work on are those of `workset`. Each round, `body` is given the solution set and
    /// the rows to work on, and gives the records that change the set and the rows of the next round. Each change takes the place of the record of its key, or
    /// is new; the set changes when the round ends, so all of a round see it as it was. What the loop comes to is the set.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn nearer(distances: Solution<(u64, u64), u64>, reached: DataSet<(u64, u64)>, roads: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    ///     let next = reached.join(roads).on(|r| r.0, |road| road.0).map(|r, road| (road.1, r.1 + 1));
    ///     let least = next.group_by(|n| n.0).min(|n| n.1);
    ///     least.join(distances).on(|n| n.0).filter(|n, known| n.1 < known.1).map(|n, _| n)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// let far = u64::MAX;
    /// let towns = env.collection([(1u64, 0u64), (2, far), (3, far), (4, far)])?;
    /// let roads = env.collection([(1u64, 2u64), (2, 3), (1, 3)])?;
    /// let distances = towns.iterate_delta(env.collection([(1u64, 0u64)])?, |t| t.0, 100, |distances, reached| {
    ///     let better = nearer(distances, reached, roads);
    ///     (better.clone(), better)
    /// });
    /// assert_eq!(distances.sort(|d| d.0).collect()?, [(1, 0), (2, 1), (3, 1), (4, far)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The body is a pipeline, as that of [`Flow::iterate`], with the same limits. It joins the solution set once, by the set's key. Of several changes of one key
    /// in a round one stays; it is not said which.
    ///
    /// Cost: a round's follows the rows to work on, not the set, which is in memory, and its key's tasks. Joins of these rows with flows from outside build
    /// those once. Source: Ewen and others, *Spinning Fast Iterative Data Flows*, 2012.
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
        let workset = workset.handle.described(handle.next.clone());
        let begun = workset.then(LoopBegin { schema: W::schema(), loop_id, rounds, termination });
        let set = Solution { handle: handle.clone(), key: key(T::fields(0)).leaves(), loop_id, of: PhantomData };
        let (changes, next) = body(set, begun.typed());
        let end = LoopEnd { workset: W::schema(), schema: T::schema(), loop_id, rounds };
        handle.ending_loop(vec![next.handle.node, changes.handle.node], end).typed()
    }
}

/// The solution set of a delta iteration, inside of its body: `T` are its records, `V` is their key. It can be joined with, by that key.
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

/// Records and a solution set to be joined: say `on` which key of the records. The set is joined by its own.
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
    /// The key of the records, of the type that the set's key has; of several fields it is a tuple.
    /// A null is a key as any other. After [`left_join`](Flow::left_join) the closure gets an
    /// `Option` of the set's record: none where the set has none of the key yet.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn counted_down(counters: DataSet<(u64, u64)>) -> DataSet<(u64, u64)> {
    ///     counters.iterate_delta(counters, |c| c.0, 10, |counters, changed| {
    ///         let lower = changed.join(counters).on(|c| c.0).filter(|_, known| known.1 > 0).map(|c, known| (c.0, known.1 - 1));
    ///         (lower, lower)
    ///     })
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
    /// The end of a loop whose body gives these rows.
    #[inline(never)]
    fn ending_loop(&self, given: Vec<Arc<Node>>, end: LoopEnd) -> Handle {
        let next = self.next.behind("end of iterate");
        Handle::behind(self.env.clone(), Arc::new(end), given, &next)
    }
}
