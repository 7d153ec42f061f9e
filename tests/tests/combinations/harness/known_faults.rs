//! Faults of the engine that programs keep away from, unless `KNOWN_FAULTS=1` asks for them.

use super::flow::FlowKind;

/// Words that drop the event time of a stream.
const DROP_TIME: &[&str] = &[
    "rebalance",
    "partition_by",
    "partition_with",
    "project",
    "expect_rows",
    "first",
    "join",
    "semi_join",
    "sample",
    "zip_with_unique_id",
    "with",
    "with_all",
];

/// An accumulator counts the first round of a loop only.
pub const ACCUMULATOR_IN_A_LOOP: bool = true;

/// Words whose closure over pairs takes in a filter after it.
const PAIRS: &[&str] = &[
    "join",
    "left_join",
    "right_join",
    "full_join",
    "cross",
    "cross_with_tiny",
    "cross_with_huge",
    "with",
    "with_all",
];

/// Whether a word after `last` shows a fault.
pub fn of_word(last: &str, word: &str, kind: FlowKind, in_loop: bool) -> bool {
    // `.filter(..).expect_selectivity(..)` is refused, or panics while the plan is made, after a join.
    let is_refused = word == "expect_selectivity" && PAIRS.contains(&last);
    // Windows lack records.
    let loses_records = word == "expect_selectivity" && kind == FlowKind::Timed;
    // "a record came before the rows beside it".
    let comes_early = word == "with_all" && in_loop;
    kind == FlowKind::Timed && DROP_TIME.contains(&word) || is_refused || loses_records || comes_early
}
