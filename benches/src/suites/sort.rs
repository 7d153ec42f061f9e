//! Sorts pairs of numbers. The answer is a digest of the pairs consumed in order.

use super::{Rounds, Suite};
use crate::data::pairs;
use crate::error::Result;
use crate::harness::{Aim, RowOrder};
use crate::workspace::{TableSize, Workspace};

/// The suite.
pub(crate) static SORT: Suite = Suite {
    name: "sort",
    cases: || CASES.iter().map(|(case, _)| (*case, RowOrder::Given)).collect(),
    limit_share_of_best_peer: 0.5,
    has_one_answer: false,
    rounds: Rounds::OfOneCase,
    warm_bytes: 3 << 30,
    mean_aim: None,
    worst_aim: None,
    aims: &[
        Aim { case: "ample", against: "limit", at_most: 1.3 },
        Aim { case: "ample", against: "polars", at_most: 0.5 },
        Aim { case: "ample", against: "flink", at_most: 0.04 },
        Aim { case: "sixteenth", against: "flink", at_most: 0.1 },
    ],
    memory_bytes,
    paths: Workspace::paths,
    make_data,
    further_checks: |_, _| Ok(Vec::new()),
};

/// Each case, and the divisor of the data's size that gives its memory.
const CASES: &[(&str, Option<u64>)] = &[("ample", None), ("quarter", Some(4)), ("sixteenth", Some(16))];

fn memory_bytes(case: &str, scale: f64) -> Option<u64> {
    let (_, divisor) = CASES.iter().find(|(name, _)| *name == case)?;
    divisor.map(|divisor| TableSize::of_scale(scale).bytes() / divisor)
}

fn make_data(workspace: &Workspace, scale: f64) -> Result<()> {
    pairs::ensure(&workspace.paths(scale).tables, TableSize::of_scale(scale).rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_a_share_of_the_data() {
        assert_eq!(memory_bytes("ample", 1.0), None);
        assert_eq!(memory_bytes("sixteenth", 1.0), Some(64 << 20));
    }
}
