use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    name: String,
}

#[dataflow]
fn counts(pages: DataSet<Page>) -> DataSet<(u64, u64)> {
    pages.group_by(|page: Page| page.id).count()
}

fn main() {}
