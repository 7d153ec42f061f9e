use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Page {
    id: usize,
}

fn main() {}
