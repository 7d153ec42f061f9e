use dataflow::prelude::*;

#[dataflow]
fn both(words: DataSet<String>, numbers: DataSet<u64>) -> DataSet<String> {
    words.union(numbers)
}

fn main() {}
