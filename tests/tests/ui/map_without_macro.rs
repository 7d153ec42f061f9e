use dataflow::prelude::*;

fn lengths(words: DataSet<String>) -> DataSet<u64> {
    words.map(|word| word.len() as u64).filter(|length| *length > 3)
}

fn main() {}
