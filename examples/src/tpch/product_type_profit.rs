//! Q9: the profit with a line of parts.

use dataflow::prelude::*;

use super::{LineItem, Nation, Order, Part, PartSupp, Supplier};

/// The profit of a nation's suppliers in a year.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Profit {
    pub nation: String,
    pub year: i32,
    pub profit: Decimal<4>,
}

/// Profits with all parts whose name is like `named`.
#[dataflow]
pub fn product_type_profit(
    parts: DataSet<Part>,
    suppliers: DataSet<Supplier>,
    items: DataSet<LineItem>,
    partsupps: DataSet<PartSupp>,
    orders: DataSet<Order>,
    nations: DataSet<Nation>,
    named: Like,
) -> DataSet<Profit> {
    let wanted = parts.filter(|p| p.name.like(&named));
    let suppliers = suppliers.join(nations).on(|s| s.nationkey, |n| n.nationkey).map(|s, n| (s.suppkey, n.name));
    let costs = partsupps
        .semi_join(wanted)
        .on(|ps| ps.partkey, |p| p.partkey)
        .join(suppliers)
        .on(|ps| ps.suppkey, |s| s.0)
        .map(|ps, s| (ps.partkey, ps.suppkey, ps.supplycost, s.1));
    items
        .join(costs)
        .on(|l| (l.partkey, l.suppkey), |c| (c.0, c.1))
        .map(|l, c| (l.orderkey, c.3, l.extendedprice * (1 - l.discount) - c.2 * l.quantity))
        .join(orders)
        .on(|l| l.0, |o| o.orderkey)
        .map(|l, o| ProfitRef { nation: l.1, year: o.orderdate.year(), profit: l.2 })
        .group_by(|p| (p.nation, p.year))
        .sum(|p| p.profit)
        .sort(|p| (asc(p.nation), desc(p.year)))
}
