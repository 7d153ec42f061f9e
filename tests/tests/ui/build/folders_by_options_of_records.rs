use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Place {
    city: String,
    zip: u32,
}

#[derive(Record, Clone, Debug)]
struct Sale {
    place: Option<Place>,
    amount: i64,
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    let sales = env.read_json::<Sale>("sales.jsonl")?;
    sales.in_folders_by(|s| s.place).write_json("sales");
    env.run().map(drop)
}
