use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
enum Event<'a> {
    Idle,
    Click(&'a str),
}

fn main() {}
