use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Line<'a> {
    text: &'a str,
}

fn main() {}
