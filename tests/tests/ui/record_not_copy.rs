use dataflow::prelude::*;

#[derive(Record, Clone, Debug, PartialEq)]
struct Page {
    id: u64,
    rank: f64,
}

fn main() {}
