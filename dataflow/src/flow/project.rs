//! Projections.

use std::panic::Location;

use runtime::operators::Project;

use super::{Flow, Mode};
use crate::key::Projection;
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Picks fields: `|r| (r.name, r.day)` gives tuples. Nothing is copied or computed.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn names(people: DataSet<(u64, String, Date)>) -> DataSet<(String, u64)> {
    ///     people.project(|p| (p.1, p.0))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let people = Env::embedded().collection([(7u64, "Ada", date!("1815-12-10"))])?;
    /// assert_eq!(names(people).collect()?, [("Ada".to_owned(), 7)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn project<P: Projection<T>>(&self, pick: impl FnOnce(T::Fields<T>) -> P) -> Flow<P::Value, M> {
        let picked = pick(T::fields(0));
        let next = self.next.called_at(Location::caller());
        let flow = self.keyed(picked.computation::<()>(), &next);
        let view =
            Project { word: "project", input: flow.schema(), output: P::Value::schema(), leaves: picked.leaves() };
        flow.then(view, &[], &next)
    }
}
