//! TPC-H queries over Parquet files, with the specification's validation parameters.

use examples::tpch_data::{self, Table};

use super::Suite;
use crate::error::Result;
use crate::harness::RowOrder;
use crate::workspace::Workspace;

/// The suite.
pub(crate) static TPCH: Suite = Suite {
    name: "tpch",
    // q1 is sorted by flag and status, q3 by revenue and date; q6 is one row.
    cases: &[("q1", RowOrder::Given), ("q3", RowOrder::Given), ("q6", RowOrder::Given)],
    limit_share_of_best_peer: 1.0,
    make_data,
};

fn make_data(workspace: &Workspace, scale: f64) -> Result<()> {
    tpch_data::ensure(&workspace.tpch(), scale, &[Table::Customer, Table::Orders, Table::LineItem])?;
    Ok(())
}
