use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Many<T> {
    id: u64,
    all: Vec<T>,
}

fn main() {}
