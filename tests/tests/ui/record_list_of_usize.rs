use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    places: Vec<(String, usize)>,
}

fn main() {}
