use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Vector {
    id: u64,
    values: [f64; 300],
}

fn main() {}
