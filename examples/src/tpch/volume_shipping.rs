//! Q7: shipments between two nations.

use dataflow::prelude::*;

use super::{Customer, LineItem, Nation, Order, Supplier};

/// The value of shipments from one nation to another in a year.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Shipping {
    pub supp_nation: String,
    pub cust_nation: String,
    pub year: i32,
    pub revenue: Decimal<4>,
}

/// Shipments between two nations, from `first` to `last`.
#[dataflow]
pub fn volume_shipping(
    suppliers: DataSet<Supplier>,
    items: DataSet<LineItem>,
    orders: DataSet<Order>,
    customers: DataSet<Customer>,
    nations: DataSet<Nation>,
    one: String,
    other: String,
    first: Date,
    last: Date,
) -> DataSet<Shipping> {
    let both = nations.filter(|n| n.name == one || n.name == other);
    let suppliers = suppliers.join(both).on(|s| s.nationkey, |n| n.nationkey).map(|s, n| (s.suppkey, n.name));
    let customers = customers.join(both).on(|c| c.nationkey, |n| n.nationkey).map(|c, n| (c.custkey, n.name));
    let orders = orders.join(customers).on(|o| o.custkey, |c| c.0).map(|o, c| (o.orderkey, c.1));
    items
        .filter(|l| l.shipdate >= first && l.shipdate <= last)
        .join(suppliers)
        .on(|l| l.suppkey, |s| s.0)
        .map(|l, s| (l.orderkey, s.1, l.shipdate.year(), l.extendedprice * (1 - l.discount)))
        .join(orders)
        .on(|l| l.0, |o| o.0)
        .filter(|l, o| l.1 != o.1)
        .map(|l, o| ShippingRef { supp_nation: l.1, cust_nation: o.1, year: l.2, revenue: l.3 })
        .group_by(|s| (s.supp_nation, s.cust_nation, s.year))
        .sum(|s| s.revenue)
        .sort(|s| (asc(s.supp_nation), asc(s.cust_nation), asc(s.year)))
}
