//! Which snapshot is begun when, and when it is whole: a state machine without threads, I/O or clock.
//!
//! ```text
//!            due, or asked for          all tasks have done       whole, and committed
//!  Resting ---------------------> Taking ----------------> Completing ----------> Resting
//! ```
//! One snapshot is taken at a time. So what sinks have prepared for one is committed before anybody prepares for the next; and a disk that is too slow for
//! the interval makes snapshots rarer and holds up no record. A task that has ended is waited for by no snapshot: what it had to say belongs to all that follow.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Sources say the barrier of this epoch.
    Begin(u64),
    /// All tasks have done their part for this epoch: the manifest is to be written, and sinks are to commit.
    Complete(u64),
}

/// The snapshots of one run.
pub(crate) struct Coordinator {
    /// From the beginning of one to that of the next; none are begun by themselves where there is none.
    interval: Option<Duration>,
    /// Of each task, whether it has ended.
    has_ended: Vec<bool>,
    /// The epoch that was begun last.
    epoch: u64,
    phase: Phase,
    /// When one begins by itself.
    due: Option<Instant>,
    /// Somebody waits for one that begins from now on.
    is_wanted: bool,
}

enum Phase {
    Resting,
    /// Of each task, whether it has done its part.
    Taking(Vec<bool>),
    Completing,
}

impl Coordinator {
    /// Of so many tasks, which go on from a snapshot of this epoch, or begin, which is epoch 0.
    pub(crate) fn new(tasks: usize, epoch: u64, interval: Option<Duration>, now: Instant) -> Self {
        let due = interval.and_then(|interval| now.checked_add(interval));
        Coordinator { interval, has_ended: vec![false; tasks], epoch, phase: Phase::Resting, due, is_wanted: false }
    }

    /// Somebody wants a snapshot of what is there now or later; the first epoch that is one.
    pub(crate) fn request(&mut self) -> u64 {
        self.is_wanted = true;
        self.epoch + 1
    }

    /// What is to be done now, said once.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Action> {
        match &self.phase {
            Phase::Resting => {
                let is_due = self.is_wanted || self.due.is_some_and(|due| due <= now);
                // What all tasks have said at their end is the last snapshot, and nobody's barrier.
                if !is_due || self.has_ended.iter().all(|&ended| ended) {
                    return None;
                }
                self.epoch += 1;
                (self.is_wanted, self.due) = (false, self.interval.and_then(|interval| now.checked_add(interval)));
                self.phase = Phase::Taking(self.has_ended.clone());
                Some(Action::Begin(self.epoch))
            }
            Phase::Taking(done) if done.iter().all(|&done| done) => {
                self.phase = Phase::Completing;
                Some(Action::Complete(self.epoch))
            }
            Phase::Taking(_) | Phase::Completing => None,
        }
    }

    /// When there may be something to do though nothing happens.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        self.due.filter(|_| matches!(self.phase, Phase::Resting))
    }

    /// A task has done its part of a snapshot.
    ///
    /// # Errors
    /// Where none of it is taken, or the task has done it before.
    pub(crate) fn done(&mut self, task: usize, epoch: u64) -> Result<()> {
        match &mut self.phase {
            Phase::Taking(done) if epoch == self.epoch && !done[task] => {
                done[task] = true;
                Ok(())
            }
            _ => Err(Error::Internal(format!("task {task} says its part of snapshot {epoch} out of turn"))),
        }
    }

    /// A task has ended: it has its part in every snapshot from now on. Whether it has done that of the one that is taken before: what it had to say behind that belongs to
    /// those that follow.
    pub(crate) fn ended(&mut self, task: usize) -> bool {
        self.has_ended[task] = true;
        match &mut self.phase {
            Phase::Taking(done) => std::mem::replace(&mut done[task], true),
            Phase::Resting | Phase::Completing => false,
        }
    }

    /// The snapshot is whole, and what sinks prepared for it is committed; or that failed, and with it the job.
    pub(crate) fn completed(&mut self) {
        self.phase = Phase::Resting;
    }

    /// Whether a manifest is written, or sinks commit what it says.
    pub(crate) fn is_completing(&self) -> bool {
        matches!(self.phase, Phase::Completing)
    }

    /// Whether one is taken, or completed.
    pub(crate) fn is_busy(&self) -> bool {
        !matches!(self.phase, Phase::Resting)
    }

    /// All tasks have ended: the epoch of the last snapshot.
    pub(crate) fn last(&mut self) -> u64 {
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
        /// A task that has something to say.
        Done(usize),
        Ended(usize),
        Completed,
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            3 => (0..1500_u64).prop_map(Act::Advance),
            1 => Just(Act::Request),
            6 => any::<usize>().prop_map(Act::Done),
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
        /// Against what is to hold: epochs have no gap, one is taken at a time, each is completed when every task has said its part or ended and not before, and who
        /// asked has one that began later.
        #[test]
        fn one_snapshot_after_the_other_is_whole(acts in acts(), tasks in 1..5_usize, has_interval: bool) {
            let (mut now, interval) = (Instant::now(), has_interval.then_some(SECOND));
            let mut coordinator = Coordinator::new(tasks, 7, interval, now);
            // Tasks that the snapshot waits for, the last that was begun, and whether it is completed.
            let (mut missing, mut epoch, mut is_completing) = (Vec::<usize>::new(), 7, false);
            let (mut open, mut wanted, mut due) = ((0..tasks).collect::<Vec<_>>(), None, now + SECOND);
            for act in acts {
                match act {
                    Act::Advance(millis) => now += Duration::from_millis(millis),
                    Act::Request => {
                        wanted = Some(coordinator.request());
                        prop_assert_eq!(wanted, Some(epoch + 1));
                    }
                    Act::Done(task) if !missing.is_empty() => {
                        let task = missing.swap_remove(task % missing.len());
                        coordinator.done(task, epoch).unwrap();
                        prop_assert!(coordinator.done(task, epoch).is_err());
                    }
                    Act::Ended(task) if !open.is_empty() => {
                        let task = open.swap_remove(task % open.len());
                        let has_done = coordinator.is_busy() && !is_completing && !missing.contains(&task);
                        missing.retain(|&other| other != task);
                        prop_assert_eq!(coordinator.ended(task), has_done);
                    }
                    Act::Completed if is_completing => {
                        is_completing = false;
                        coordinator.completed();
                    }
                    _ => {}
                }
                let is_taking = coordinator.is_busy() && !is_completing;
                let expected = if is_taking {
                    missing.is_empty().then_some(Action::Complete(epoch))
                } else {
                    let is_due = wanted.is_some() || has_interval && due <= now;
                    (!is_completing && is_due && !open.is_empty()).then_some(Action::Begin(epoch + 1))
                };
                prop_assert_eq!(coordinator.next(now), expected);
                match expected {
                    Some(Action::Begin(next)) => (epoch, missing, wanted, due) = (next, open.clone(), None, now + SECOND),
                    Some(Action::Complete(_)) => is_completing = true,
                    None => {}
                }
                prop_assert_eq!(coordinator.is_completing(), is_completing);
                let rests = !coordinator.is_busy();
                prop_assert_eq!(coordinator.wakes_at(), (rests && has_interval).then_some(due));
            }
        }
    }
}
