//! Runs a program with snapshots in processes that are killed and restarted until one ends.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use dataflow::prelude::*;
use tests::Folder;

use super::child::{self, Task};
use super::draw::Draw;
use super::entry::Entry;
use super::given::{Given, Logs, Reader};
use super::growing::Growing;
use super::run::{AMPLE, Minimum, options};
use super::snapshots::rows_by_epoch;
use super::value::Row;

/// Many times the duration of the longest job.
const LIMIT: Duration = Duration::from_secs(60);

/// The file that a job creates when it starts to run.
const STARTED: &str = "started";

type GrowingLogs = Vec<Box<dyn Growing>>;

/// A job that is killed several times. All its processes have the same command line.
pub struct Kills {
    kills: usize,
    draw: Draw,
}

impl Kills {
    pub fn draw(seed: u64) -> Self {
        let mut draw = Draw::new(seed ^ 0x0000_dead);
        Kills { kills: 1 + draw.below(3), draw }
    }

    /// The records that all processes have written.
    pub fn run(mut self, entry: &Entry) -> Result<Vec<Row>, String> {
        let folder = Folder::default();
        let logs = RefCell::default();
        let reader = create(entry, folder.path(), &logs)?;
        let mut logs: GrowingLogs = logs.take();
        let job = || child::spawn(entry.number, &entry.edits, Task::Job(folder.path()));
        for number in 0..self.kills {
            append(&mut logs, 20 + 25 * number);
            self.kill(job(), folder.path(), &mut logs, 35 + 25 * number)?;
        }
        append(&mut logs, 100);
        logs.into_iter().for_each(|log| log.seal());
        child::wait(&mut job(), LIMIT).map_err(|error| format!("the process after {} kills: {error}", self.kills))?;
        rows_by_epoch(reader, &output(folder.path()))
    }

    /// Kills the job at a random moment: in nine of ten cases after it has started.
    fn kill(&mut self, mut job: Child, place: &Path, logs: &mut GrowingLogs, percent: usize) -> Result<(), String> {
        let (started, begun) = (place.join(STARTED), Instant::now());
        let waits = self.draw.often(90);
        while waits && !started.exists() && begun.elapsed() < LIMIT {
            if job.try_wait().unwrap().is_some() {
                return Err(format!("before it was killed: {}", child::error_of(&mut job)));
            }
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_micros(self.draw.below(40_000) as u64));
        append(logs, percent);
        thread::sleep(Duration::from_micros(self.draw.below(40_000) as u64));
        job.kill().unwrap();
        let has_ended = job.wait().unwrap().code().is_some();
        // The next process creates it again.
        let _ = fs::remove_file(started);
        if has_ended { Err(format!("before it was killed: {}", child::error_of(&mut job))) } else { Ok(()) }
    }
}

fn append(logs: &mut GrowingLogs, percent: usize) {
    logs.iter_mut().for_each(|log| log.append_until(percent.min(100)));
}

fn output(folder: &Path) -> String {
    format!("{}/out/", folder.display())
}

/// Creates the logs, by declaring a job with too little memory and another output. It does not run.
fn create(entry: &Entry, folder: &Path, logs: &RefCell<GrowingLogs>) -> Result<Reader, String> {
    let env = Env::new(options(1, 1));
    let declared = given(entry, &env, folder, Logs::Created(logs));
    let declared = Given { output: format!("{}/none/", folder.display()), ..declared };
    let reader = (entry.declare)(&declared).map_err(|error| error.to_string())?;
    drop(env.start());
    Ok(reader)
}

fn given<'r>(entry: &'r Entry, env: &'r Env, folder: &'r Path, logs: Logs<'r>) -> Given<'r> {
    Given {
        env,
        inputs: &entry.program.inputs,
        folder,
        output: output(folder),
        from_files: true,
        logs,
        seen: RefCell::default(),
        kept: RefCell::default(),
    }
}

/// The job of a process that may be killed.
pub fn run_job(entry: &Entry, folder: &Path) -> Result<(), String> {
    let mut draw = Draw::new(entry.program.spec.seed ^ 0x0000_f1f0);
    let (tasks, every) = (draw.any(&[1, 2, 4]), draw.any(&[1, 5, 20]));
    let in_minimum = draw.often(30);
    let start = |memory_bytes| {
        let env = Env::new(Options {
            snapshots: Some(folder.join("snapshots")),
            snapshot_every: Some(Duration::from_millis(every)),
            restore: true,
            ..options(tasks, memory_bytes)
        });
        (entry.declare)(&given(entry, &env, folder, Logs::AsTheyAre))?;
        env.start()
    };
    let job = match in_minimum {
        true => Minimum::of(&entry.program, tasks).find(start)?,
        false => start(AMPLE).map_err(|error| error.to_string())?,
    };
    fs::write(folder.join(STARTED), "").map_err(|error| error.to_string())?;
    job.wait().map(|_| ()).map_err(|error| error.to_string())
}
