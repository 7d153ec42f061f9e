use dataflow::prelude::*;

#[dataflow]
fn sizes(words: DataSet<(String, u64)>, more: DataSet<(String, u64)>) -> DataSet<u64> {
    words.co_group(more).on(|word| word.0, |other| other.1).reduce_group(|w, m, out| out.emit(w.len() as u64))
}

fn main() {}
