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

/// Two loops that read one flow wait for each other.
pub const TWO_LOOPS_OVER_ONE_FLOW: bool = true;

pub fn of_word(word: &str, kind: FlowKind) -> bool {
    kind == FlowKind::Timed && DROP_TIME.contains(&word)
}
