//! Q11: the parts that make up a large share of a nation's stock.

use dataflow::prelude::*;

use super::{Nation, PartSupp, Supplier};

/// The value of a nation's stock of a part.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Stock {
    pub partkey: i64,
    pub value: Decimal<2>,
}

/// The parts whose stock is worth more than one part in `parts_of_all` of the total stock of the
/// nation's suppliers.
#[dataflow]
pub fn important_stock(
    partsupps: DataSet<PartSupp>,
    suppliers: DataSet<Supplier>,
    nations: DataSet<Nation>,
    nation: String,
    parts_of_all: i64,
) -> DataSet<Stock> {
    let nation = nations.filter(|n| n.name == nation);
    let suppliers = suppliers.semi_join(nation).on(|s| s.nationkey, |n| n.nationkey);
    let stock = partsupps
        .semi_join(suppliers)
        .on(|ps| ps.suppkey, |s| s.suppkey)
        .map(|ps| Stock { partkey: ps.partkey, value: ps.supplycost * i64::from(ps.availqty) });
    let all = stock.aggregate(|g| g.sum(|s| s.value));
    stock
        .group_by(|s| s.partkey)
        .sum(|s| s.value)
        .with(all)
        .filter(|s, all| s.value * parts_of_all > all)
        .map(|s, _| s)
        .sort(|s| desc(s.value))
}
