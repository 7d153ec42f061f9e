use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
enum Event {
    Idle,
    Click { url: String, took: std::time::Duration },
}

fn main() {}
