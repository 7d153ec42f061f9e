use dataflow::prelude::*;

#[derive(Clone, Copy)]
struct Page {
    id: u64,
    rank: f64,
}

#[dataflow]
fn ranked(pages: DataSet<Page>) -> DataSet<(u64, f64)> {
    pages.filter(|page| page.rank > 0.5).map(|page| (page.id, page.rank)).sort(|page| page.0)
}

fn main() {}
