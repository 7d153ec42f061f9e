use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Origin {
    #[record(source_file)]
    file: String,
    line: u64,
}

#[derive(Record, Clone, Debug)]
struct Reading {
    origin: Origin,
    value: i64,
}

fn main() -> dataflow::Result<()> {
    let readings = Env::embedded().read_parquet::<Reading>("readings")?;
    println!("{}", readings.count()?);
    Ok(())
}
