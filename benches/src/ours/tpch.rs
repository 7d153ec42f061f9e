//! TPC-H queries: the pipelines of the examples.

use dataflow::prelude::*;
use examples::tpch::{pricing_summary, revenue_forecast, shipping_priority};
use examples::tpch_data::Table;

use super::{env, failed};
use crate::answer::Answer;
use crate::error::Result;
use crate::workspace::Paths;

fn read<T: Record>(env: &Env, paths: &Paths, table: Table) -> Result<DataSet<T>> {
    env.read_parquet(paths.table(table).to_string_lossy()).map_err(failed)
}

/// Pricing summary.
pub(super) fn q1(paths: &Paths, parallelism: usize) -> Result<Answer> {
    let env = env(parallelism);
    let rows = pricing_summary(read(&env, paths, Table::LineItem)?, date!("1998-09-02")).collect().map_err(failed)?;
    Ok(Answer::from_rows(rows, |r, out| {
        write!(out, "{}\t{}\t{}\t{}\t", r.returnflag, r.linestatus, r.sum_qty, r.sum_base_price)?;
        write!(out, "{}\t{}\t{}\t", r.sum_disc_price, r.sum_charge, r.avg_qty)?;
        writeln!(out, "{}\t{}\t{}", r.avg_price, r.avg_disc, r.count_order)
    }))
}

/// Shipping priority.
pub(super) fn q3(paths: &Paths, parallelism: usize) -> Result<Answer> {
    let env = env(parallelism);
    let rows = shipping_priority(
        read(&env, paths, Table::Customer)?,
        read(&env, paths, Table::Orders)?,
        read(&env, paths, Table::LineItem)?,
        "BUILDING".to_owned(),
        date!("1995-03-15"),
    );
    let rows = rows.collect().map_err(failed)?;
    Ok(Answer::from_rows(rows, |r, out| {
        writeln!(out, "{}\t{}\t{}\t{}", r.orderkey, r.revenue, r.orderdate, r.shippriority)
    }))
}

/// Revenue forecast.
pub(super) fn q6(paths: &Paths, parallelism: usize) -> Result<Answer> {
    let env = env(parallelism);
    let rows = revenue_forecast(
        read(&env, paths, Table::LineItem)?,
        date!("1994-01-01"),
        date!("1995-01-01"),
        Decimal::from_scaled(5),
        Decimal::from_scaled(7),
        Decimal::from_scaled(2_400),
    );
    let rows = rows.collect().map_err(failed)?;
    Ok(Answer::from_rows(rows, |r, out| writeln!(out, "{}", r.revenue)))
}
