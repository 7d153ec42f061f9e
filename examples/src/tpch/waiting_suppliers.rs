//! Q21: suppliers who kept orders waiting.

use dataflow::prelude::*;

use super::{LineItem, Nation, Order, Supplier};

/// The number of a supplier's lines that kept an order waiting.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Waiting {
    pub name: String,
    pub lines: u64,
}

/// The suppliers of a nation that were the only late ones in orders of several suppliers: the
/// hundred with most such lines.
#[dataflow]
pub fn waiting_suppliers(
    suppliers: DataSet<Supplier>,
    items: DataSet<LineItem>,
    orders: DataSet<Order>,
    nations: DataSet<Nation>,
    nation: String,
) -> DataSet<Waiting> {
    let nation = nations.filter(|n| n.name == nation);
    let suppliers = suppliers.semi_join(nation).on(|s| s.nationkey, |n| n.nationkey);
    let failed = orders.filter(|o| o.orderstatus == "F");
    let late = items
        .filter(|l| l.receiptdate > l.commitdate)
        .join(suppliers)
        .on(|l| l.suppkey, |s| s.suppkey)
        .map(|l, s| (l.orderkey, s.name))
        .semi_join(failed)
        .on(|l| l.0, |o| o.orderkey);
    // An order has several suppliers if the least and greatest key differ. It has one late supplier
    // if the least and greatest key of its late lines are equal.
    let blamed = items
        .semi_join(late)
        .on(|l| l.orderkey, |late| late.0)
        .map(|l| (l.orderkey, l.suppkey, l.receiptdate > l.commitdate))
        .group_by(|l| l.0)
        .aggregate(|g| {
            (
                g.key,
                g.min(|l| l.1) != g.max(|l| l.1),
                g.min(|l| if l.2 { l.1 } else { i64::MAX }) == g.max(|l| if l.2 { l.1 } else { i64::MIN }),
            )
        })
        .filter(|o| o.1 && o.2);
    late.semi_join(blamed)
        .on(|l| l.0, |o| o.0)
        .group_by(|l| l.1)
        .aggregate(|g| WaitingRef { name: g.key, lines: g.count() })
        .top(100, |w| (desc(w.lines), asc(w.name)))
}
