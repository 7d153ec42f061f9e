//! Queries 7 to 9 for columns without nulls. Nullable columns need other pipelines.

use super::*;
use crate::data::h2o::plain::Grouped;

outputs! {
    Q7 { id3: String, range: i32 }
    #[derive(Copy)]
    Q8 { id6: i32, v3: f64 }
    Q9 { id2: String, id4: i32, r2: f64 }
}

#[dataflow]
pub(super) fn q7(rows: DataSet<Grouped>) -> DataSet<Q7> {
    rows.group_by(|r| r.id3).aggregate(|g| Q7Ref { id3: g.key, range: g.max(|r| r.v1) - g.min(|r| r.v2) })
}

#[dataflow]
pub(super) fn q8(rows: DataSet<Grouped>) -> DataSet<Q8> {
    rows.group_by(|r| r.id6).top(2, |r| desc(r.v3)).map(|r| Q8 { id6: r.id6, v3: r.v3 })
}

#[dataflow]
pub(super) fn q9(rows: DataSet<Grouped>) -> DataSet<Q9> {
    rows.group_by(|r| (r.id2, r.id4)).aggregate(|g| {
        let sums = [g.sum(|r| r.v1), g.sum(|r| r.v2)];
        let products = [g.sum(|r| r.v1 * r.v1), g.sum(|r| r.v2 * r.v2), g.sum(|r| r.v1 * r.v2)];
        Q9Ref { id2: g.key.0, id4: g.key.1, r2: squared_correlation(g.count() as f64, sums, products) }
    })
}
