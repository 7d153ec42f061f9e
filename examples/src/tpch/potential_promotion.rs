//! Q20: suppliers with an excess of certain parts.

use dataflow::prelude::*;

use super::{LineItem, Nation, Part, PartSupp, Supplier};

/// A supplier's name and address.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Address {
    pub name: String,
    pub address: String,
}

/// The suppliers of a nation that stock more than half of the quantity they shipped from `first`
/// until before `end`, of some part whose name begins with `word`.
#[dataflow]
pub fn potential_promotion(
    suppliers: DataSet<Supplier>,
    nations: DataSet<Nation>,
    partsupps: DataSet<PartSupp>,
    parts: DataSet<Part>,
    items: DataSet<LineItem>,
    word: String,
    nation: String,
    first: Date,
    end: Date,
) -> DataSet<Address> {
    let wanted = parts.filter(|p| p.name.starts_with(&word));
    let shipped = items
        .filter(|l| l.shipdate >= first && l.shipdate < end)
        .semi_join(wanted)
        .on(|l| l.partkey, |p| p.partkey)
        .project(|l| (l.partkey, l.suppkey, l.quantity))
        .group_by(|l| (l.0, l.1))
        .sum(|l| l.2);
    let excess = partsupps
        .join(shipped)
        .on(|ps| (ps.partkey, ps.suppkey), |s| (s.0, s.1))
        .filter(|ps, s| s.2 < 2 * i64::from(ps.availqty))
        .map(|ps, _| ps.suppkey);
    let nation = nations.filter(|n| n.name == nation);
    suppliers
        .semi_join(nation)
        .on(|s| s.nationkey, |n| n.nationkey)
        .semi_join(excess)
        .on(|s| s.suppkey, |e| e)
        .map(|s| AddressRef { name: s.name, address: s.address })
        .sort(|s| asc(s.name))
}
