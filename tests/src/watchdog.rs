//! Fails a test that hangs.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// The longest time of a test. AddressSanitizer slows some tests down by a factor of ten.
const LIMIT: Duration = Duration::from_secs(if cfg!(dataflow_asan) { 1200 } else { 120 });

/// Runs a test on a thread of its own. Fails after two minutes, or 20 under AddressSanitizer.
pub fn within_two_minutes(name: &str, test: impl FnOnce() + Send + 'static) {
    let (done, ended) = channel();
    let thread = std::thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    if ended.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
        panic!("{name} hangs");
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
