//! Q15: the supplier with the greatest revenue.

use dataflow::prelude::*;

use super::{LineItem, Supplier};

/// A supplier and its revenue.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct TopSupplier {
    pub suppkey: i64,
    pub name: String,
    pub address: String,
    pub phone: String,
    pub revenue: Decimal<4>,
}

/// The suppliers with the greatest revenue from `first` until before `end`.
#[dataflow]
pub fn top_supplier(
    items: DataSet<LineItem>,
    suppliers: DataSet<Supplier>,
    first: Date,
    end: Date,
) -> DataSet<TopSupplier> {
    let revenue = items
        .filter(|l| l.shipdate >= first && l.shipdate < end)
        .map(|l| (l.suppkey, l.extendedprice * (1 - l.discount)))
        .group_by(|l| l.0)
        .sum(|l| l.1);
    let most = revenue.aggregate(|g| g.max(|r| r.1));
    let best = revenue.with(most).filter(|r, most| r.1 == most).map(|r, _| r);
    suppliers
        .join(best)
        .on(|s| s.suppkey, |r| r.0)
        .map(|s, r| TopSupplierRef {
            suppkey: s.suppkey,
            name: s.name,
            address: s.address,
            phone: s.phone,
            revenue: r.1,
        })
        .sort(|s| asc(s.suppkey))
}
