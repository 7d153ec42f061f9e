use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Page {
    id: u64,
    rank: i64,
}

#[dataflow]
fn ranks(pages: DataSet<Page>) -> DataSet<(u64, i64)> {
    pages.group_by(|page| page.idd % 10).aggregate(|g| (g.key, g.max(|page| page.rank)))
}

fn main() {}
