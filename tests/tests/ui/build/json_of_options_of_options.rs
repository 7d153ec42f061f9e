use dataflow::prelude::*;

#[dataflow]
fn found(numbers: DataSet<u64>) -> DataSet<(u64, Option<Option<u64>>)> {
    numbers.map(|n| (n, if n > 7 { Some(if n > 8 { Some(n) } else { None }) } else { None }))
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    found(env.collection([7u64, 8, 9])?).write_json("found.jsonl");
    env.run().map(drop)
}
