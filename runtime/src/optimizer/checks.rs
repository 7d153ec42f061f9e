//! What only the whole graph can know to be wrong.

use std::sync::Arc;

use crate::error::Result;
use crate::plan::Node;

/// Asks each operator.
pub(super) fn check(nodes: &[Arc<Node>]) -> Result<()> {
    nodes.iter().try_for_each(|node| node.operator.check().map_err(|error| error.at(&node.origin)))
}
