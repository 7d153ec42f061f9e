use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Node {
    id: u64,
    next: Vec<Node>,
}

fn main() {}
