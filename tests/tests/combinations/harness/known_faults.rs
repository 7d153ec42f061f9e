//! Faults of the engine that programs keep away from, unless `KNOWN_FAULTS=1` asks for them.

use super::flow::FlowKind;

/// An accumulator counts the first round of a loop only.
pub const ACCUMULATOR_IN_A_LOOP: bool = false;

/// Whether the word shows a fault there. No word does at present.
pub fn of_word(_word: &str, _kind: FlowKind, _in_loop: bool) -> bool {
    false
}
