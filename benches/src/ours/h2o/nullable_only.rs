//! Queries 7 to 9 for nullable columns.

use super::*;
use crate::data::h2o::nullable::Grouped;

outputs! {
    Q7 { id3: Option<String>, range: Option<i32> }
    #[derive(Copy)]
    Q8 { id6: Option<i32>, v3: Option<f64> }
    Q9 { id2: Option<String>, id4: Option<i32>, r2: Option<f64> }
}

#[dataflow]
pub(super) fn q7(rows: DataSet<Grouped>) -> DataSet<Q7> {
    rows.group_by(|r| r.id3).aggregate(|g| Q7Ref {
        id3: g.key,
        range: g.max(|r| r.v1).zip(g.min(|r| r.v2)).map(|(most, least)| most - least),
    })
}

#[dataflow]
pub(super) fn q8(rows: DataSet<Grouped>) -> DataSet<Q8> {
    let known = rows.filter(|r| r.v3.is_some());
    known.group_by(|r| r.id6).top(2, |r| desc(r.v3)).map(|r| Q8 { id6: r.id6, v3: r.v3 })
}

/// Both numbers of a row, if both are present.
#[derive(Record, Clone, Debug)]
struct Pair {
    id2: Option<String>,
    id4: Option<i32>,
    both: Option<(i32, i32)>,
}

#[dataflow]
pub(super) fn q9(rows: DataSet<Grouped>) -> DataSet<Q9> {
    let pairs = rows.map(|r| PairRef { id2: r.id2, id4: r.id4, both: r.v1.zip(r.v2) });
    pairs.group_by(|p| (p.id2, p.id4)).aggregate(|g| {
        let count = g.count(|p| p.both);
        let sums = [g.sum(|p| p.both.map(|(x, _)| x)), g.sum(|p| p.both.map(|(_, y)| y))];
        let products = [
            g.sum(|p| p.both.map(|(x, _)| x * x)),
            g.sum(|p| p.both.map(|(_, y)| y * y)),
            g.sum(|p| p.both.map(|(x, y)| x * y)),
        ];
        let (sums, products) = (sums.map(Option::unwrap_or_default), products.map(Option::unwrap_or_default));
        Q9Ref { id2: g.key.0, id4: g.key.1, r2: (count > 1).then(|| squared_correlation(count as f64, sums, products)) }
    })
}
