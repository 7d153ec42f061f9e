//! TPC-H's 22 queries. `tpch all --scale 1` runs them and prints the time of each. `tpch q3 q5`
//! prints the answers of these queries. The first run generates the tables into `data/`.

use std::io;
use std::time::Instant;

use dataflow::prelude::*;
use examples::tpch::{QUERIES, Query, Tables};
use examples::tpch_data::{self, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args_with(&[("scale", "The scale factor: 1 has 6 million line items [default: 1]")])?;
    let scale: f64 = env.setting("scale").map_or(Ok(1.0), str::parse)?;
    let folder = tpch_data::for_program(&env, scale, &Table::ALL)?;
    let tables = Tables::new(&env, folder);
    let asked = env.args();
    if asked.is_empty() || asked == ["all"] {
        return time_all(&tables);
    }
    for name in asked {
        find(name)?.run(&tables)?.write(&mut io::stdout().lock())?;
    }
    Ok(())
}

fn find(name: &str) -> Result<&'static Query, String> {
    let found = QUERIES.iter().find(|query| query.name == name);
    found.ok_or_else(|| format!("there is no query `{name}`; write `all`, or some of q1 to q{}", QUERIES.len()))
}

fn time_all(tables: &Tables<'_>) -> Result<(), Box<dyn std::error::Error>> {
    println!("query  seconds    rows");
    let mut logarithms = 0.0;
    for query in QUERIES {
        let start = Instant::now();
        let rows = query.run(tables)?.rows;
        let seconds = start.elapsed().as_secs_f64();
        logarithms += seconds.ln();
        println!("{:<5}  {seconds:>7.3}  {rows:>6}  {}", query.name, query.title);
    }
    println!("geometric mean {:.3} s", (logarithms / QUERIES.len() as f64).exp());
    Ok(())
}
