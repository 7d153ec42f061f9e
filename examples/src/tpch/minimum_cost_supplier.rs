//! Q2: suppliers in a region that sell parts at the lowest price there.

use dataflow::prelude::*;

use super::{Nation, Part, PartSupp, Region, Supplier};

/// A supplier's offer of a part.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Offer {
    pub acctbal: Decimal<2>,
    pub name: String,
    pub nation: String,
    pub partkey: i64,
    pub mfgr: String,
    pub address: String,
    pub phone: String,
    pub comment: String,
    pub cost: Decimal<2>,
}

/// The suppliers of a region that offer parts of a size and kind at the region's lowest price: the
/// hundred with the largest balance.
#[dataflow]
pub fn minimum_cost_supplier(
    parts: DataSet<Part>,
    suppliers: DataSet<Supplier>,
    partsupps: DataSet<PartSupp>,
    nations: DataSet<Nation>,
    regions: DataSet<Region>,
    size: i32,
    kind: String,
    region: String,
) -> DataSet<Offer> {
    let wanted = parts.filter(|p| p.size == size && p.kind.ends_with(&kind));
    let region = regions.filter(|r| r.name == region);
    let nations = nations.semi_join(region).on(|n| n.regionkey, |r| r.regionkey);
    let suppliers = suppliers.join(nations).on(|s| s.nationkey, |n| n.nationkey).map(|s, n| (s, n.name));
    let offers = partsupps
        .join(wanted)
        .on(|ps| ps.partkey, |p| p.partkey)
        .map(|ps, p| (ps.partkey, ps.suppkey, ps.supplycost, p.mfgr))
        .join(suppliers)
        .on(|o| o.1, |s| s.0.suppkey)
        .map(|(partkey, _, cost, mfgr), (s, nation)| OfferRef {
            acctbal: s.acctbal,
            name: s.name,
            nation,
            partkey,
            mfgr,
            address: s.address,
            phone: s.phone,
            comment: s.comment,
            cost,
        });
    let lowest = offers.project(|o| (o.partkey, o.cost)).group_by(|o| o.0).min(|o| o.1);
    offers
        .semi_join(lowest)
        .on(|o| (o.partkey, o.cost), |l| (l.0, l.1))
        .top(100, |o| (desc(o.acctbal), asc(o.nation), asc(o.name), asc(o.partkey)))
}
