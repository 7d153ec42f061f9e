//! The sources and sinks that take part in snapshots.

use std::sync::Arc;
use std::time::Duration;

use super::names::OperatorNames;
use super::settings::SnapshotSettings;
use crate::error::{Error, Origin, Result};
use crate::exec::job::Job;
use crate::kernel::catching;
use crate::output::{Commit, EpochSink};
use crate::physical::{Head, PhysicalPlan, StagePlan};
use crate::plan::Node;
use crate::snapshot::{Manifest, failpoint};
use crate::source::Source;

/// Pause before the first retry of a commit.
const SHORTEST_RETRY: Duration = Duration::from_millis(10);

/// Longest pause before a retry of a commit.
const LONGEST_RETRY: Duration = Duration::from_secs(1);

/// The endless sources of a job, and its sinks that commit by epochs.
pub(super) struct Endpoints {
    /// With their names.
    sources: Vec<(String, Arc<dyn Source>, Origin)>,
    /// With their names.
    sinks: Vec<(String, Arc<Node>)>,
}

impl Endpoints {
    pub(super) fn of(plan: &PhysicalPlan, sinks: &[Arc<Node>], names: &OperatorNames) -> Self {
        let of_source = |stage: &StagePlan| match &stage.head {
            Head::Source(operator, source, _) if source.is_endless() => {
                Some((names.get(*operator)?.to_owned(), source.clone(), plan.operators[*operator].origin.clone()))
            }
            _ => None,
        };
        let of_sink = |(sink, operator): (&Arc<Node>, &usize)| {
            epoch_sink_of(sink).and_then(|_| Some((names.get(*operator)?.to_owned(), sink.clone())))
        };
        Endpoints {
            sources: plan.stages.iter().filter_map(of_source).collect(),
            sinks: sinks.iter().zip(&plan.sinks).filter_map(of_sink).collect(),
        }
    }

    pub(super) fn sink_names(&self) -> impl Iterator<Item = &str> {
        self.sinks.iter().map(|(name, _)| name.as_str())
    }

    /// Checks that sources still have the records before the restored positions. Then removes newer
    /// snapshots, and restores sinks to the epoch. Called before the first task.
    pub(super) fn recover(&self, settings: &SnapshotSettings, job: &Job) -> Result<()> {
        for (name, source, origin) in &self.sources {
            if let Some(operator) = settings.restored(name) {
                catching(|| source.check_positions(&operator.positions)).map_err(|error| error.at(origin))?;
            }
        }
        let epoch = settings.restored_epoch();
        settings.store.remove_after(epoch)?;
        for (name, sink) in &self.sinks {
            // A sink that the snapshot does not have starts empty: nothing in its target is the
            // job's.
            let (epoch, prepared) =
                settings.restored(name).map_or((0, &[][..]), |operator| (epoch, &operator.prepared));
            let Some(epochs) = epoch_sink_of(sink) else { continue };
            retry_commit(job, || catching(|| epochs.recover(epoch, prepared)))
                .map_err(|error| error.at(&sink.origin))?;
        }
        Ok(())
    }

    /// Syncs sources up to the positions of a manifest, writes it, and commits the transactions
    /// that it names.
    pub(super) fn complete(&self, manifest: &Manifest, settings: &SnapshotSettings, job: &Job) -> Result<()> {
        for (name, source, origin) in &self.sources {
            if let Some(operator) = manifest.operators.get(name) {
                catching(|| source.sync(&operator.positions)).map_err(|error| error.at(origin))?;
            }
        }
        let store = &settings.store;
        store.complete(manifest)?;
        failpoint("manifest-written", manifest.epoch);
        for (name, sink) in &self.sinks {
            let operator = manifest.operators.get(name);
            let prepared = operator.map_or(&[][..], |operator| &operator.prepared);
            if let Some(epochs) = epoch_sink_of(sink) {
                let committed = retry_commit(job, || catching(|| epochs.commit(manifest.epoch, prepared)));
                committed.map_err(|error| error.at(&sink.origin))?;
            }
        }
        failpoint("sink-committed", manifest.epoch);
        store.remove_outdated(manifest.epoch)
    }
}

/// Retries a commit until the target is available, or the job is cancelled.
fn retry_commit(job: &Job, commit: impl Fn() -> Result<Commit>) -> Result<()> {
    let mut pause = SHORTEST_RETRY;
    while commit()? == Commit::Retry {
        if job.is_cancelled() {
            return Err(Error::Cancelled);
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(LONGEST_RETRY);
    }
    Ok(())
}

/// The sink's commit by epochs. `None` for other sinks.
fn epoch_sink_of(sink: &Node) -> Option<&dyn EpochSink> {
    sink.operator.as_endpoint()?.epochs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::checkpoints::contributions::Operators;
    use crate::snapshot::{OperatorSnapshot, SplitPosition, Store};
    use crate::source::{Feed, Position};

    /// Otherwise a power failure could lose records that a snapshot contains.
    #[test]
    fn a_manifest_names_no_records_that_are_not_durable() {
        let place = tempfile::tempdir().unwrap();
        let (feed, store) = (Feed::new(1), Store::folder(place.path().join("snapshots")).unwrap());
        let settings = SnapshotSettings { store: store.clone(), interval: None, restored: None };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let job = Job::new(Arc::new(pool), Vec::new());
        let origin =
            Origin { name: "clicks".into(), operator: "read_log".into(), file: "tests.rs".into(), line: 1, column: 1 };
        let endpoints =
            Endpoints { sources: vec![("clicks".to_owned(), Arc::new(feed.clone()), origin)], sinks: Vec::new() };
        let position = Position::new(&1_usize.to_le_bytes()).unwrap();
        let positions = vec![SplitPosition { split: Feed::name(0).into(), position, greatest_time: None }];
        let clicks = OperatorSnapshot { positions, ..OperatorSnapshot::default() };
        let operators = Operators::from([("clicks".to_owned(), clicks)]);
        let manifest = Manifest { epoch: 1, operators, ..Manifest::default() };
        feed.fail_to_sync(true);
        let message = endpoints.complete(&manifest, &settings, &job).unwrap_err().to_string();
        assert!(message.contains("split-0") && message.contains("tests.rs:1"), "{message}");
        assert!(store.newest().unwrap().is_none());
        feed.fail_to_sync(false);
        endpoints.complete(&manifest, &settings, &job).unwrap();
        assert_eq!(store.newest().unwrap().map(|manifest| manifest.epoch), Some(1));
    }
}
