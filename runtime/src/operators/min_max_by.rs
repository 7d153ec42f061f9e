//! The first record of each group in an order: `min_by`, `max_by`.

use std::sync::Arc;

use crate::error::Result;
use crate::group::{Combined, GroupTable, Groups, Reduce, ReduceFactory};
use crate::kernel::TaskContext;
use crate::page::{Input, RowWriter};
use crate::row::{LeafType, Schema};
use crate::sort::OrderKey;

use super::order;

/// An order, then all other leaves except those of the key, which are the same in a group.
pub(super) fn whole_order(schema: &Schema, key: &[usize], order: &[OrderKey]) -> Vec<OrderKey> {
    let named = order::leaves(order);
    let rest = (0..schema.leaves().len()).filter(|leaf| !named.contains(*leaf) && !key.contains(leaf));
    // A validity of 1 is a value, so descending puts nulls last.
    let ascending = |leaf: usize| OrderKey { leaf, descending: schema.leaves()[leaf].ty == LeafType::Valid };
    order.iter().copied().chain(rest.map(ascending)).collect()
}

/// A kernel that keeps the first of two records in an order.
pub(super) fn keep_best(order: Vec<OrderKey>) -> ReduceFactory {
    Arc::new(move |_: &TaskContext| -> Result<Box<dyn Reduce>> { Ok(Box::new(KeepBest(order.clone()))) })
}

struct KeepBest(Vec<OrderKey>);

impl Reduce for KeepBest {
    fn combine(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        groups: &Groups,
        _: &mut RowWriter,
    ) -> Result<Combined> {
        table.keep_best(input, groups, &self.0)?;
        Ok(Combined::Kept)
    }
}
