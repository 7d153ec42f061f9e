use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    env.collection([("a", 1u128)])?.write_parquet("numbers.parquet");
    env.run().map(drop)
}
