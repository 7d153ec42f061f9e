//! Folds of a field that the engine computes itself, leaf by leaf.

use std::ops::Range;

use runtime::operators::Fold;

/// Returns the folds of a field's leaves: of its value, or of its validity and its value if it is
/// an `Option`.
fn of_leaves(leaves: Range<usize>, plain: fn(usize) -> Fold, optional: [fn(usize) -> Fold; 2]) -> Vec<Fold> {
    match leaves.len() {
        1 => vec![plain(leaves.start)],
        _ => vec![optional[0](leaves.start), optional[1](leaves.start + 1)],
    }
}

/// The sum of a number. Missing numbers are stored as zero, so they do not change the sum.
pub(crate) fn sum(leaves: Range<usize>) -> Vec<Fold> {
    of_leaves(leaves, Fold::Sum, [Fold::Max, Fold::Sum])
}

/// The minimum of a field.
pub(crate) fn min(leaves: Range<usize>) -> Vec<Fold> {
    of_leaves(leaves, Fold::Min, [Fold::Valid, Fold::MinSome])
}

/// The maximum of a field.
pub(crate) fn max(leaves: Range<usize>) -> Vec<Fold> {
    of_leaves(leaves, Fold::Max, [Fold::Valid, Fold::MaxSome])
}
