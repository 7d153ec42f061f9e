use dataflow::prelude::*;

use std::collections::HashSet;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    links: HashSet<String>,
}

fn main() {}
