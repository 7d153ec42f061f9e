//! Rows that are wider than their records: a computed key stands behind each.
//!
//! Closures read a record's own leaves, which stand first, so an operator need not know the leaves behind them: it takes the schema of the flow's rows
//! in place of the record's schema, and [`Flow::unkeyed`] drops the key from its output.

use std::sync::Arc;

use runtime::operators::{Keyed, Project};
use runtime::plan::Node;
use runtime::row::Schema;
use runtime::sort::OrderKey;

use crate::key::{Order, Projection, nulls_last};
use crate::record::Record;

use super::group::Grouped;
use super::step::NextStep;
use super::{Flow, Mode, scope};

/// The same records, each with its key behind it, where that is computed.
pub(super) fn keyed(node: &Arc<Node>, computation: Option<Keyed>, next: &NextStep) -> Arc<Node> {
    let Some(computation) = computation else { return node.clone() };
    let (origin, text) = next.behind("key").origin("key");
    Node::new(scope::path(), origin, text, Arc::new(computation), vec![node.clone()])
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// The same records, each with its key behind it, where that is computed.
    pub(super) fn keyed(&self, computation: Option<Keyed>, next: &NextStep) -> Flow<T, M> {
        Flow { node: keyed(&self.node, computation, next), ..self.clone() }
    }

    /// The same records and nothing behind them.
    pub(super) fn unkeyed(self, next: &NextStep) -> Flow<T, M> {
        let schema = self.schema();
        if schema.leaves().len() == T::LEAVES {
            return self;
        }
        let view = Project { word: "drop key", input: schema, output: T::schema(), leaves: (0..T::LEAVES).collect() };
        self.then(view, &[], &next.behind("drop key"))
    }

    /// The schema of its rows.
    pub(super) fn schema(&self) -> Schema {
        self.node.schema().clone()
    }

    /// The same records with what an order computes behind them, and the order's leaves there.
    pub(super) fn ordered<O: Order<T>>(&self, order: &O, next: &NextStep) -> (Flow<T, M>, Vec<OrderKey>) {
        let flow = self.keyed(order.computation::<()>(), next);
        let order = nulls_last(order.keys(), flow.node.schema());
        (flow, order)
    }
}

impl<T: Record, K: Record, M: Mode> Grouped<T, K, M> {
    /// As [`Flow::ordered`], behind the groups' key.
    pub(super) fn ordered<O: Order<T>>(&self, order: &O) -> (Self, Vec<OrderKey>) {
        let (groups, by) = self.behind_key(order.computation::<()>(), order.computation::<K>());
        let mut keys = order.keys();
        keys.iter_mut().filter(|key| key.leaf >= T::LEAVES).for_each(|key| key.leaf += by);
        let keys = nulls_last(keys, groups.flow.node.schema());
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
        let is_wide = self.flow.node.schema().leaves().len() > T::LEAVES;
        let (computation, by) = if is_wide { (behind, K::LEAVES) } else { (alone, 0) };
        (Grouped { flow: self.flow.keyed(computation, &self.next), ..self.clone() }, by)
    }
}
