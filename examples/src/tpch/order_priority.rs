//! Q4: how well the priority of orders is observed.

use dataflow::prelude::*;

use super::{LineItem, Order};

/// The number of late orders of a priority.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PriorityCount {
    pub orderpriority: String,
    pub order_count: u64,
}

/// Orders placed from `first` until before `end` with at least one line received after its commit
/// date, by priority.
#[dataflow]
pub fn order_priority(
    orders: DataSet<Order>,
    items: DataSet<LineItem>,
    first: Date,
    end: Date,
) -> DataSet<PriorityCount> {
    let late = items.filter(|l| l.commitdate < l.receiptdate);
    orders
        .filter(|o| o.orderdate >= first && o.orderdate < end)
        .semi_join(late)
        .on(|o| o.orderkey, |l| l.orderkey)
        .group_by(|o| o.orderpriority)
        .aggregate(|g| PriorityCountRef { orderpriority: g.key, order_count: g.count() })
        .sort(|p| asc(p.orderpriority))
}
