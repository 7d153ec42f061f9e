//! Without the macro, the keys are compared at the word.
use dataflow::prelude::*;

fn pairs(words: DataSet<(String, u64)>, more: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    words.join(more).on(|word| word.0, |other| other.1).process(|word, _, out| out.emit(word))
}

fn main() {}
