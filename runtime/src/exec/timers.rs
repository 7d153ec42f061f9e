//! Timers that wake tasks. One thread of the process sleeps until the earliest of them.
//!
//! Tasks need timers to poll for events without a notification, such as a file that has grown. They
//! also need them for deadlines, such as sending rows that wait for a full page. A waiting task has
//! at most two timers, so an ordered map is enough.
//!
//! The first timer starts the thread. It ends after a while without timers.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::channel::{QueuePlace, Wake};
use crate::error::{Error, Result};

/// Time without timers after which the thread ends.
const IDLE_TIMEOUT: Duration = Duration::from_millis(100);

/// Values by due time. Values with the same time keep the order of their insertion.
struct TimerQueue<T> {
    waiting: BTreeMap<TimerKey, T>,
    next_number: u64,
}

/// Identifies a timer: its due time, and its number.
type TimerKey = (Instant, u64);

impl<T> TimerQueue<T> {
    const fn new() -> Self {
        TimerQueue { waiting: BTreeMap::new(), next_number: 0 }
    }

    fn insert(&mut self, at: Instant, value: T) -> TimerKey {
        let key = (at, self.next_number);
        self.next_number += 1;
        self.waiting.insert(key, value);
        key
    }

    fn cancel(&mut self, key: TimerKey) -> Option<T> {
        self.waiting.remove(&key)
    }

    /// The earliest due time.
    fn first(&self) -> Option<Instant> {
        self.waiting.keys().next().map(|&(at, _)| at)
    }

    /// Takes the earliest value, if it is due.
    fn take_due(&mut self, now: Instant) -> Option<T> {
        self.first().filter(|&at| at <= now)?;
        self.waiting.pop_first().map(|(_, value)| value)
    }
}

/// Timers, and the state of their thread.
struct Timers {
    state: Mutex<TimersState>,
    /// Signals that a timer was set that is earlier than all others.
    earlier_timer: Condvar,
}

struct TimersState {
    queue: TimerQueue<Weak<dyn Wake>>,
    has_thread: bool,
}

impl Timers {
    const fn new() -> Self {
        let state = TimersState { queue: TimerQueue::new(), has_thread: false };
        Timers { state: Mutex::new(state), earlier_timer: Condvar::new() }
    }

    /// The timers of the process.
    fn of_process() -> &'static Self {
        static TIMERS: Timers = Timers::new();
        &TIMERS
    }

    fn lock(&self) -> MutexGuard<'_, TimersState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets a timer that wakes a task. Starts the thread if there is none.
    ///
    /// # Errors
    /// Fails if the system refuses a thread.
    fn set(&'static self, at: Instant, task: Weak<dyn Wake>) -> Result<TimerKey> {
        let mut state = self.lock();
        if !state.has_thread {
            let thread = std::thread::Builder::new().name("dataflow-timers".to_owned()).spawn(move || self.run());
            thread.map_err(|error| Error::Plan(format!("cannot start a thread for timers: {error}")))?;
            state.has_thread = true;
        }
        let is_sooner = state.queue.first().is_none_or(|first| at < first);
        let key = state.queue.insert(at, task);
        if is_sooner {
            self.earlier_timer.notify_one();
        }
        Ok(key)
    }

    fn cancel(&self, key: TimerKey) {
        self.lock().queue.cancel(key);
    }

    /// The loop of the thread: wakes due tasks, and sleeps until the next timer.
    fn run(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            if let Some(task) = state.queue.take_due(now) {
                drop(state);
                if let Some(task) = task.upgrade() {
                    task.wake(QueuePlace::InOrder);
                }
                state = self.lock();
                continue;
            }
            let first = state.queue.first();
            let wait = first.map_or(IDLE_TIMEOUT, |first| first - now);
            let (woken, waited) = self.earlier_timer.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if first.is_none() && waited.timed_out() && state.queue.first().is_none() {
                state.has_thread = false;
                return;
            }
        }
    }
}

/// A timer of a task. At most one time is set. Dropping the alarm clears it.
pub(super) struct Alarm {
    task: Weak<dyn Wake>,
    set: Option<TimerKey>,
}

impl Alarm {
    /// The alarm of a task, not set yet.
    pub(super) fn of(task: &Arc<dyn Wake>) -> Self {
        Alarm { task: Arc::downgrade(task), set: None }
    }

    /// Sets the alarm, which replaces an earlier setting.
    ///
    /// # Errors
    /// Fails if the system refuses a thread.
    pub(super) fn set(&mut self, at: Instant) -> Result<()> {
        if self.set.is_some_and(|(set, _)| set == at) {
            return Ok(());
        }
        self.clear();
        self.set = Some(Timers::of_process().set(at, self.task.clone())?);
        Ok(())
    }

    /// Clears the alarm.
    pub(super) fn clear(&mut self) {
        if let Some(key) = self.set.take() {
            Timers::of_process().cancel(key);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Act {
        Insert(u64),
        /// Cancels one of the inserted timers, due or not.
        Cancel(usize),
        Advance(u64),
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            3 => (0..200_u64).prop_map(Act::Insert),
            1 => any::<usize>().prop_map(Act::Cancel),
            1 => (0..60_u64).prop_map(Act::Advance),
        ];
        proptest::collection::vec(act, 0..200)
    }

    proptest! {
        /// Compares with a sorted list.
        #[test]
        fn timers_come_when_they_are_due_and_in_their_order(acts in acts()) {
            let start = Instant::now();
            let at = |millis: u64| start + Duration::from_millis(millis);
            let (mut queue, mut model, mut keys, mut now) = (TimerQueue::new(), Vec::new(), Vec::new(), 0);
            for (number, act) in acts.into_iter().enumerate() {
                match act {
                    Act::Insert(after) => {
                        keys.push((queue.insert(at(now + after), number), number));
                        model.push((now + after, number));
                    }
                    Act::Cancel(which) => {
                        if let Some(&(key, number)) = keys.get(which % keys.len().max(1)) {
                            let waits = model.iter().position(|&(_, other)| other == number);
                            prop_assert_eq!(queue.cancel(key).is_some(), waits.is_some());
                            waits.map(|place| model.remove(place));
                        }
                    }
                    Act::Advance(millis) => {
                        now += millis;
                        model.sort();
                        let due = model.iter().take_while(|&&(millis, _)| millis <= now).count();
                        let expected: Vec<usize> = model.drain(..due).map(|(_, number)| number).collect();
                        let found: Vec<usize> = std::iter::from_fn(|| queue.take_due(at(now))).collect();
                        prop_assert_eq!(found, expected);
                    }
                }
                prop_assert_eq!(queue.first(), model.iter().min().map(|&(millis, _)| at(millis)));
            }
        }
    }

    struct Woken(Sender<Instant>);

    impl Wake for Woken {
        fn wake(self: Arc<Self>, _: QueuePlace) {
            self.0.send(Instant::now()).unwrap();
        }
    }

    #[test]
    fn alarms_wake_once_in_time_and_not_after_drop() {
        let (woken, wakes) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        let (begun, minute) = (Instant::now(), Duration::from_secs(60));
        let millis = |millis| begun + Duration::from_millis(millis);
        let (mut later, mut sooner, mut never) = (Alarm::of(&task), Alarm::of(&task), Alarm::of(&task));
        later.set(millis(60)).unwrap();
        sooner.set(millis(90)).unwrap();
        never.set(millis(30)).unwrap();
        sooner.set(millis(20)).unwrap();
        drop(never);
        let times = [(); 2].map(|()| wakes.recv_timeout(minute).unwrap());
        assert!(times[0] >= millis(20) && times[1] >= millis(60), "{:?}", times.map(|time| time - begun));
        assert!(wakes.recv_timeout(Duration::from_millis(100)).is_err());
        drop(task);
        assert!(wakes.recv_timeout(minute).is_err(), "an alarm does not hold its task");
    }

    #[test]
    fn the_timer_thread_ends_without_timers_and_restarts() {
        let timers: &'static Timers = Box::leak(Box::new(Timers::new()));
        let (woken, wakes) = channel();
        let task: Arc<dyn Wake> = Arc::new(Woken(woken));
        for _ in 0..2 {
            timers.set(Instant::now(), Arc::downgrade(&task)).unwrap();
            assert!(wakes.recv_timeout(Duration::from_secs(60)).is_ok());
            let ended = (0..600).any(|_| {
                std::thread::sleep(Duration::from_millis(100));
                !timers.lock().has_thread
            });
            assert!(ended);
        }
    }
}
