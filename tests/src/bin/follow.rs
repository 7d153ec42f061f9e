//! Writes or follows a log, and measures the cost of following it.
//!
//! * `write FOLDER` appends numbers in blocks of one record, until it is killed.
//! * `print FOLDER` and `json FOLDER` follow a log and print its records.
//! * `wait FOLDER SPLITS` follows a log with this number of splits and no new records. It prints
//!   the number of threads, the processor time of half a second of waiting in milliseconds, and the
//!   number of timer threads at the end.

#![allow(clippy::print_stdout, reason = "what it found")]

use std::path::Path;
use std::time::{Duration, Instant};

use dataflow::prelude::*;
use dataflow::{LogWriter, ProgressWhen};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[dataflow]
fn kept(numbers: DataStream<u64>) -> DataStream<u64> {
    numbers.filter(|n| n % 2 == 0)
}

/// The names of this process's threads.
fn threads() -> std::io::Result<Vec<String>> {
    let name = |path: &Path| std::fs::read_to_string(path.join("comm")).unwrap_or_default().trim().to_owned();
    Ok(std::fs::read_dir("/proc/self/task")?.filter_map(Result::ok).map(|thread| name(&thread.path())).collect())
}

/// Processor time of all threads so far.
fn processor_time() -> std::io::Result<Duration> {
    let mut nanos = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        nanos += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}

fn write(folder: &str) -> Result<(), Failure> {
    let mut log = LogWriter::<u64>::open(folder, 1)?;
    for number in 0_u64.. {
        log.append(number)?;
        log.flush()?;
    }
    Ok(())
}

fn wait(folder: &str, splits: usize) -> Result<(), Failure> {
    let mut log = LogWriter::<u64>::create(folder, splits)?;
    (0..splits).try_for_each(|split| log.append_to(split, 7_u64))?;
    log.flush()?;
    let (path, output) = (folder.to_owned(), format!("{folder}-output"));
    let job = std::thread::spawn(move || -> dataflow::Result<()> {
        let env = Env::new(Options { parallelism: 2, progress: ProgressWhen::Never, ..Options::default() });
        kept(env.read_log(&path)?).write_native(&output);
        env.run().map(|_| ())
    });
    // After this time the job polls at its longest interval.
    std::thread::sleep(Duration::from_millis(700));
    let (begun, before) = (Instant::now(), processor_time()?);
    std::thread::sleep(Duration::from_millis(500));
    let (taken, waited) = (processor_time()? - before, begun.elapsed());
    // I/O threads are started and ended on demand, so they are not counted.
    let count = threads()?.iter().filter(|name| !name.contains("io")).count();
    log.seal_all()?;
    job.join().map_err(|_| "the job panicked")??;
    let timers = || threads().map(|names| names.iter().filter(|name| name.contains("timers")).count());
    for _ in 0..600 {
        if timers()? == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    println!("{count} {} {} {}", taken.as_millis(), waited.as_millis(), timers()?);
    Ok(())
}

fn print(folder: &str, as_json: bool) -> Result<(), Failure> {
    let env = Env::new(Options { parallelism: 2, progress: ProgressWhen::Never, ..Options::default() });
    let numbers = kept(env.read_log(folder)?);
    if as_json {
        numbers.write_json("-");
    } else {
        numbers.print();
    }
    env.run()?;
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", folder] => write(folder),
        ["print", folder] => print(folder, false),
        ["json", folder] => print(folder, true),
        ["wait", folder, splits] => wait(folder, splits.parse()?),
        _ => Err("write FOLDER, print FOLDER, json FOLDER, or wait FOLDER SPLITS".into()),
    }
}
