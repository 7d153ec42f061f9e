//! Checks of a program that need its whole graph.

use super::Draft;
use crate::error::Result;
use crate::plan;

/// Checks each operator, then the loops and outputs of the whole plan.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    plan::check(&draft.nodes)
}
