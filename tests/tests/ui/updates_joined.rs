use dataflow::prelude::*;

#[dataflow]
fn both(words: DataStream<String>, others: DataStream<(String, u64)>) -> DataStream<(u64, u64)> {
    words.group_by(|w| w).count().join(others).on(|w| w.0, |o| o.0).map(|w, o| (w.1, o.1))
}

fn main() {}
