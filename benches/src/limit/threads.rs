//! The threads of a limit.

use std::io;
use std::thread;

/// Returns the results of `work` for each thread's index.
pub(super) fn in_parallel<T: Send>(threads: usize, work: impl Fn(usize) -> io::Result<T> + Sync) -> io::Result<Vec<T>> {
    thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|index| {
                scope.spawn({
                    let work = &work;
                    move || work(index)
                })
            })
            .collect();
        let join = |handle: thread::ScopedJoinHandle<'_, _>| {
            handle.join().unwrap_or_else(|_| Err(io::Error::other("a thread of the limit panicked")))
        };
        handles.into_iter().map(join).collect()
    })
}
