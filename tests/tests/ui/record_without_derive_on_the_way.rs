use dataflow::prelude::*;

#[derive(Clone, Copy)]
struct Page {
    id: u64,
}

#[dataflow]
fn ranks(lines: DataSet<String>) -> DataSet<u64> {
    let pages = lines.map(|line| Page { id: line.len() as u64 });
    pages.map(|page| page.id)
}

fn main() {}
