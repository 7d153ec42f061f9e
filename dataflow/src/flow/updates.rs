//! Updates as records.

use super::{Flow, OfGroups};
use crate::record::Record;

impl<T: Record, M: OfGroups> Flow<T, M> {
    /// Turns each update of a group into a record of its own: the state of the group at some time.
    ///
    /// Operators that follow see a group once per update. So a sum over these records is not a sum
    /// over the groups.
    ///
    /// A grouping of a flow that does not end adds some thousand records at a time to their groups,
    /// and then emits the changed groups. The number of updates therefore depends on the arrival of
    /// records. The updates of a key are in the order of time. No update takes back records that
    /// were counted, and the last update includes all records. To process only the last update of
    /// each key outside of the engine, write the [`UpdateStream`](crate::UpdateStream) as it is.
    ///
    /// If the flow ends, the result is the groups, each once. So a pipeline can support both kinds
    /// of flow.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # use dataflow::{Mode, OfGroups};
    /// /// Players with at least a thousand points, once per update.
    /// #[dataflow]
    /// fn winners<M: Mode>(
    ///     points: Flow<(String, u64), M>,
    /// ) -> Flow<String, <M::Grouped as OfGroups>::Updates> {
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
