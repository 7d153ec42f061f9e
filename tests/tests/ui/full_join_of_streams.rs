use dataflow::prelude::*;

#[dataflow]
fn both(left: DataStream<u64>, right: DataStream<u64>) -> DataStream<(Option<u64>, Option<u64>)> {
    left.full_join(right).on(|l| l, |r| r).map(|l, r| (l, r))
}

fn main() {}
