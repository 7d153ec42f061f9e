use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    name: String,
}

#[dataflow]
fn late(pages: DataSet<Page>) -> DataSet<Page> {
    pages.filter(|page: &Page| page.id > 3)
}

fn main() {}
