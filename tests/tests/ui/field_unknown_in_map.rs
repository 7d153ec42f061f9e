use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Page {
    id: u64,
    rank: f64,
}

#[dataflow]
fn ranks(pages: DataSet<Page>) -> DataSet<f64> {
    pages.map(|page| page.ranks)
}

fn main() {}
