use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Point(u64, u64);

fn main() {}
