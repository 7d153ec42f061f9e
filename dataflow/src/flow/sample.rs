//! Samples.
//!
//! What a record draws is made of the seed, its task, and its position among the task's records. The same records in the same order at
//! parallelism 1 therefore give the same sample. Otherwise which task gets which records is a matter of time: each run is a fair sample, and two
//! runs may give different ones.

use std::panic::Location;

use runtime::operators::{Sample, SampleN};

use super::{Ends, Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Keeps each record with a chance of `fraction`, from 0 to 1, whatever becomes of the others.
    ///
    /// One seed gives one sample where the records come in one order and parallelism is 1. Otherwise which task gets which records is a matter
    /// of time: each run is a fair sample, and two runs may give different ones.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let numbers = env.collection(0..10_000u64)?;
    /// let sample = numbers.sample(0.1, 42);
    /// assert!((800..1_200).contains(&sample.count()?));
    /// assert_eq!(sample.collect()?, numbers.sample(0.1, 42).collect()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A fraction that is none ends the job before it starts.
    ///
    /// Cost: a few instructions for each record, in place; nothing is copied.
    #[track_caller]
    pub fn sample(&self, fraction: f64, seed: u64) -> Flow<T, M> {
        let handle = self.handle.called_at(Location::caller());
        handle.then(Sample { schema: handle.schema(), fraction, seed }).typed()
    }

    /// Keeps exactly `count` records, or all where there are fewer; each sample of that size is as likely as any other. They come in no
    /// particular order.
    ///
    /// What a seed promises is said at [`Flow::sample`].
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let numbers = env.collection(0..10_000u64)?;
    /// let sample = numbers.sample_n(3, 42).collect()?;
    /// assert_eq!(sample.len(), 3);
    /// assert_eq!(sample, numbers.sample_n(3, 42).collect()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: a few instructions for each record; each task keeps up to four times `count` records, and sends `count` to one task.
    #[track_caller]
    pub fn sample_n(&self, count: usize, seed: u64) -> Flow<T, M>
    where
        M: Ends,
    {
        self.handle.called_at(Location::caller()).then(SampleN { schema: T::schema(), count, seed }).typed()
    }
}
