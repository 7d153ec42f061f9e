use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Node {
    id: u64,
    edges: Vec<Edge>,
}

#[derive(Record, Clone, Debug)]
struct Edge {
    weight: u64,
    to: Vec<Node>,
}

fn main() {}
