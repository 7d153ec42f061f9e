//! Q3: the unshipped orders of greatest value.

use dataflow::prelude::*;

use super::{Customer, LineItem, Order};

/// The potential revenue of an order.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Revenue {
    pub orderkey: i64,
    pub revenue: Decimal<4>,
    pub orderdate: Date,
    pub shippriority: i32,
}

/// The ten orders of greatest value in a market segment that are open on `day`.
#[dataflow]
pub fn shipping_priority(
    customers: DataSet<Customer>,
    orders: DataSet<Order>,
    items: DataSet<LineItem>,
    segment: String,
    day: Date,
) -> DataSet<Revenue> {
    let building = customers.filter(|c| c.mktsegment == segment);
    let open = orders.filter(|o| o.orderdate < day).semi_join(building).on(|o| o.custkey, |c| c.custkey);
    items
        .filter(|l| l.shipdate > day)
        .join(open)
        .on(|l| l.orderkey, |o| o.orderkey)
        .map(|l, o| Revenue {
            orderkey: o.orderkey,
            revenue: l.extendedprice * (1 - l.discount),
            orderdate: o.orderdate,
            shippriority: o.shippriority,
        })
        .group_by(|r| (r.orderkey, r.orderdate, r.shippriority))
        .sum(|r| r.revenue)
        .top(10, |r| (desc(r.revenue), asc(r.orderdate)))
}
