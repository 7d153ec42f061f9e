use dataflow::prelude::*;

#[dataflow]
fn highest(readings: DataSet<(u32, (u8, i64), u8)>) -> DataSet<(u32, (u8, i64), u8)> {
    readings.group_by(|(sensor, _, kind)| (sensor, kind)).max(|r| r.1.1)
}

fn main() -> dataflow::Result<()> {
    println!("{:?}", highest(Env::embedded().collection([(1u32, (2u8, 3i64), 4u8)])?).collect()?);
    Ok(())
}
