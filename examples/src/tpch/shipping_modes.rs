//! Q12: the effect of cheap shipping modes on urgent orders.

use dataflow::prelude::*;

use super::{LineItem, Order};

/// The late lines of a mode, of urgent and of other orders.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct LateLines {
    pub shipmode: String,
    pub high_line_count: u64,
    pub low_line_count: u64,
}

/// Lines of two modes that were shipped in time and received late, from `first` until before `end`.
#[dataflow]
pub fn shipping_modes(
    orders: DataSet<Order>,
    items: DataSet<LineItem>,
    one: String,
    other: String,
    first: Date,
    end: Date,
) -> DataSet<LateLines> {
    let late = items
        .filter(|l| l.receiptdate >= first && l.receiptdate < end)
        .filter(|l| l.shipmode == one || l.shipmode == other)
        .filter(|l| l.commitdate < l.receiptdate && l.shipdate < l.commitdate);
    orders
        .join(late)
        .on(|o| o.orderkey, |l| l.orderkey)
        .map(|o, l| (l.shipmode, o.orderpriority == "1-URGENT" || o.orderpriority == "2-HIGH"))
        .group_by(|l| l.0)
        .aggregate(|g| LateLinesRef {
            shipmode: g.key,
            high_line_count: g.sum(|l| u64::from(l.1)),
            low_line_count: g.sum(|l| u64::from(!l.1)),
        })
        .sort(|l| asc(l.shipmode))
}
