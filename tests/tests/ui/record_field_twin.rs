use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Site {
    name: String,
}

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    site: SiteRef<'static>,
}

fn main() {}
