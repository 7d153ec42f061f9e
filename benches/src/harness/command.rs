//! Programs that run within a time limit, and child processes that do not outlive their owner.

use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// A child process that is ended and reaped when its owner is dropped, after success, error or
/// panic.
#[derive(Debug)]
pub(super) struct Guarded(pub(super) Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        // Fails only if the child has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a program that must succeed within `limit`. Its output goes to our output.
///
/// # Errors
/// Fails if it does not start, fails, or takes longer and is ended.
pub(crate) fn run_to_end(command: &mut Command, limit: Duration) -> Result<()> {
    let started = Instant::now();
    let mut child = match command.spawn() {
        Ok(child) => Guarded(child),
        Err(error) => return Err(failure_of(command, format!("it did not start: {error}"))),
    };
    loop {
        match child.0.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(failure_of(command, status.to_string())),
            Ok(None) if started.elapsed() < limit => thread::sleep(Duration::from_millis(2)),
            Ok(None) => return Err(failure_of(command, format!("ended after {} s", limit.as_secs()))),
            Err(error) => return Err(failure_of(command, error.to_string())),
        }
    }
}

fn failure_of(command: &Command, outcome: String) -> Error {
    Error::Command { command: format!("{command:?}"), outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let started = Instant::now();
        let error = run_to_end(Command::new("sleep").arg("60"), Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("ended after"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_fails_is_named() {
        let error = run_to_end(&mut Command::new("false"), Duration::from_secs(10)).unwrap_err();
        assert!(error.to_string().contains("`\"false\"` failed (exit status: 1)"), "{error}");
    }
}
