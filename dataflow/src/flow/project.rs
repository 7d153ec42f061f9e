//! `project`: selects fields.

use std::panic::Location;

use runtime::operators::Project;
use runtime::row::Schema;

use super::{Flow, Handle, Mode};
use crate::key::Projection;
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Selects fields: `|r| (r.name, r.day)` returns tuples. Nothing is copied or computed, except
    /// computed values.
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
    #[track_caller]
    pub fn project<P: Projection<T>>(&self, pick: impl FnOnce(T::Fields<T>) -> P) -> Flow<P::Value, M> {
        let picked = pick(T::fields(0));
        let handle = self.handle.called_at(Location::caller()).keyed(picked.computation::<()>());
        let leaves = picked.leaves().into_iter().chain(handle.schema().event_time()).collect();
        handle.projected("project", handle.rows_of(P::Value::schema()), leaves).typed()
    }
}

impl Handle {
    /// Selects leaves of each row.
    #[inline(never)]
    pub(super) fn projected(&self, word: &'static str, output: Schema, leaves: Vec<usize>) -> Handle {
        self.append(Project { word, input: self.schema(), output, leaves })
    }
}
