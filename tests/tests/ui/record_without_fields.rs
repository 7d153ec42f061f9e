use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Marker();

fn main() {}
