//! Names a hanging program, and ends the process.

use std::process;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::entry::Entry;
use super::report;
use super::way::Way;

/// Much longer than any run of a program.
const LIMIT: Duration = Duration::from_secs(120);

/// Ends when it is dropped.
pub struct Watch {
    _ended: Sender<()>,
}

pub fn watch(entry: &Entry, way: Way) -> Watch {
    let (sender, ended) = channel::<()>();
    // A program holds closures that are not `Send`, so the watchdog draws the program again.
    let (number, listed, edits) = (entry.number, (entry.program.spec.clone(), entry.declare), entry.edits.clone());
    thread::spawn(move || {
        if ended.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let mut entry = Entry::new(number, &listed, Vec::new());
            entry.edits = edits;
            report::failed(&entry, way, "hangs".to_owned());
            process::abort();
        }
    });
    Watch { _ended: sender }
}
