//! Q5: sales of suppliers to customers of their own nation.

use dataflow::prelude::*;

use super::{Customer, LineItem, Nation, Order, Region, Supplier};

/// The revenue of a nation's suppliers within the nation.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct NationRevenue {
    pub nation: String,
    pub revenue: Decimal<4>,
}

/// Sales within the nations of a region, for orders from `first` until before `end`.
#[dataflow]
pub fn local_supplier_volume(
    customers: DataSet<Customer>,
    orders: DataSet<Order>,
    items: DataSet<LineItem>,
    suppliers: DataSet<Supplier>,
    nations: DataSet<Nation>,
    regions: DataSet<Region>,
    region: String,
    first: Date,
    end: Date,
) -> DataSet<NationRevenue> {
    let region = regions.filter(|r| r.name == region);
    let nations = nations.semi_join(region).on(|n| n.regionkey, |r| r.regionkey);
    let suppliers =
        suppliers.join(nations).on(|s| s.nationkey, |n| n.nationkey).map(|s, n| (s.suppkey, s.nationkey, n.name));
    let orders = orders
        .filter(|o| o.orderdate >= first && o.orderdate < end)
        .join(customers)
        .on(|o| o.custkey, |c| c.custkey)
        .map(|o, c| (o.orderkey, c.nationkey));
    items
        .join(orders)
        .on(|l| l.orderkey, |o| o.0)
        .map(|l, o| (l.suppkey, o.1, l.extendedprice * (1 - l.discount)))
        .join(suppliers)
        .on(|l| (l.0, l.1), |s| (s.0, s.1))
        .map(|l, s| NationRevenueRef { nation: s.2, revenue: l.2 })
        .group_by(|r| r.nation)
        .sum(|r| r.revenue)
        .sort(|r| desc(r.revenue))
}
