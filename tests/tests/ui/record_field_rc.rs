use dataflow::prelude::*;

use std::rc::Rc;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    name: Rc<String>,
}

fn main() {}
