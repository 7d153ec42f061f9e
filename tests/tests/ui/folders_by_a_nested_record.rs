//! Folders that are named by all fields of a nested record.
use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Place {
    city: String,
    zip: u32,
}

#[derive(Record, Clone, Debug)]
struct Sale {
    place: Place,
    amount: i64,
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    env.read_json::<Sale>("sales.jsonl")?.in_folders_by(|s| s.place).write_json("sales");
    env.run().map(drop)
}
