//! What only the whole graph can know to be wrong.

use std::sync::Arc;

use crate::error::Result;
use crate::plan::{self, Node};

/// Asks each operator, and holds what they write against each other.
pub(super) fn check(nodes: &[Arc<Node>]) -> Result<()> {
    plan::check(nodes)
}
