use std::rc::Rc;

use dataflow::prelude::*;

#[dataflow]
fn long_lines(lines: DataSet<String>, limit: Rc<usize>) -> DataSet<String> {
    lines.filter(|line| line.len() > *limit)
}

fn main() {}
