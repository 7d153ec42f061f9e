//! Decides when a snapshot begins and when it is complete. A state machine without threads, I/O or
//! clock.
//!
//! ```text
//!       due or requested           all tasks acknowledged             committed
//!  Idle ----------------> Pending -----------------------> Completing ----------> Idle
//! ```
//! One snapshot is taken at a time. So the sinks commit the transactions of one before they prepare
//! those of the next. If the disk is too slow for the interval, snapshots are taken less often, and
//! no record is delayed.
//!
//! No snapshot waits for a task that has ended: all later snapshots contain its last contribution.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// The next work of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Inject the barrier of this epoch at the sources.
    Begin(u64),
    /// All tasks have acknowledged this epoch: write the manifest, then commit the sinks.
    Complete(u64),
}

/// The snapshots of one run.
pub(crate) struct Coordinator {
    /// Time between the starts of two snapshots. `None`: snapshots begin only on request.
    interval: Option<Duration>,
    /// By task.
    has_ended: Vec<bool>,
    /// The epoch that was begun last.
    epoch: u64,
    phase: Phase,
    /// The time of the next periodic snapshot.
    due: Option<Instant>,
    /// A caller requested a snapshot that has not begun.
    is_requested: bool,
}

enum Phase {
    Idle,
    /// For each task, whether it has acknowledged the epoch.
    Pending(Vec<bool>),
    Completing,
}

impl Coordinator {
    /// The coordinator of `tasks` tasks. `epoch` is that of the restored snapshot, or 0.
    pub(crate) fn new(tasks: usize, epoch: u64, interval: Option<Duration>, now: Instant) -> Self {
        let due = interval.and_then(|interval| now.checked_add(interval));
        Coordinator { interval, has_ended: vec![false; tasks], epoch, phase: Phase::Idle, due, is_requested: false }
    }

    /// Requests a snapshot that begins after this call. Returns its epoch.
    pub(crate) fn request(&mut self) -> u64 {
        self.is_requested = true;
        self.epoch + 1
    }

    /// Returns the next action. Each action is returned once.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Action> {
        match &self.phase {
            Phase::Idle => {
                let is_due = self.is_requested || self.due.is_some_and(|due| due <= now);
                // After the end of all tasks the final snapshot follows, which has no barrier.
                if !is_due || self.has_ended.iter().all(|&ended| ended) {
                    return None;
                }
                self.epoch += 1;
                (self.is_requested, self.due) = (false, self.interval.and_then(|interval| now.checked_add(interval)));
                self.phase = Phase::Pending(self.has_ended.clone());
                Some(Action::Begin(self.epoch))
            }
            Phase::Pending(acknowledged) if acknowledged.iter().all(|&acknowledged| acknowledged) => {
                self.phase = Phase::Completing;
                Some(Action::Complete(self.epoch))
            }
            Phase::Pending(_) | Phase::Completing => None,
        }
    }

    /// The time at which [`Coordinator::next`] must be called although no event occurs.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        self.due.filter(|_| matches!(self.phase, Phase::Idle))
    }

    /// Records that a task has contributed to the snapshot of an epoch.
    ///
    /// # Errors
    /// Fails if that snapshot is not being taken, or the task has acknowledged it before.
    pub(crate) fn acknowledge(&mut self, task: usize, epoch: u64) -> Result<()> {
        match &mut self.phase {
            Phase::Pending(acknowledged) if epoch == self.epoch && !acknowledged[task] => {
                acknowledged[task] = true;
                Ok(())
            }
            _ => Err(Error::Internal(format!("task {task} says its part of snapshot {epoch} out of turn"))),
        }
    }

    /// Records the end of a task: it has acknowledged all snapshots from now on.
    ///
    /// Returns `true` if it had acknowledged the current snapshot before. Then its last
    /// contribution belongs to the later snapshots only.
    pub(crate) fn task_ended(&mut self, task: usize) -> bool {
        self.has_ended[task] = true;
        match &mut self.phase {
            Phase::Pending(acknowledged) => std::mem::replace(&mut acknowledged[task], true),
            Phase::Idle | Phase::Completing => false,
        }
    }

    /// Ends the current snapshot, after the commits of the sinks or after their failure.
    pub(crate) fn completed(&mut self) {
        self.phase = Phase::Idle;
    }

    /// Returns `true` while a manifest is written or its transactions are committed.
    pub(crate) fn is_completing(&self) -> bool {
        matches!(self.phase, Phase::Completing)
    }

    /// Returns `true` while a snapshot is taken or completed.
    pub(crate) fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Idle)
    }

    /// Returns the epoch of the final snapshot, after all tasks have ended.
    pub(crate) fn final_epoch(&mut self) -> u64 {
        self.epoch += 1;
        self.epoch
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[derive(Clone, Debug)]
    enum Act {
        Advance(u64),
        Request,
        Acknowledge(usize),
        Ended(usize),
        Completed,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            3 => (0..1500_u64).prop_map(Act::Advance),
            1 => Just(Act::Request),
            6 => any::<usize>().prop_map(Act::Acknowledge),
            1 => any::<usize>().prop_map(Act::Ended),
            3 => Just(Act::Completed),
        ];
        proptest::collection::vec(act, 0..200)
    }

    #[test]
    fn an_interval_beyond_the_clock_is_never_due() {
        let now = Instant::now();
        let mut coordinator = Coordinator::new(1, 0, Some(Duration::MAX), now);
        assert_eq!(coordinator.next(now + SECOND), None);
        coordinator.request();
        assert_eq!(coordinator.next(now + SECOND), Some(Action::Begin(1)));
    }

    proptest! {
        /// Compares with a model. Epochs have no gaps, and one snapshot is taken at a time. Each is
        /// completed when every task has acknowledged it or ended. A requested snapshot begins
        /// after the request.
        #[test]
        fn snapshots_complete_one_after_the_other(acts in acts(), tasks in 1..5_usize, has_interval: bool) {
            let (mut now, interval) = (Instant::now(), has_interval.then_some(SECOND));
            let mut coordinator = Coordinator::new(tasks, 7, interval, now);
            // Tasks that have not acknowledged, the last epoch, and whether it is being completed.
            let (mut missing, mut epoch, mut is_completing) = (Vec::<usize>::new(), 7, false);
            let (mut open, mut requested, mut due) = ((0..tasks).collect::<Vec<_>>(), None, now + SECOND);
            for act in acts {
                match act {
                    Act::Advance(millis) => now += Duration::from_millis(millis),
                    Act::Request => {
                        requested = Some(coordinator.request());
                        prop_assert_eq!(requested, Some(epoch + 1));
                    }
                    Act::Acknowledge(task) if !missing.is_empty() => {
                        let task = missing.swap_remove(task % missing.len());
                        coordinator.acknowledge(task, epoch).unwrap();
                        prop_assert!(coordinator.acknowledge(task, epoch).is_err());
                    }
                    Act::Ended(task) if !open.is_empty() => {
                        let task = open.swap_remove(task % open.len());
                        let has_acknowledged = coordinator.is_busy() && !is_completing && !missing.contains(&task);
                        missing.retain(|&other| other != task);
                        prop_assert_eq!(coordinator.task_ended(task), has_acknowledged);
                    }
                    Act::Completed if is_completing => {
                        is_completing = false;
                        coordinator.completed();
                    }
                    _ => {}
                }
                let is_pending = coordinator.is_busy() && !is_completing;
                let expected = if is_pending {
                    missing.is_empty().then_some(Action::Complete(epoch))
                } else {
                    let is_due = requested.is_some() || has_interval && due <= now;
                    (!is_completing && is_due && !open.is_empty()).then_some(Action::Begin(epoch + 1))
                };
                prop_assert_eq!(coordinator.next(now), expected);
                match expected {
                    Some(Action::Begin(next)) => (epoch, missing, requested, due) = (next, open.clone(), None, now + SECOND),
                    Some(Action::Complete(_)) => is_completing = true,
                    None => {}
                }
                prop_assert_eq!(coordinator.is_completing(), is_completing);
                let is_idle = !coordinator.is_busy();
                prop_assert_eq!(coordinator.wakes_at(), (is_idle && has_interval).then_some(due));
            }
        }
    }
}
