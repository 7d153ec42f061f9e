//! The program is killed at random times and resumes: the server has each record once.

#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use own_connector::LineServer;

const END: u64 = 20_000;
const KILLS: u64 = 8;

fn start(server: &LineServer, snapshots: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_own-connector"))
        .args([&server.address().to_string(), &END.to_string()])
        .args(["--snapshots", snapshots.to_str().unwrap(), "--snapshot-every", "5ms", "--restore"])
        .args(["--progress", "never"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn each_record_is_committed_once_after_kills() {
    let (server, place) = (LineServer::start().unwrap(), tempfile::tempdir().unwrap());
    let snapshots = place.path().join("snapshots");
    for kill in 1..=KILLS {
        let mut child = start(&server, &snapshots);
        std::thread::sleep(Duration::from_millis(20 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(start(&server, &snapshots).wait().unwrap().success());
    let mut found: Vec<u64> = server.committed().iter().map(|line| line.parse().unwrap()).collect();
    found.sort_unstable();
    assert!(found.iter().copied().eq((0..END).map(|number| number * number)), "{} records", found.len());
}

#[test]
fn a_job_without_snapshots_commits_at_its_end() {
    let server = LineServer::start().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_own-connector"))
        .args([&server.address().to_string(), "1000", "--progress", "never"])
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(server.committed().len(), 1000);
}
