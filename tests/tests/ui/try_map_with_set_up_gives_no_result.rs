use dataflow::prelude::*;

#[dataflow]
fn scaled(texts: DataSet<String>) -> DataSet<u64> {
    texts.try_map_with(|_| 10u64, |factor, text| text.parse::<u64>().map(|n| n * *factor))
}

fn main() {}
