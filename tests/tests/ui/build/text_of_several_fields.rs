use dataflow::prelude::*;

#[dataflow]
fn counts(words: DataSet<String>) -> DataSet<(String, u64)> {
    words.group_by(|w| w).count()
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    counts(env.read_text("words.txt")?).write_text("counts.txt");
    env.run().map(drop)
}
