use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    title: std::cell::Cell<String>,
}

fn main() {}
