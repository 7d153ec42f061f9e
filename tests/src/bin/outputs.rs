//! Copies its input.
//!
//! * `copy <from> <to>` copies lines of text. `slowly <from> <to>` copies one line per 50
//!   milliseconds.
//! * `print <rows>` prints numbers to the terminal. `endless` prints lines for some minutes.
//! * `both <rows> <to>` writes to the terminal and to a file.
//! * `count <from>` counts the records of a Parquet file.

use std::time::Duration;

use dataflow::prelude::*;

#[dataflow]
fn slowly(lines: DataSet<String>) -> DataSet<String> {
    lines.map(|line| {
        std::thread::sleep(Duration::from_millis(50));
        line
    })
}

#[dataflow]
fn lines(numbers: DataSet<u64>) -> DataSet<String> {
    numbers.map(|_| {
        std::thread::sleep(Duration::from_millis(1));
        "x".repeat(1 << 13)
    })
}

fn main() -> dataflow::Result<()> {
    let env = Env::from_args()?;
    let args: Vec<&str> = env.args().iter().map(String::as_str).collect();
    let numbers = |rows: &str| env.collection(0..rows.parse::<u64>().unwrap_or_default());
    match args[..] {
        ["copy", from, to] => env.read_text(from)?.write_text(to),
        ["slowly", from, to] => slowly(env.read_text(from)?).write_text(to),
        ["print", rows] => numbers(rows)?.print(),
        ["endless"] => lines(numbers("500000")?).print(),
        ["both", rows, to] => {
            let numbers = numbers(rows)?;
            numbers.print();
            numbers.write_csv(to);
        }
        ["count", from] => {
            println!("{}", env.read_parquet::<(u64, u64)>(from)?.count()?);
            return Ok(());
        }
        _ => {}
    }
    env.run()?;
    Ok(())
}
