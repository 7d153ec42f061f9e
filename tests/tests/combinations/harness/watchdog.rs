//! Names a program that hangs, and ends the process.

use std::process;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use super::program::Program;
use super::run::description;

/// Far beyond what a run of a program takes.
const LIMIT: Duration = Duration::from_secs(120);

/// The watch ends when it is dropped.
pub struct Watch {
    _ended: Sender<()>,
}

pub fn watch(what: &str, program: &Program) -> Watch {
    let (sender, ended) = channel::<()>();
    let text = format!("{what} hangs\n{}", description(program));
    thread::spawn(move || {
        if ended.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{text}");
            process::abort();
        }
    });
    Watch { _ended: sender }
}
