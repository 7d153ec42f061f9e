//! A program whose job goes wrong, as its first argument says: what a process's end looks like from outside.

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
