use std::collections::BTreeMap;

use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    weights: BTreeMap<String, f64>,
}

#[dataflow]
fn same(pages: DataSet<Page>) -> DataSet<(BTreeMap<String, f64>, u64)> {
    pages.group_by(|p| p.weights).count()
}

fn main() {}
