use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Sale {
    amount: i64,
    tags: Vec<String>,
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    let sales = env.read_json::<Sale>("sales.jsonl")?;
    sales.in_folders_by(|s| s.tags).write_json("sales");
    env.run().map(drop)
}
