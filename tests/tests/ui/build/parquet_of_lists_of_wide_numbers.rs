use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Large {
    number: i128,
}

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    env.collection([(1u8, vec![Large { number: 1 }])])?.write_parquet("numbers.parquet");
    env.run().map(drop)
}
