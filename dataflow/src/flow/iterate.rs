//! Loops over a flow: `iterate`.

use std::panic::Location;

use runtime::operators::{LoopBegin, LoopEnd};
use runtime::strategy::LoopId;

use super::{Bounded, Flow, Handle};
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
        let (loop_id, schema) = (LoopId::unique(), T::schema());
        let handle = self.handle.called_at(Location::caller());
        let begun = handle.then(LoopBegin { schema: schema.clone(), loop_id, rounds });
        let given: Flow<T, Bounded> = body(begun.typed());
        let end = LoopEnd { schema, loop_id, rounds };
        handle.ending_loop(&given.handle, end).typed()
    }
}

impl Handle {
    /// The end of a loop whose body gives these rows.
    fn ending_loop(&self, given: &Handle, end: LoopEnd) -> Handle {
        let next = self.next.behind("end of iterate");
        Handle::behind(self.env.clone(), std::sync::Arc::new(end), vec![given.node.clone()], &next)
    }
}
