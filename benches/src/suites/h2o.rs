//! H2O.ai's db-benchmark: ten groupings and five joins, from Parquet files to one Parquet file.
//! Also with nulls, and with skewed keys.

use super::{Rounds, Suite};
use crate::data::h2o::{self, Variant};
use crate::error::Result;
use crate::harness::RowOrder;
use crate::workspace::{Paths, Workspace};

/// Rows at scale 1.
const ROWS: f64 = 1e7;

/// The suite.
pub(crate) static H2O: Suite = Suite {
    name: "h2o",
    // The answer is the digest of the rows.
    cases: || CASES.iter().map(|case| (*case, RowOrder::Given)).collect(),
    limit_share_of_best_peer: 1.0,
    has_one_answer: false,
    rounds: Rounds::OfOneCase,
    warm_bytes: 0,
    mean_aim: Some(0.8),
    worst_aim: Some(1.2),
    aims: &[],
    memory_bytes: |_, _| None,
    paths: |workspace, scale| Paths { tables: workspace.h2o(rows(scale)), ..workspace.paths(scale) },
    make_data,
    further_checks: |_, _| Ok(Vec::new()),
};

#[rustfmt::skip]
const CASES: [&str; 45] = [
    "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "j1", "j2", "j3", "j4", "j5",
    "q1_nulls", "q2_nulls", "q3_nulls", "q4_nulls", "q5_nulls", "q6_nulls", "q7_nulls", "q8_nulls", "q9_nulls", "q10_nulls",
    "j1_nulls", "j2_nulls", "j3_nulls", "j4_nulls", "j5_nulls",
    "q1_zipf", "q2_zipf", "q3_zipf", "q4_zipf", "q5_zipf", "q6_zipf", "q7_zipf", "q8_zipf", "q9_zipf", "q10_zipf",
    "j1_zipf", "j2_zipf", "j3_zipf", "j4_zipf", "j5_zipf",
];

fn rows(scale: f64) -> u64 {
    (ROWS * scale) as u64
}

fn make_data(workspace: &Workspace, scale: f64) -> Result<()> {
    let folder = workspace.h2o(rows(scale));
    Variant::ALL.into_iter().try_for_each(|variant| h2o::ensure(&folder.join(variant.name()), rows(scale), variant))
}
