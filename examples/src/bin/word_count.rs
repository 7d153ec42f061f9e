//! Counts words: `word_count [PATH]`. The path is a file, a folder or a pattern.

use dataflow::prelude::*;

#[derive(Record, Clone, Debug, PartialEq)]
struct WordCount {
    word: String,
    count: u64,
}

#[dataflow]
fn word_count(lines: DataSet<String>) -> DataSet<WordCount> {
    lines
        .flat_map(|line| line.words().map(|word| WordCountRef { word, count: 1 }))
        .group_by(|w| w.word)
        .sum(|w| w.count)
}

fn main() -> dataflow::Result<()> {
    let env = Env::from_args()?;
    let path = env.args().first().map_or("README.md", String::as_str);
    let words = word_count(env.read_text(path)?);
    words.top(20, |w| (desc(w.count), asc(w.word))).print();
    env.run()?;
    Ok(())
}
