use dataflow::prelude::*;

#[derive(Record, Clone)]
struct Longest {
    word: String,
}

#[dataflow]
fn longest(words: DataSet<(u32, String)>) -> DataSet<u64> {
    words.group_by(|w| w.0).aggregate(|g| {
        let longest = g.fold(Longest { word: String::new() }, |_, _| (), |_, _| ());
        longest.word.len() as u64
    })
}

fn main() {}
