use dataflow::prelude::*;

use std::collections::BTreeMap;

#[derive(Record, Clone, Debug)]
struct Place {
    x: f64,
    name: String,
}

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    places: BTreeMap<Place, u64>,
}

fn main() {}
