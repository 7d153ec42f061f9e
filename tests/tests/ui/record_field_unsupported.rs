use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Page {
    id: u64,
    age: std::time::Duration,
}

fn main() {}
