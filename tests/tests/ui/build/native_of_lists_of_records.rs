use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    env.collection([vec![(1u64, 2u64)]])?.write_native("pairs.native");
    env.run().map(drop)
}
