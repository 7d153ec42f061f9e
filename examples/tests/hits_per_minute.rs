//! `hits_per_minute` is killed and resumes: it counts each click once.

#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

fn hits_per_minute(place: &Path, seconds: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hits_per_minute"));
    command.current_dir(place).stdin(Stdio::null()).arg(seconds.to_string());
    command
}

/// The final output: the number of clicks in the log, and the number of counted clicks.
fn said(output: &Output) -> (u64, u64) {
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    let numbers: Vec<u64> = text.lines().last().unwrap().split(' ').filter_map(|word| word.parse().ok()).collect();
    (numbers[0], numbers[1])
}

#[test]
fn an_uninterrupted_run_counts_all_clicks() {
    let place = tempfile::tempdir().unwrap();
    let output = hits_per_minute(place.path(), 2).args(["--progress", "always"]).output().unwrap();
    let (clicks, counted) = said(&output);
    assert!(clicks > 0 && clicks == counted, "{clicks} clicks, {counted} counted");
    let progress = String::from_utf8_lossy(&output.stderr);
    assert!(progress.contains(" rows/s, ") && progress.contains("event time 2026-01-01T00:0"), "{progress}");
}

#[test]
fn a_killed_run_resumes() {
    let place = tempfile::tempdir().unwrap();
    let with_snapshots = |seconds| {
        let mut command = hits_per_minute(place.path(), seconds);
        command.args(["--snapshots", "data/snapshots", "--snapshot-every", "300ms"]);
        command
    };
    let mut killed = with_snapshots(60).stdout(Stdio::null()).spawn().unwrap();
    let (begun, third) = (Instant::now(), place.path().join("data/snapshots/epoch-0000000003/manifest.json"));
    while !third.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60) && killed.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(5));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    // A run that forgets `--restore` is rejected and loses nothing.
    let refused = with_snapshots(1).output().unwrap();
    let message = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && message.contains("go on from it by `--restore`"), "{message}");
    let (clicks, counted) = said(&with_snapshots(1).arg("--restore").output().unwrap());
    assert!(clicks > 0 && clicks == counted, "{clicks} clicks, {counted} counted");
    // The log is sealed by now.
    assert_eq!(said(&with_snapshots(1).arg("--restore").output().unwrap()), (clicks, counted));
}
