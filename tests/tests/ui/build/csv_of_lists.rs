use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Sale {
    day: Date,
    tags: Vec<String>,
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    let sales = env.read_json::<Sale>("sales.jsonl")?;
    sales.write_csv("sales.csv");
    env.run().map(drop)
}
