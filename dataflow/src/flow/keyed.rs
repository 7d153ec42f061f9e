//! Rows that are wider than their records: each has a computed key, or event time, after the record's own leaves.
//!
//! Closures read a record's own leaves, which come first. So an operator takes the schema of the flow's rows
//! ([`Handle::schema`]), or that of new records with the flow's event time ([`Handle::rows_of`]).
//! [`Handle::typed`] drops the key from its output and keeps event time.

use std::panic::Location;

use runtime::operators::Keyed;
use runtime::sort::OrderKey;

use crate::key::{Order, Projection, nulls_last};
use crate::record::Record;

use super::group::Grouped;
use super::{Flow, Handle, Mode};

impl<T: Record, M: Mode> Flow<T, M> {
    /// The same records with what an order computes behind them, and the order's leaves there.
    pub(super) fn ordered<O: Order<T>>(
        &self,
        order: &O,
        location: &'static Location<'static>,
    ) -> (Handle, Vec<OrderKey>) {
        let handle = self.handle.called_at(location).keyed(order.computation::<()>());
        let order = nulls_last(order.keys(), handle.node.schema());
        (handle, order)
    }
}

impl<T: Record, K: Record, M: Mode> Grouped<T, K, M> {
    /// As [`Flow::ordered`], behind the groups' key.
    pub(super) fn ordered<O: Order<T>>(&self, order: &O) -> (Self, Vec<OrderKey>) {
        let (groups, by) = self.behind_key(order.computation::<()>(), order.computation::<K>());
        let mut keys = order.keys();
        keys.iter_mut().filter(|key| key.leaf >= T::LEAVES).for_each(|key| key.leaf += by);
        let keys = nulls_last(keys, groups.handle.node.schema());
        (groups, keys)
    }

    /// The same groups with what a projection computes behind their records, and its leaves there.
    pub(super) fn projected<P: Projection<T>>(&self, fields: &P) -> (Self, Vec<usize>) {
        let (groups, by) = self.behind_key(fields.computation::<()>(), fields.computation::<K>());
        let moved = |leaf: usize| if leaf >= T::LEAVES { leaf + by } else { leaf };
        (groups, fields.leaves().into_iter().map(moved).collect())
    }

    /// Computes something more of each record, and says by how many leaves the key moves it back.
    fn behind_key(&self, alone: Option<Keyed>, behind: Option<Keyed>) -> (Self, usize) {
        let is_wide = self.handle.node.schema().leaves().len() > T::LEAVES;
        let (computation, by) = if is_wide { (behind, K::LEAVES) } else { (alone, 0) };
        (Grouped { handle: self.handle.keyed(computation), key: self.key.clone(), of: self.of }, by)
    }
}
