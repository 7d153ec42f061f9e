use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    links: Box<[u64]>,
}

fn main() {}
