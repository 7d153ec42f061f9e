//! Faults of the engine that programs keep away from, unless `KNOWN_FAULTS=1` asks for them.

use super::flow::FlowKind;

/// An accumulator counts the first round of a loop only.
pub const ACCUMULATOR_IN_A_LOOP: bool = true;

/// Whether the word shows a fault there.
pub fn of_word(word: &str, kind: FlowKind, in_loop: bool) -> bool {
    // Windows lack records.
    let loses_records = word == "expect_selectivity" && kind == FlowKind::Timed;
    // "a record came before the rows beside it".
    let comes_early = word == "with_all" && in_loop;
    loses_records || comes_early
}
