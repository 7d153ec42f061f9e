use dataflow::prelude::*;

fn main() -> dataflow::Result<()> {
    let env = Env::embedded();
    let days = env.collection([(date!("2024-02-29"), 7u32)])?;
    days.in_folders_by(|d| d.computed(|d, key| key.emit(d.1 / 2))).write_csv("days");
    env.run().map(drop)
}
