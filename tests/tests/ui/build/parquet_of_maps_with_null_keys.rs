use std::collections::BTreeMap;

use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Visit {
    labels: BTreeMap<Option<u8>, u8>,
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    env.read_json::<Visit>("visits.jsonl")?.write_parquet("visits.parquet");
    env.run().map(drop)
}
