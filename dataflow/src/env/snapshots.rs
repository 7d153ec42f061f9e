//! Snapshot settings of jobs, and the snapshot that a job is restored from.

use std::sync::Arc;

use runtime::exec::SnapshotSettings;
use runtime::optimizer;
use runtime::plan::{Node, by_epochs, endless, topological, without_kept};
use runtime::snapshot::Store;

use super::{Engine, Env};
use crate::error::Result;

impl Env {
    /// Returns the plan to execute: without persisted parts that have been computed before. If the
    /// environment takes snapshots, sinks publish their records snapshot by snapshot.
    pub(super) fn sinks_to_run(&self, sinks: &[Arc<Node>]) -> Result<Vec<Arc<Node>>> {
        let sinks = without_kept(sinks);
        Ok(if self.takes_snapshots() { by_epochs(&sinks)? } else { sinks })
    }

    fn takes_snapshots(&self) -> bool {
        self.inner.options.snapshots.is_some() && self.inner.options.engine == Engine::Local
    }

    /// Returns the snapshot settings of a job. `None` if the environment takes no snapshots, or all
    /// sources are bounded.
    pub(super) fn snapshot_settings(&self, sinks: &[Arc<Node>]) -> Result<Option<SnapshotSettings>> {
        let options = &self.inner.options;
        let Some(folder) = options.snapshots.as_ref().filter(|_| self.takes_snapshots()) else { return Ok(None) };
        if endless(&topological(sinks)).is_empty() {
            return Ok(None);
        }
        let store = Store::folder(folder)?;
        let newest = store.newest()?;
        if let Some(newest) = newest.as_ref().filter(|_| !options.restore) {
            let (folder, epoch) = (folder.display(), newest.epoch);
            let message = format!(
                "there are snapshots of a job in {folder}, the last of them is {epoch}: go on from it by `--restore`, or begin anew in another folder"
            );
            return Err(runtime::error::Error::Plan(message).into());
        }
        Ok(Some(SnapshotSettings { store, interval: options.snapshot_every, restored: newest.map(Arc::new) }))
    }

    /// Returns the optimizer's inputs. For a restored job these include the decisions of its
    /// snapshot, if the program and the number of tasks are the same.
    pub(super) fn optimizer_resources_of(
        &self,
        sinks: &[Arc<Node>],
        snapshots: Option<&SnapshotSettings>,
    ) -> optimizer::Resources {
        let resources = self.optimizer_resources();
        let restored = snapshots.and_then(|settings| settings.decisions(sinks, resources.tasks));
        let decisions = resources.decisions.or_else(|| restored.map(|decisions| Arc::new(decisions.clone())));
        optimizer::Resources { decisions, ..resources }
    }
}
