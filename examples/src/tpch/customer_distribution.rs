//! Q13: the distribution of customers by their number of orders.

use dataflow::prelude::*;

use super::{Customer, Order};

/// The number of customers with a given number of orders.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Distribution {
    pub orders: u64,
    pub customers: u64,
}

/// Customers by the number of their orders, including customers without orders. Orders with a
/// comment like `unwanted` do not count.
#[dataflow]
pub fn customer_distribution(
    customers: DataSet<Customer>,
    orders: DataSet<Order>,
    unwanted: Like,
) -> DataSet<Distribution> {
    let counted = orders.filter(|o| !o.comment.like(&unwanted)).group_by(|o| o.custkey).count();
    customers
        .left_join(counted)
        .on(|c| c.custkey, |n| n.0)
        .map(|_, n| n.map_or(0, |n| n.1))
        .group_by(|n| n)
        .aggregate(|g| Distribution { orders: g.key, customers: g.count() })
        .sort(|d| (desc(d.customers), desc(d.orders)))
}
