//! Jobs that are killed and continue from their last snapshot: their outputs contain each record
//! once.
//!
//! A child process runs the job. The kernel kills it at a random moment, or at the failpoint in
//! `KILL_AT`. Another child continues with the same or another number of tasks. In the end the log
//! is sealed and a child runs to the end. All outputs are compared with plain loops over the log's
//! records.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod changed;
mod damaged_logs;
mod generator;
mod job;
mod large;
mod refused;
mod time;

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dataflow::Options;
use dataflow::prelude::*;
use tests::{Folder, Random, within_two_minutes};

use generator::Generator;
use job::{Places, check, declare, options};

const SIGKILL: i32 = 9;

/// Runs the job if this process is the child of a test below. Else does nothing.
#[test]
fn child() {
    let Ok(place) = std::env::var("RECOVERY_PLACE") else { return };
    let parallelism = std::env::var("RECOVERY_PARALLELISM").unwrap().parse().unwrap();
    let places = Places(place.into());
    if std::env::var("RECOVERY_JOB").unwrap() == "large" {
        return large::run(&places, parallelism);
    }
    let env = Env::new(options(&places, parallelism));
    declare(&env, &places).unwrap();
    env.run().unwrap();
}

fn spawn(places: &Places, parallelism: usize, kill_at: Option<&str>) -> Child {
    spawn_job("wide", places, parallelism, kill_at)
}

fn spawn_job(job: &str, places: &Places, parallelism: usize, kill_at: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env("RECOVERY_PLACE", &places.0).env("RECOVERY_PARALLELISM", parallelism.to_string());
    command.env("RECOVERY_JOB", job).env_remove("KILL_AT").stdout(Stdio::null());
    command.envs(kill_at.map(|place| ("KILL_AT", place)));
    command.spawn().unwrap()
}

/// Waits for a child that is killed at a failpoint. Fails if it is not.
fn wait_for_kill(child: Child, place: &str) {
    wait_for_kill_within(Duration::from_secs(60), child, place);
}

fn wait_for_kill_within(limit: Duration, mut child: Child, place: &str) {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.signal(), Some(SIGKILL), "{place}: {status}");
            return;
        }
        if begun.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{place} was not reached within {limit:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a job that is not killed to the end of the log.
fn run_to_end(places: &Places, parallelism: usize) {
    let status = spawn(places, parallelism, None).wait().unwrap();
    assert!(status.success(), "the last child: {status}");
}

fn last_snapshot(places: &Places) -> u64 {
    places.snapshots().last().copied().unwrap_or(0)
}

#[test]
fn kills_at_any_snapshot_step_write_each_record_once() {
    within_two_minutes("kills at named places", || {
        let folder = Folder::default();
        let places = Places(folder.join("").into());
        let generator = Generator::start(&places, 5);
        let names = ["barrier-injected", "state-marked", "sink-prepared", "manifest-written", "sink-committed"];
        for (number, name) in names.iter().cycle().take(2 * names.len()).enumerate() {
            let before = last_snapshot(&places);
            // At the kill two snapshots are complete. The third is complete after its manifest.
            let epoch = before + 3;
            let place = format!("{name}:{epoch}");
            let parallelism = [2, 1, 4, 3][number % 4];
            wait_for_kill(spawn(&places, parallelism, Some(&place)), &place);
            let is_whole = matches!(*name, "manifest-written" | "sink-committed");
            assert_eq!(last_snapshot(&places), if is_whole { epoch } else { epoch - 1 }, "{place}");
        }
        let written = generator.finish();
        run_to_end(&places, 2);
        check(&places, &written);
    });
}

#[test]
fn kills_at_any_moment_write_each_record_once() {
    within_two_minutes("kills at random moments", || {
        let folder = Folder::default();
        let places = Places(folder.join("").into());
        let generator = Generator::start(&places, 6);
        let mut random = Random(17);
        for number in 0..10 {
            let before = last_snapshot(&places);
            let mut child = spawn(&places, 1 + number % 4, None);
            let begun = Instant::now();
            // Its own snapshot is complete before.
            while last_snapshot(&places) <= before {
                assert!(begun.elapsed() < Duration::from_secs(60), "no snapshot within a minute");
                assert_eq!(child.try_wait().unwrap(), None, "the child has ended by itself");
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_micros(random.below(100_000)));
            child.kill().unwrap();
            assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
        }
        let written = generator.finish();
        run_to_end(&places, 3);
        check(&places, &written);
        // All inputs have ended, so nothing is left to do.
        run_to_end(&places, 1);
        check(&places, &written);
    });
}

#[test]
fn a_snapshot_is_taken_on_request() {
    within_two_minutes("a snapshot on demand", || {
        let folder = Folder::default();
        let places = Places(folder.join("").into());
        let generator = Generator::start(&places, 7);
        let env = Env::new(Options { snapshot_every: None, ..options(&places, 2) });
        declare(&env, &places).unwrap();
        let job = env.start().unwrap();
        assert_eq!((job.snapshot().unwrap(), job.snapshot().unwrap()), (1, 2));
        assert_eq!(places.snapshots(), [1, 2]);
        let snapshots = job.metrics().snapshots;
        assert_eq!((snapshots.completed, snapshots.last_epoch), (2, 2));
        assert!(snapshots.last_bytes > 0 && snapshots.last > Duration::ZERO, "{snapshots:?}");
        job.cancel();
        assert!(job.wait().unwrap_err().is_cancelled());
        let env = Env::new(Options { snapshot_every: None, ..options(&places, 4) });
        declare(&env, &places).unwrap();
        let job = env.start().unwrap();
        assert_eq!(job.snapshot().unwrap(), 3);
        let snapshots = job.metrics().snapshots;
        assert_eq!((snapshots.completed, snapshots.last_epoch), (1, 3));
        assert!(snapshots.bytes > 0 && snapshots.last > Duration::ZERO, "{snapshots:?}");
        assert_eq!((snapshots.longest, snapshots.total), (snapshots.last, snapshots.last));
        std::thread::sleep(Duration::from_millis(200));
        let before_the_end = Instant::now();
        let written = generator.finish();
        while !job.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        // The results of the last records are committed with a snapshot that starts after their
        // arrival.
        let snapshots = job.metrics().snapshots;
        assert_eq!(snapshots.completed, 2);
        assert!(snapshots.last < before_the_end.elapsed(), "{snapshots:?}");
        job.wait().unwrap();
        assert_eq!(places.snapshots(), [3, 4]);
        check(&places, &written);
    });
}
