use dataflow::prelude::*;

#[derive(Record, Clone, Copy)]
union Bits {
    whole: u64,
    float: f64,
}

fn main() {}
