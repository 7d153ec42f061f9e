use std::collections::BTreeMap;

use dataflow::CsvOptions;
use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Home {
    rooms: BTreeMap<String, u32>,
}

#[derive(Record, Clone, Debug)]
struct User {
    name: String,
    home: Home,
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    let users = env.read_json::<User>("users.jsonl")?;
    users.write_csv_with("users.csv", CsvOptions { header: false, ..CsvOptions::default() });
    env.run().map(drop)
}
