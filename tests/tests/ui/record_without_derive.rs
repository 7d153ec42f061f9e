use dataflow::prelude::*;

#[derive(Clone, Copy)]
struct Page {
    id: u64,
    rank: f64,
}

#[dataflow]
fn ranks(lines: DataSet<String>) -> DataSet<Page> {
    lines.map(|line| Page { id: line.len() as u64, rank: 1.0 })
}

fn main() {}
