//! Counts the lines of a CSV file with a wrong number of fields: `bad_lines PATH [FIELDS]`.
//!
//! Bad records are counted in addition to good ones: the progress line shows them while the job
//! runs.

use dataflow::prelude::*;
use dataflow::{Accumulated, accumulators::Count, accumulators::Histogram};

#[dataflow]
fn complete(
    lines: DataSet<String>,
    fields: usize,
    bad: Accumulated<Count>,
    lengths: Accumulated<Histogram<usize>>,
) -> DataSet<String> {
    lines.filter(|line| {
        lengths.add(line.len());
        let is_complete = line.split(',').count() == fields;
        if !is_complete {
            bad.add(1);
        }
        is_complete
    })
}

fn main() -> dataflow::Result<()> {
    let env = Env::from_args()?;
    let path = env.args().first().map_or("README.md", String::as_str);
    let fields = env.args().get(1).and_then(|fields| fields.parse().ok()).unwrap_or(1);
    let (bad, lengths) = (env.counter("bad lines"), env.histogram("lengths", [40, 80, 120]));
    let good = complete(env.read_text(path)?, fields, bad.clone(), lengths.clone()).count()?;
    println!("{good} complete lines, {} bad ones; lengths {:?}", bad.value()?, lengths.value()?.counts);
    Ok(())
}
