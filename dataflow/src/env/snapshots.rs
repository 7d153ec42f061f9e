//! Where the snapshots of an environment's jobs lie, and which one a job goes on from.

use std::sync::Arc;

use runtime::exec::SnapshotSettings;
use runtime::optimizer;
use runtime::plan::{Node, by_epochs, endless, topological, without_kept};
use runtime::snapshot::Store;

use super::{Engine, Env};
use crate::error::Result;

impl Env {
    /// The plan of what is to be run: without what was run before, and where snapshots are taken with sinks that show their records snapshot by snapshot.
    pub(super) fn as_run(&self, sinks: &[Arc<Node>]) -> Result<Vec<Arc<Node>>> {
        let sinks = without_kept(sinks);
        Ok(if self.takes_snapshots() { by_epochs(&sinks)? } else { sinks })
    }

    fn takes_snapshots(&self) -> bool {
        self.inner.options.snapshots.is_some() && self.inner.options.engine == Engine::Local
    }

    /// How snapshots are taken of a job: nothing where none are, or all of its flows end.
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

    /// What the optimizer goes by where a job goes on: as many tasks as before run as they did before.
    pub(super) fn planning_of(
        &self,
        sinks: &[Arc<Node>],
        snapshots: Option<&SnapshotSettings>,
    ) -> optimizer::Resources {
        let planning = self.planning();
        let restored = snapshots.and_then(|settings| settings.decisions(sinks, planning.tasks));
        let decisions = planning.decisions.or_else(|| restored.map(|decisions| Arc::new(decisions.clone())));
        optimizer::Resources { decisions, ..planning }
    }
}
