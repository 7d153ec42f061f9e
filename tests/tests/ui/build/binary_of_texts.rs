use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    env.collection([(1u64, "to be")])?.write_binary("texts.bin");
    env.run().map(drop)
}
