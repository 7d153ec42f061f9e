//! TPC-H Q1, totals of billed, shipped and returned items: `pricing_summary [SCALE]`. The first run
//! generates the table into `data/`.

use dataflow::prelude::*;
use examples::tpch::pricing_summary;
use examples::tpch_data::{self, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args()?;
    let scale: f64 = env.args().first().map_or(Ok(1.0), |scale| scale.parse())?;
    let folder = tpch_data::for_program(&env, scale, &[Table::LineItem])?;
    let items = env.read_parquet(folder.join(Table::LineItem.file_name()).to_string_lossy())?;

    pricing_summary(items, date!("1998-09-02")).print();
    env.run()?;
    Ok(())
}
