//! Q14: the share of promoted parts in the revenue.

use dataflow::prelude::*;

use super::{LineItem, Part};

/// The promotion's share of the revenue in percent, for items shipped from `first` until before
/// `end`.
#[dataflow]
pub fn promotion_effect(items: DataSet<LineItem>, parts: DataSet<Part>, first: Date, end: Date) -> DataSet<f64> {
    items
        .filter(|l| l.shipdate >= first && l.shipdate < end)
        .join(parts)
        .on(|l| l.partkey, |p| p.partkey)
        .map(|l, p| (p.kind.starts_with("PROMO"), l.extendedprice * (1 - l.discount)))
        .aggregate(|g| 100.0 * g.sum(|l| if l.0 { l.1 } else { Decimal::ZERO }).to_f64() / g.sum(|l| l.1).to_f64())
}
