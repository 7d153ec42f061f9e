use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    words: Vec<&'static str>,
}

fn main() {}
