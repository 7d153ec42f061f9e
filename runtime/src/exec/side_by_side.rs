//! Parallel loops outside of a job.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls `work` with each number below `count`, on up to `threads` threads. Returns when all calls
/// are done.
///
/// The calling thread is one of the threads.
///
/// # Cost
/// Starts the other threads, at about 30 µs each.
pub fn side_by_side(threads: usize, count: usize, work: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    let go_on = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            work(number);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            // If the system refuses a thread, the others do its work.
            let _ = thread::Builder::new().name("dataflow-plan".to_owned()).spawn_scoped(scope, go_on);
        }
        go_on();
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn each_number_comes_once() {
        for (threads, count) in [(1, 0), (1, 5), (2, 1), (3, 100), (8, 3)] {
            let seen = Mutex::new(Vec::new());
            side_by_side(threads, count, &|number| seen.lock().unwrap().push(number));
            let mut seen = seen.into_inner().unwrap();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    /// Each call waits until the other has begun.
    #[test]
    fn two_are_done_at_once() {
        let (there, met) = (AtomicUsize::new(0), AtomicUsize::new(0));
        side_by_side(2, 2, &|_| {
            there.fetch_add(1, Ordering::Relaxed);
            let begun = Instant::now();
            while there.load(Ordering::Relaxed) < 2 && begun.elapsed() < Duration::from_secs(10) {
                thread::yield_now();
            }
            met.fetch_add(usize::from(there.load(Ordering::Relaxed) == 2), Ordering::Relaxed);
        });
        assert_eq!(met.into_inner(), 2);
    }
}
