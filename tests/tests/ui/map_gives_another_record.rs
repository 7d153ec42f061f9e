use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Length {
    bytes: u64,
}

#[derive(Record, Clone, Copy, Debug)]
struct Place {
    line: u64,
}

#[dataflow]
fn lengths(words: DataSet<String>) -> DataSet<Place> {
    words.map(|word| Length { bytes: word.len() as u64 })
}

fn main() {}
