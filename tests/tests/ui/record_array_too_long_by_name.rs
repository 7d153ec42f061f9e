use dataflow::prelude::*;

const LENGTH: usize = 300;

#[derive(Record, Clone, Copy, Debug)]
struct Vector {
    id: u64,
    values: [f64; LENGTH],
}

fn main() {}
