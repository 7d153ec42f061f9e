//! TPC-H Q3, the unshipped orders of greatest value: `shipping_priority [SCALE]`. The first run
//! generates the tables into `data/`.

use dataflow::prelude::*;
use examples::tpch::shipping_priority;
use examples::tpch_data::{self, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args()?;
    let scale: f64 = env.args().first().map_or(Ok(1.0), |scale| scale.parse())?;
    let folder = tpch_data::for_program(&env, scale, &[Table::Customer, Table::Orders, Table::LineItem])?;
    let table = |table: Table| folder.join(table.file_name()).to_string_lossy().into_owned();

    shipping_priority(
        env.read_parquet(table(Table::Customer))?,
        env.read_parquet(table(Table::Orders))?,
        env.read_parquet(table(Table::LineItem))?,
        "BUILDING".to_owned(),
        date!("1995-03-15"),
    )
    .print();
    env.run()?;
    Ok(())
}
