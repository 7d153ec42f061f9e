use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
enum Event {
    Idle,
    Listed(Option<&'static [u64]>),
}

fn main() {}
