//! Sends the squares of numbers to a server:
//! `own-connector ADDRESS END --snapshots FOLDER --snapshot-every 10ms --restore`.

use dataflow::prelude::*;
use own_connector::{Counter, LineSink};

#[dataflow]
fn squares(numbers: DataStream<u64>) -> DataStream<u64> {
    numbers.map(|n| n * n)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args()?;
    let [address, end] = env.args() else {
        return Err("the server's address and the number of records are missing".into());
    };
    squares(env.read_stream_from(Counter::to(end.parse()?))?).write_to(LineSink::to(address.parse()?));
    env.run()?;
    Ok(())
}
