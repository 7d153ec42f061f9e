//! Rows that wait for others to be sent with: for so long, and no longer.
//!
//! A page that is full costs its receiver as much as one with a row. So rows wait until their page is full, or nothing more comes now, or the
//! first of them has waited for the latency that was asked for. A task that has nothing to do sends what it has at once: then those behind it
//! have time as well, and where they have not, they hold it back, and its pages become fuller.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::exec::exits::Exit;
use crate::exec::inline::Watch;
use crate::exec::timers::Alarm;

/// When the rows of a task's exits are sent at the latest.
pub(in crate::exec) struct Deadline {
    latency: Duration,
    /// Wakes the task where it is held back at one channel, while rows wait for others.
    alarm: Alarm,
}

impl Deadline {
    pub(in crate::exec) fn new(latency: Duration, alarm: Alarm) -> Self {
        Deadline { latency, alarm }
    }

    /// Has rows sent that are due: all where the task has nothing to do now and no channel holds it back, else those that have waited for long enough.
    pub(super) fn keep(&mut self, exits: &mut [Exit], is_blocked: bool, watch: &Watch) -> Result<()> {
        let now = Instant::now();
        let is_held_back = exits.iter().any(Exit::is_held_back);
        let mut first: Option<Instant> = None;
        for exit in exits.iter_mut() {
            let Some(since) = exit.unsent_since(now) else { continue };
            let due = since + self.latency;
            if due <= now || (is_blocked && !is_held_back) {
                exit.seal(watch);
                exit.flush();
            } else if is_blocked {
                first = Some(first.map_or(due, |first| first.min(due)));
            }
        }
        match first {
            Some(first) => self.alarm.set(first),
            None => {
                self.alarm.clear();
                Ok(())
            }
        }
    }
}
