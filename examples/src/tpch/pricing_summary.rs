//! Q1: totals of billed, shipped and returned items up to a day.

use dataflow::prelude::*;

use super::LineItem;

/// Totals of one return flag and line status.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct PricingSummary {
    pub returnflag: String,
    pub linestatus: String,
    pub sum_qty: Decimal<2>,
    pub sum_base_price: Decimal<2>,
    pub sum_disc_price: Decimal<4>,
    pub sum_charge: Decimal<6>,
    pub avg_qty: f64,
    pub avg_price: f64,
    pub avg_disc: f64,
    pub count_order: u64,
}

/// The pricing summary of all lines shipped until `last`.
#[dataflow]
pub fn pricing_summary(items: DataSet<LineItem>, last: Date) -> DataSet<PricingSummary> {
    items
        .filter(|l| l.shipdate <= last)
        .group_by(|l| (l.returnflag, l.linestatus))
        .aggregate(|g| PricingSummaryRef {
            returnflag: g.key.0,
            linestatus: g.key.1,
            sum_qty: g.sum(|l| l.quantity),
            sum_base_price: g.sum(|l| l.extendedprice),
            sum_disc_price: g.sum(|l| l.extendedprice * (1 - l.discount)),
            sum_charge: g.sum(|l| l.extendedprice * (1 - l.discount) * (1 + l.tax)),
            avg_qty: g.avg(|l| l.quantity),
            avg_price: g.avg(|l| l.extendedprice),
            avg_disc: g.avg(|l| l.discount),
            count_order: g.count(),
        })
        .sort(|r| (asc(r.returnflag), asc(r.linestatus)))
}
