use dataflow::prelude::*;

use std::collections::HashMap;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    links: Vec<HashMap<String, u64>>,
}

fn main() {}
