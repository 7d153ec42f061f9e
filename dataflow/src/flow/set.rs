//! Union and distinct.

use std::panic::Location;

use runtime::operators::{Union, distinct};

use super::{Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// All records of both flows, duplicates kept, in no particular order.
    #[must_use]
    #[track_caller]
    pub fn union(&self, other: Flow<T, M>) -> Flow<T, M> {
        self.then(Union(T::schema()), &[other.node], &self.next.called_at(Location::caller()))
    }

    /// One of all records that are equal.
    #[must_use]
    #[track_caller]
    pub fn distinct(&self) -> Flow<T, M> {
        self.then(distinct(T::schema()), &[], &self.next.called_at(Location::caller()))
    }
}
