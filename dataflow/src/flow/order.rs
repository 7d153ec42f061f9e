//! Total order, top, first.

use std::panic::Location;

use runtime::operators::{First, Sort, Top};

use super::{Ends, Flow, Mode};
use crate::key::{Order, nulls_last};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// All records in order: `|r| (desc(r.revenue), asc(r.day))`. Nulls come last.
    #[must_use]
    #[track_caller]
    pub fn sort<O: Order<T>>(&self, order: impl FnOnce(T::Fields<T>) -> O) -> Flow<T, M>
    where
        M: Ends,
    {
        let schema = T::schema();
        let order = nulls_last(order(T::fields(0)).keys(), &schema);
        self.then(Sort { schema, order }, &[], &self.next.called_at(Location::caller()))
    }

    /// The first `count` records of an order, in order.
    #[must_use]
    #[track_caller]
    pub fn top<O: Order<T>>(&self, count: usize, order: impl FnOnce(T::Fields<T>) -> O) -> Flow<T, M>
    where
        M: Ends,
    {
        let schema = T::schema();
        let order = nulls_last(order(T::fields(0)).keys(), &schema);
        self.then(Top { schema, count, order }, &[], &self.next.called_at(Location::caller()))
    }

    /// Any `count` records; the first ones of a sorted flow.
    #[must_use]
    #[track_caller]
    pub fn first(&self, count: usize) -> Flow<T, M> {
        self.then(First { schema: T::schema(), count }, &[], &self.next.called_at(Location::caller()))
    }
}
