use dataflow::prelude::*;

#[derive(Record, Clone, Copy)]
struct Rule {
    id: u64,
    score: fn(u64) -> u64,
}

fn main() {}
