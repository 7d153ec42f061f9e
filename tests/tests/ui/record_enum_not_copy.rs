use dataflow::prelude::*;

#[derive(Record, Clone, Debug, PartialEq)]
enum Status {
    Open,
    Paid,
}

fn main() {}
