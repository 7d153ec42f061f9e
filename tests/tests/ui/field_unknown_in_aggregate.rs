use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Page {
    id: u64,
    rank: f64,
}

#[dataflow]
fn ranks(pages: DataSet<Page>) -> DataSet<f64> {
    pages.group_by(|page| page.id).aggregate(|g| g.max(|page| page.ranks))
}

fn main() {}
