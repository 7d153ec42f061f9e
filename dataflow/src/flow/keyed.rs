//! Rows with more leaves than their record: a computed key or event time follows the leaves of the
//! record.
//!
//! Closures read only the leaves of the record, which come first. An operator uses the schema of
//! the flow's rows ([`Handle::schema`]), or the schema of new records with the event time of the
//! flow ([`Handle::rows_of`]). [`Handle::typed`] removes the key from its output and keeps event
//! time.

use std::panic::Location;

use runtime::operators::Keyed;
use runtime::sort::OrderKey;

use crate::key::{Order, Projection, nulls_last};
use crate::record::Record;

use super::group::Grouped;
use super::{Flow, Handle, Mode};

impl<T: Record, M: Mode> Flow<T, M> {
    /// Appends the values that an order computes to the rows. Returns the flow and the leaves of
    /// the order.
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
    /// Like [`Flow::ordered`], after the key of the groups.
    pub(super) fn ordered<O: Order<T>>(&self, order: &O) -> (Self, Vec<OrderKey>) {
        let (groups, key_leaves) = self.append_after_key(order.computation::<()>(), order.computation::<K>());
        let mut keys = order.keys();
        keys.iter_mut().filter(|key| key.leaf >= T::LEAVES).for_each(|key| key.leaf += key_leaves);
        let keys = nulls_last(keys, groups.handle.node.schema());
        (groups, keys)
    }

    /// Appends the values that a projection computes to the rows. Returns the groups and the leaves
    /// of the projection.
    pub(super) fn projected<P: Projection<T>>(&self, fields: &P) -> (Self, Vec<usize>) {
        let (groups, key_leaves) = self.append_after_key(fields.computation::<()>(), fields.computation::<K>());
        let moved = |leaf: usize| if leaf >= T::LEAVES { leaf + key_leaves } else { leaf };
        (groups, fields.leaves().into_iter().map(moved).collect())
    }

    /// Appends a computation to the rows: `without_key` if rows have no leaves after the record's,
    /// else `after_key`. Returns the groups, and the number of leaves between the record and the
    /// computed values.
    fn append_after_key(&self, without_key: Option<Keyed>, after_key: Option<Keyed>) -> (Self, usize) {
        let is_wide = self.handle.node.schema().leaves().len() > T::LEAVES;
        let (computation, key_leaves) = if is_wide { (after_key, K::LEAVES) } else { (without_key, 0) };
        (Grouped { handle: self.handle.keyed(computation), key: self.key.clone(), of: self.of }, key_leaves)
    }
}
