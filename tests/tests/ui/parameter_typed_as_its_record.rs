use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    name: String,
}

#[dataflow]
fn ids(pages: DataSet<Page>) -> DataSet<u64> {
    pages.map(|page: Page| page.id)
}

fn main() {}
