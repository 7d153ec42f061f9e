use dataflow::prelude::*;

#[dataflow]
fn visits(env: &Env) -> dataflow::Result<UpdateStream<(String, u64)>> {
    let clicks: DataStream<(String, Timestamp)> = env.read_kafka("clicks")?;
    Ok(clicks.group_by(|c| c.0).count())
}

fn main() {}
