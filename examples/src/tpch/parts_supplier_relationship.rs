//! Q16: the number of suppliers of the parts that a customer asks for.

use dataflow::prelude::*;

use super::{Part, PartSupp, Supplier};

/// The number of suppliers that have parts of a brand, kind and size.
#[derive(Record, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Suppliers {
    pub brand: String,
    pub kind: String,
    pub size: i32,
    pub suppliers: u64,
}

/// Suppliers without complaints, for parts of certain sizes whose brand is not `brand` and whose
/// kind is not `kind`.
#[dataflow]
pub fn parts_supplier_relationship(
    partsupps: DataSet<PartSupp>,
    parts: DataSet<Part>,
    suppliers: DataSet<Supplier>,
    brand: String,
    kind: String,
    sizes: Vec<i32>,
) -> DataSet<Suppliers> {
    let wanted = parts.filter(|p| p.brand != brand && !p.kind.starts_with(&kind) && sizes.contains(&p.size));
    let complaint = Like::new("%Customer%Complaints%");
    let blamed = suppliers.filter(|s| s.comment.like(&complaint));
    partsupps
        .anti_join(blamed)
        .on(|ps| ps.suppkey, |s| s.suppkey)
        .join(wanted)
        .on(|ps| ps.partkey, |p| p.partkey)
        .map(|ps, p| (p.brand, p.kind, p.size, ps.suppkey))
        .group_by(|p| (p.0, p.1, p.2))
        .aggregate(|g| SuppliersRef {
            brand: g.key.0,
            kind: g.key.1,
            size: g.key.2,
            suppliers: g.count_distinct(|p| p.3),
        })
        .sort(|s| (desc(s.suppliers), asc(s.brand), asc(s.kind), asc(s.size)))
}
