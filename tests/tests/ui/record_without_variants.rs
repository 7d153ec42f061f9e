use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
enum Never {}

fn main() {}
