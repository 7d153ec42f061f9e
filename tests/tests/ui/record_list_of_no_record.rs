use dataflow::prelude::*;

#[derive(Clone, Debug)]
struct Link {
    url: String,
}

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    links: Vec<Link>,
}

fn main() {}
