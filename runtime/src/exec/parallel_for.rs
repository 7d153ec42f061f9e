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
pub fn parallel_for(threads: usize, count: usize, work: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    let run = || {
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
            let _ = thread::Builder::new().name("dataflow-plan".to_owned()).spawn_scoped(scope, run);
        }
        run();
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn each_number_is_passed_once() {
        for (threads, count) in [(1, 0), (1, 5), (2, 1), (3, 100), (8, 3)] {
            let seen = Mutex::new(Vec::new());
            parallel_for(threads, count, &|number| seen.lock().unwrap().push(number));
            let mut seen = seen.into_inner().unwrap();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    /// Each call waits until the other has started.
    #[test]
    fn two_calls_run_concurrently() {
        let (begun_calls, concurrent_calls) = (AtomicUsize::new(0), AtomicUsize::new(0));
        parallel_for(2, 2, &|_| {
            begun_calls.fetch_add(1, Ordering::Relaxed);
            let started = Instant::now();
            while begun_calls.load(Ordering::Relaxed) < 2 && started.elapsed() < Duration::from_secs(10) {
                thread::yield_now();
            }
            concurrent_calls.fetch_add(usize::from(begun_calls.load(Ordering::Relaxed) == 2), Ordering::Relaxed);
        });
        assert_eq!(concurrent_calls.into_inner(), 2);
    }
}
