use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Node {
    id: u64,
    next: Option<Box<Node>>,
}

fn main() {}
