//! Named pipes with readers of any behavior.

use std::fs::File;
use std::io::Read;
use std::process::Command;

use dataflow::prelude::*;
use tests::{Folder, within_two_minutes};

use super::{embedded, engines, failing, folder, lines, local, read, same_lines, write};

fn pipe(folder: &Folder, name: &str) -> String {
    let path = folder.join(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Writes the same numbers to each pipe.
fn write_all(env: &Env, paths: &[String], numbers: u64) -> dataflow::Result<()> {
    let options = dataflow::CsvOptions { header: false, ..Default::default() };
    let numbers = env.collection(0..numbers)?;
    paths.iter().for_each(|path| numbers.write_csv_with(path, options.clone()));
    env.run().map(|_| ())
}

/// Writes to three pipes in one job, on both engines, while `reader` returns the text that it reads
/// from each.
fn read_by(what: &'static str, reader: fn(&[String]) -> Vec<String>) {
    within_two_minutes(what, move || {
        let folder = folder();
        let paths = ["a", "b", "c"].map(|name| pipe(&folder, name));
        for (_, env) in engines() {
            for rows in [0, 5_000] {
                let read = std::thread::spawn({
                    let paths = paths.clone();
                    move || reader(&paths)
                });
                write_all(&env, &paths, rows).unwrap();
                let texts = read.join().unwrap();
                assert_eq!(texts.len(), paths.len());
                assert!(texts.iter().all(|text| same_lines(text, &lines(0..rows))));
            }
        }
    });
}

#[test]
fn pipes_may_be_opened_in_any_order() {
    read_by("pipes in another order", |paths| {
        let open: Vec<File> = paths.iter().rev().map(|path| File::open(path).unwrap()).collect();
        open.into_iter().map(|pipe| std::io::read_to_string(pipe).unwrap()).collect()
    });
}

#[test]
fn pipes_may_be_read_one_by_one() {
    read_by("pipes one after the other", |paths| paths.iter().map(read).collect());
}

#[test]
fn readers_that_pause_delay_no_other_job() {
    within_two_minutes("paused readers", || {
        let folder = folder();
        let paths: Vec<String> = (0..6).map(|number| pipe(&folder, &format!("pipe-{number}"))).collect();
        let job = std::thread::spawn({
            let paths = paths.clone();
            move || write_all(&local(2), &paths, 200_000).unwrap()
        });
        let mut readers: Vec<File> = paths.iter().map(|path| File::open(path).unwrap()).collect();
        // Each pipe is full, and each writer waits for space.
        std::thread::sleep(std::time::Duration::from_millis(500));
        write(&local(2), &folder.join("out"), 0..1_000).unwrap();
        assert!(same_lines(&read(folder.join("out")), &lines(0..1_000)));
        std::thread::scope(|scope| {
            for reader in &mut readers {
                scope.spawn(move || {
                    let mut text = String::new();
                    reader.read_to_string(&mut text).unwrap();
                    assert!(same_lines(&text, &lines(0..200_000)));
                });
            }
        });
        job.join().unwrap();
    });
}

#[test]
fn a_failed_job_waits_for_no_reader() {
    within_two_minutes("a pipe without a reader", || {
        let folder = folder();
        let path = pipe(&folder, "pipe");
        for (_, env) in engines() {
            let numbers = failing(env.collection([1u64]).unwrap());
            numbers.write_csv(&path);
            assert!(env.run().unwrap_err().to_string().contains("the first record was seen"));
        }
    });
}

#[test]
fn a_pipe_as_input_is_rejected_immediately() {
    within_two_minutes("a pipe that nobody writes", || {
        let folder = folder();
        let path = pipe(&folder, "pipe");
        for env in [embedded(), local(2)] {
            let error = env.read_text(&path).err().unwrap().to_string();
            assert!(error.contains("pipes and devices have no length"), "{error}");
        }
    });
}
