//! Q6: the revenue lost to small discounts.

use dataflow::prelude::*;

use super::LineItem;

/// The additional revenue without the discounts.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Forecast {
    pub revenue: Decimal<4>,
}

/// The discounts on small lines shipped from `first` until before `end`.
#[dataflow]
pub fn revenue_forecast(
    items: DataSet<LineItem>,
    first: Date,
    end: Date,
    least_discount: Decimal<2>,
    most_discount: Decimal<2>,
    quantity: Decimal<2>,
) -> DataSet<Forecast> {
    items
        .filter(|l| {
            l.shipdate >= first
                && l.shipdate < end
                && l.discount >= least_discount
                && l.discount <= most_discount
                && l.quantity < quantity
        })
        .aggregate(|g| Forecast { revenue: g.sum(|l| l.extendedprice * l.discount) })
}
