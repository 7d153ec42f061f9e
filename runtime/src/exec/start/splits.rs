//! The splits of a job's sources, and their division among tasks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::exec::reading::{
    AssignedSource, AssignedSplits, HeadSplits, Listing, SplitQueue, WatermarkGenerator, check_names,
};
use crate::exec::timers::Alarm;
use crate::kernel::{Blocking, catching};
use crate::snapshot::SplitPosition;
use crate::source::{Scan, Source, SplitList};

/// The splits of each stage that reads a source.
#[derive(Default)]
pub(super) struct JobSplits {
    /// For sources that end: each task takes the next split.
    queues: HashMap<usize, Arc<SplitQueue>>,
    /// For endless sources, with the first list.
    listings: HashMap<usize, (Arc<Listing>, SplitList)>,
}

impl JobSplits {
    /// Lists the splits of a stage's source. Returns their bytes, or 0 for an endless source.
    ///
    /// # Errors
    /// Those of the source. Fails if a split is missing that a snapshot has read.
    pub(super) fn list(
        &mut self,
        stage: usize,
        (source, scan): (&Arc<dyn Source>, &Scan),
        restored: &[SplitPosition],
        blocking: Arc<dyn Blocking>,
    ) -> Result<u64> {
        let list = catching(|| source.splits(scan))?;
        if !source.is_endless() {
            let bytes = list.splits.iter().map(|split| split.bytes).sum();
            self.queues.insert(stage, Arc::new(SplitQueue::new(list.splits.into())));
            return Ok(bytes);
        }
        check_names(&**source, &list, 0)?;
        check_listed(&list, restored)?;
        let listing = Listing::new(source.clone(), scan.clone(), blocking, list.clone());
        self.listings.insert(stage, (Arc::new(listing), list));
        Ok(0)
    }

    /// The splits of a task: number `task.0` of `task.1` tasks. Splits that the restored snapshot
    /// has read continue at its positions.
    pub(super) fn of_task(
        &self,
        stage: usize,
        task: (usize, usize),
        idle_after: Duration,
        restored: &[SplitPosition],
        mut time: Option<&mut WatermarkGenerator>,
        alarm: Alarm,
    ) -> HeadSplits {
        let Some((listing, list)) = self.listings.get(&stage).cloned() else {
            return HeadSplits::Shared(self.queues.get(&stage).cloned().unwrap_or_default());
        };
        let mut splits = AssignedSplits::of(task, idle_after);
        splits.assign(&list);
        splits.restore(restored, |split, greatest| {
            if let Some(time) = &mut time {
                time.note_time(split, greatest);
            }
        });
        HeadSplits::Assigned(AssignedSource { listing, splits, alarm })
    }
}

/// Checks that a source lists the splits that a snapshot has read.
fn check_listed(list: &SplitList, positions: &[SplitPosition]) -> Result<()> {
    let is_listed = |at: &&SplitPosition| list.splits.iter().any(|split| split.name == at.split);
    match positions.iter().find(|at| !is_listed(at)) {
        None => Ok(()),
        Some(missing) => Err(Error::Plan(format!(
            "the snapshot has read the split `{}`, and the source has none of that name; put it back, or start over with an empty snapshot folder",
            missing.split
        ))),
    }
}
