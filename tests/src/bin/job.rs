//! A program whose job fails in the way that its first argument names. Shows how such a process
//! ends.

#![allow(clippy::panic, reason = "it is what is tested")]

use dataflow::prelude::*;

#[dataflow]
fn numbers(lines: DataSet<String>) -> DataSet<u64> {
    lines.try_map(|line| line.parse::<u64>())
}

#[dataflow]
fn explosive(lines: DataSet<String>) -> DataSet<u64> {
    lines.map(|line| if line.is_empty() { panic!("an empty line") } else { line.len() as u64 })
}

fn main() -> dataflow::Result<()> {
    let env = Env::from_args()?;
    let [kind, input, output] = env.args() else { return Ok(()) };
    let lines = env.read_text(input)?;
    match kind.as_str() {
        "numbers" => numbers(lines).write_csv(output),
        "explosive" => explosive(lines).write_csv(output),
        _ => lines.write_text(output),
    }
    env.run()?;
    Ok(())
}
