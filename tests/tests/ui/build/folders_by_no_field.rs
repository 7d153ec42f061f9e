use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    env.collection([(7u32, 1i64)])?.in_folders_by(|_| ()).write_csv("days");
    env.run().map(drop)
}
