use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    env.collection([(7u32, date!("2024-02-29"))])?.in_folders_by(|s| (s.1, s.0)).write_csv("days");
    env.run().map(drop)
}
