//! TPC-H queries over Parquet files, with the specification's validation parameters.

use examples::tpch::QUERIES;
use examples::tpch_data::{self, Table};

use super::{Rounds, Suite};
use crate::error::Result;
use crate::harness::RowOrder;
use crate::workspace::Workspace;

/// The suite.
pub(crate) static TPCH: Suite = Suite {
    name: "tpch",
    cases,
    limit_share_of_best_peer: 1.0,
    has_one_answer: false,
    rounds: Rounds::OfAllCases,
    warm_bytes: 0,
    mean_aim: None,
    worst_aim: None,
    aims: &[],
    memory_bytes: |_, _| None,
    paths: Workspace::paths,
    make_data,
    further_checks: |_, _| Ok(Vec::new()),
};

fn cases() -> Vec<(&'static str, RowOrder)> {
    let order = |sorted| if sorted { RowOrder::Given } else { RowOrder::Any };
    QUERIES.iter().map(|query| (query.name, order(query.sorted))).collect()
}

fn make_data(workspace: &Workspace, scale: f64) -> Result<()> {
    tpch_data::ensure(&workspace.tpch(), scale, &Table::ALL)?;
    Ok(())
}
