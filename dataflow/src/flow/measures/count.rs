//! The measure `count`.

use runtime::group::StateSlot;
use runtime::operators::Merge;
use runtime::row::LeafType;

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{kernel_leaves, slot, summary};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Counts the records. In `#[dataflow]`, `g.count(|r| r.field)` counts the values of an
    /// `Option` field that are not `None`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn visits(days: DataSet<(u32, String)>) -> DataSet<(u32, String)> {
    ///     days.group_by(|d| d.0).aggregate(|g| {
    ///         let visits = g.count();
    ///         (g.key, format!("{visits} visits"))
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let days = Env::embedded().collection([(7u32, "Mon"), (7, "Tue")])?;
    /// assert_eq!(visits(days).collect()?, [(7, "2 visits".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn count(self) -> Aggregates<T, K, M, (S, Count)> {
        self.with(Count)
    }
}

/// The number of records.
#[derive(Clone)]
pub struct Count;

slot!([] Count, u64, u64, StateSlot<'t, u64>,
    leaves(_slot) kernel_leaves(&[(LeafType::U64, Merge::Sum)]),
    places(reader) reader.plain()?,
    add(_slot, at, group, _record) { at.set(group, at.get(group) + 1); },
    value(count) count);
summary!([] Count, u64, u64,
    add(_slot, count, _record) { *count += 1; },
    value(count) *count);
