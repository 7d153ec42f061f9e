//! Sorts more rows than its memory holds: 1,000 rows for each input line. With `slowly` it can be
//! stopped in the middle.

use std::time::Duration;

use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug)]
struct Row {
    key: u64,
    rest: [u64; 8],
}

#[dataflow]
fn sums(lines: DataSet<String>, pause: Duration) -> DataSet<u64> {
    lines
        .flat_map(|line| {
            std::thread::sleep(pause);
            let first = line.len() as u64;
            (0..1000u64).map(move |n| Row { key: (first + n).wrapping_mul(0x9E37_79B9_7F4A_7C15), rest: [n; 8] })
        })
        .sort(|r| asc(r.key))
        .filter_map(|r| {
            let sum: u64 = r.rest.iter().sum();
            (sum == 8 * 999).then_some(sum)
        })
}

fn main() -> dataflow::Result<()> {
    let env = Env::from_args()?;
    let [pace, input, output] = env.args() else { return Ok(()) };
    let pause = Duration::from_millis(if pace == "slowly" { 50 } else { 0 });
    sums(env.read_text(input)?, pause).write_csv(output);
    env.run()?;
    Ok(())
}
