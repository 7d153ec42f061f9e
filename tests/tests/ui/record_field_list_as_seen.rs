use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    links: List<'static, u64>,
}

fn main() {}
