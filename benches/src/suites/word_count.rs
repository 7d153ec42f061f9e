//! Counts each word of a text file. The answer is every word with its count, in any order.

use examples::text_data;

use super::{Rounds, Suite};
use crate::error::Result;
use crate::harness::RowOrder;
use crate::workspace::{Workspace, text_bytes};

/// The suite.
pub(crate) static WORD_COUNT: Suite = Suite {
    name: "word_count",
    cases: || vec![("word_count", RowOrder::Any)],
    limit_share_of_best_peer: 0.25,
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

fn make_data(workspace: &Workspace, scale: f64) -> Result<()> {
    let path = workspace.paths(scale).text;
    Ok(text_data::ensure(&path, text_bytes(scale), text_data::DEFAULT_DISTINCT_WORDS)?)
}
