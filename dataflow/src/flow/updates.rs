//! Updates, as records.

use super::{Flow, OfGroups};
use crate::record::Record;

impl<T: Record, M: OfGroups> Flow<T, M> {
    /// Each update of a group as a record of its own: what the group was at some time. What follows sees a group as often as it is given, and a sum over these records
    /// is none over the groups.
    ///
    /// A grouping of a flow that does not end adds the records that come at a time, at most some thousand, to their groups, then gives the groups that they touched. So
    /// how many updates there are, and which, depends on how records come; but the updates of a key follow each other in the order of time, nothing is ever taken back that
    /// was counted, and the last one is the group of all records. An [`UpdateStream`](crate::UpdateStream) may be written as it is: who reads it takes the last of each key.
    ///
    /// Of a flow that ends it gives the groups: each is its own last update. So a pipeline may be for both.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # use dataflow::{Mode, OfGroups};
    /// /// Says who has a thousand points, as soon as somebody has.
    /// #[dataflow]
    /// fn winners<M: Mode>(points: Flow<(String, u64), M>) -> Flow<String, <M::Grouped as OfGroups>::Updates> {
    ///     points.group_by(|p| p.0).sum(|p| p.1).updates().filter(|p| p.1 >= 1000).map(|p| p.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let points = Env::embedded().collection([("Ann", 600u64), ("Bob", 900), ("Ann", 500)])?;
    /// assert_eq!(winners(points).collect()?, ["Ann"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn updates(&self) -> Flow<T, M::Updates> {
        self.handle.clone().typed()
    }
}
