//! Events of a log counted by key and minute of their own time; the answer is what was left of the counts when they were consumed.

use super::{Rounds, Suite};
use crate::data::events::{self, EventCount};
use crate::harness::RowOrder;
use crate::workspace::{Paths, Workspace};

/// The suite.
pub(crate) static STREAM: Suite = Suite {
    name: "stream",
    cases: || vec![("memory", RowOrder::Given), ("log", RowOrder::Given)],
    limit_share_of_best_peer: 1.0,
    rounds: Rounds::OfOneCase,
    at_hand_bytes: 0,
    mean_aim: None,
    worst_aim: None,
    aims: &[],
    memory_bytes: |_, _| None,
    paths: |workspace, scale| Paths { tables: folder(workspace, scale), ..workspace.paths(scale) },
    make_data: |workspace, scale| events::ensure(&folder(workspace, scale), EventCount::of_scale(scale)),
    further_checks: |_, _| Ok(Vec::new()),
};

fn folder(workspace: &Workspace, scale: f64) -> std::path::PathBuf {
    workspace.events(EventCount::of_scale(scale).events)
}
