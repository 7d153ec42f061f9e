use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Page {
    id: u64,
    rank: f64,
}

#[dataflow]
fn ranks(pages: DataSet<Page>) -> DataSet<Page> {
    pages.group_by(|page| page.idd).max(|page| page.rank)
}

fn main() {}
