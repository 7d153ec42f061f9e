//! Random samples.
//!
//! The random numbers of a record depend on the seed, its task, and its position in the task. So at
//! parallelism 1, the same records in the same order give the same sample. Otherwise the task of a
//! record depends on timing. Each run is a fair sample, but two runs may differ.

use std::panic::Location;

use runtime::operators::{Sample, SampleN};

use super::{Ends, Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Keeps each record with probability `fraction`, from 0 to 1, independently of other records.
    ///
    /// At parallelism 1, the same seed and the same order of records give the same sample.
    /// Otherwise the task of a record depends on timing. Each run is a fair sample, but two runs
    /// may differ.
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
    /// # Errors
    /// The job fails before it starts if `fraction` is outside of 0 to 1.
    ///
    /// # Cost
    /// A few instructions per record. Records are selected where they are, and not copied.
    #[track_caller]
    pub fn sample(&self, fraction: f64, seed: u64) -> Flow<T, M> {
        let handle = self.handle.called_at(Location::caller());
        handle.append(Sample { schema: handle.schema(), fraction, seed }).typed()
    }

    /// Keeps exactly `count` records, or all if there are fewer. All samples of this size are
    /// equally likely. The order is unspecified.
    ///
    /// [`Flow::sample`] describes the effect of the seed.
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
    /// # Cost
    /// A few instructions per record. Each task stores up to four times `count` records, and sends
    /// `count` to one task.
    #[track_caller]
    pub fn sample_n(&self, count: usize, seed: u64) -> Flow<T, M>
    where
        M: Ends,
    {
        self.handle.called_at(Location::caller()).append(SampleN { schema: T::schema(), count, seed }).typed()
    }
}
