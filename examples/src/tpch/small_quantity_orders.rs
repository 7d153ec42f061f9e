//! Q17: the revenue lost if small orders were not accepted.

use dataflow::prelude::*;

use super::{LineItem, Part};

/// The yearly revenue of lines with less than a fifth of their part's mean quantity, for parts of a
/// brand in a container.
#[dataflow]
pub fn small_quantity_orders(
    items: DataSet<LineItem>,
    parts: DataSet<Part>,
    brand: String,
    container: String,
) -> DataSet<f64> {
    let wanted = parts.filter(|p| p.brand == brand && p.container == container);
    let lines = items.semi_join(wanted).on(|l| l.partkey, |p| p.partkey);
    let means = lines.group_by(|l| l.partkey).avg(|l| l.quantity);
    lines
        .join(means)
        .on(|l| l.partkey, |m| m.0)
        .filter(|l, m| l.quantity.to_f64() < 0.2 * m.1)
        .map(|l, _| l.extendedprice)
        .aggregate(|g| g.sum(|price| price).to_f64() / 7.0)
}
