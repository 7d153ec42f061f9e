use std::rc::Rc;

use dataflow::prelude::*;

#[dataflow]
fn lengths(lines: DataSet<String>) -> DataSet<u64> {
    lines.map_with(|_| Rc::new(1u64), |one, line| line.len() as u64 + **one)
}

fn main() {}
