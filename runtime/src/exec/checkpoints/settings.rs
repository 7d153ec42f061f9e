//! The settings of a job's snapshots.

use std::sync::Arc;
use std::time::Duration;

use super::names::program_of;
use crate::physical::Decisions;
use crate::plan::Node;
use crate::snapshot::{Manifest, OperatorSnapshot, Store};

/// The settings of a job's snapshots.
#[derive(Clone)]
pub struct SnapshotSettings {
    /// The folder of the snapshots.
    pub store: Store,
    /// Time between the starts of two snapshots. `None`: snapshots are taken only on request.
    pub interval: Option<Duration>,
    /// The snapshot that the job resumes from.
    pub restored: Option<Arc<Manifest>>,
}

impl SnapshotSettings {
    /// The part of the restored snapshot that belongs to an operator.
    pub(super) fn restored(&self, name: &str) -> Option<&OperatorSnapshot> {
        self.restored.as_ref()?.operators.get(name)
    }

    /// The decisions of the restored snapshot. `None` if its program or its number of tasks
    /// differs.
    #[must_use]
    pub fn decisions(&self, sinks: &[Arc<Node>], parallelism: usize) -> Option<&Decisions> {
        let of_same =
            |manifest: &&Arc<Manifest>| (manifest.program, manifest.parallelism) == (program_of(sinks), parallelism);
        self.restored.as_ref().filter(of_same).map(|manifest| &manifest.decisions)
    }

    /// The epoch of the restored snapshot. 0 if there is none.
    pub(in crate::exec) fn restored_epoch(&self) -> u64 {
        self.restored.as_ref().map_or(0, |manifest| manifest.epoch)
    }
}
