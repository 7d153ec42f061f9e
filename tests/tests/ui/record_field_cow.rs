use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Page {
    id: u64,
    name: std::borrow::Cow<'static, str>,
}

fn main() {}
