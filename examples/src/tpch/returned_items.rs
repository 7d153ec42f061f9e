//! Q10: customers with the most returned items.

use dataflow::prelude::*;

use super::{Customer, LineItem, Nation, Order};

/// A customer and the value of the returned items.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Returns {
    pub custkey: i64,
    pub name: String,
    pub revenue: Decimal<4>,
    pub acctbal: Decimal<2>,
    pub nation: String,
    pub address: String,
    pub phone: String,
    pub comment: String,
}

/// The twenty customers with the greatest lost revenue, for items ordered from `first` until before
/// `end`.
#[dataflow]
pub fn returned_items(
    customers: DataSet<Customer>,
    orders: DataSet<Order>,
    items: DataSet<LineItem>,
    nations: DataSet<Nation>,
    first: Date,
    end: Date,
) -> DataSet<Returns> {
    let orders = orders.filter(|o| o.orderdate >= first && o.orderdate < end);
    let lost = items
        .filter(|l| l.returnflag == "R")
        .join(orders)
        .on(|l| l.orderkey, |o| o.orderkey)
        .map(|l, o| (o.custkey, l.extendedprice * (1 - l.discount)))
        .group_by(|l| l.0)
        .sum(|l| l.1);
    customers
        .join(lost)
        .on(|c| c.custkey, |l| l.0)
        .map(|c, l| (c, l.1))
        .join(nations)
        .on(|c| c.0.nationkey, |n| n.nationkey)
        .map(|(c, revenue), n| ReturnsRef {
            custkey: c.custkey,
            name: c.name,
            revenue,
            acctbal: c.acctbal,
            nation: n.name,
            address: c.address,
            phone: c.phone,
            comment: c.comment,
        })
        .top(20, |r| desc(r.revenue))
}
