use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Pair<A, B> {
    first: A,
    second: std::sync::Arc<B>,
}

fn main() {}
