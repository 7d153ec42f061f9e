use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Page {
    id: u64,
    title: &'static str,
}

fn main() {}
