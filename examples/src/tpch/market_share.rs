//! Q8: a nation's share of its region's market for a kind of parts.

use dataflow::prelude::*;

use super::{Customer, LineItem, Nation, Order, Part, Region, Supplier};

/// A nation's share of a year's sales.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct MarketShare {
    pub year: i32,
    pub share: f64,
}

/// The share of suppliers of `nation` in the orders of a region's customers from `first` to `last`.
#[dataflow]
pub fn market_share(
    parts: DataSet<Part>,
    suppliers: DataSet<Supplier>,
    items: DataSet<LineItem>,
    orders: DataSet<Order>,
    customers: DataSet<Customer>,
    nations: DataSet<Nation>,
    regions: DataSet<Region>,
    nation: String,
    region: String,
    kind: String,
    first: Date,
    last: Date,
) -> DataSet<MarketShare> {
    let region = regions.filter(|r| r.name == region);
    let near = nations.semi_join(region).on(|n| n.regionkey, |r| r.regionkey);
    let customers = customers.semi_join(near).on(|c| c.nationkey, |n| n.nationkey);
    let orders = orders
        .filter(|o| o.orderdate >= first && o.orderdate <= last)
        .semi_join(customers)
        .on(|o| o.custkey, |c| c.custkey);
    let suppliers =
        suppliers.join(nations).on(|s| s.nationkey, |n| n.nationkey).map(|s, n| (s.suppkey, n.name == nation));
    let wanted = parts.filter(|p| p.kind == kind);
    items
        .semi_join(wanted)
        .on(|l| l.partkey, |p| p.partkey)
        .join(orders)
        .on(|l| l.orderkey, |o| o.orderkey)
        .map(|l, o| (o.orderdate.year(), l.suppkey, l.extendedprice * (1 - l.discount)))
        .join(suppliers)
        .on(|l| l.1, |s| s.0)
        .map(|l, s| (l.0, s.1, l.2))
        .group_by(|s| s.0)
        .aggregate(|g| MarketShare {
            year: g.key,
            share: g.sum(|s| if s.1 { s.2 } else { Decimal::ZERO }).to_f64() / g.sum(|s| s.2).to_f64(),
        })
        .sort(|s| asc(s.year))
}
