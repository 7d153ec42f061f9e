//! Runs a program with snapshots: it is stopped, restored with another number of tasks, and its
//! logs grow.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use dataflow::JobHandle;
use dataflow::prelude::*;
use tests::Folder;

use super::draw::Draw;
use super::given::{Declare, Given, Logs, Reader};
use super::growing::Growing;
use super::program::Program;
use super::run::{AMPLE, Minimum, options, quiet};
use super::value::Row;

/// A job that is stopped and restored.
pub struct Restore {
    /// The parallelism of each run.
    tasks: Vec<usize>,
    /// For each run, `true` if it has only the memory that its plan states.
    in_minimum: bool,
    draw: Draw,
}

impl Restore {
    pub fn draw(seed: u64) -> Self {
        let mut draw = Draw::new(seed ^ 0x5eed);
        let tasks = (0..2 + draw.below(2)).map(|_| draw.any(&[1, 2, 4])).collect();
        Restore { tasks, in_minimum: draw.often(50), draw }
    }

    /// The records of all runs together.
    pub fn run(mut self, program: &Program, declare: Declare) -> Result<Vec<Row>, String> {
        let folder = Folder::default();
        let logs: RefCell<Vec<Box<dyn Growing>>> = RefCell::default();
        let output = format!("{}/", folder.join("out"));
        let mut reader: Option<Reader> = None;
        for (number, tasks) in self.tasks.clone().into_iter().enumerate() {
            let mut start = |memory_bytes| {
                let env = Env::new(Options {
                    snapshots: Some(PathBuf::from(folder.join("snapshots"))),
                    snapshot_every: None,
                    restore: true,
                    ..options(tasks, memory_bytes)
                });
                // A rejected start has created the logs.
                let are_created = number > 0 || reader.is_some();
                let given = Given {
                    env: &env,
                    inputs: &program.inputs,
                    folder: folder.path(),
                    output: output.clone(),
                    from_files: self.in_minimum,
                    logs: if are_created { Logs::AsTheyAre } else { Logs::Created(&logs) },
                    seen: RefCell::default(),
                    kept: RefCell::default(),
                };
                reader = Some(declare(&given)?);
                env.start()
            };
            let job = match self.in_minimum {
                true => Minimum::of(program, tasks).find(start)?,
                false => start(AMPLE).map_err(|error| error.to_string())?,
            };
            let is_last = number + 1 == self.tasks.len();
            self.drive(job, number, is_last, &logs).map_err(|error| error.to_string())?;
        }
        reader.map_or(Ok(Vec::new()), |reader| rows_by_epoch(reader, &output))
    }

    /// Appends to the logs and takes snapshots while the job runs. The last run ends on its own,
    /// the others are cancelled.
    fn drive(
        &mut self,
        job: JobHandle,
        number: usize,
        is_last: bool,
        logs: &RefCell<Vec<Box<dyn Growing>>>,
    ) -> dataflow::Result<()> {
        if is_last {
            logs.take().into_iter().for_each(|mut log| {
                log.append_until(100);
                log.seal();
            });
            job.wait()?;
            return Ok(());
        }
        for step in 1..=self.draw.below(3) {
            self.append(logs, 20 * step + 40 * number);
            job.snapshot()?;
        }
        // These records are read again.
        self.append(logs, 50 + 40 * number);
        thread::sleep(Duration::from_millis(self.draw.below(8) as u64));
        job.cancel();
        Ok(())
    }

    /// Grows the logs to different shares of their records. Some become complete.
    fn append(&mut self, logs: &RefCell<Vec<Box<dyn Growing>>>, percent: usize) {
        for log in logs.borrow_mut().iter_mut() {
            log.append_until(if self.draw.often(10) { 100 } else { percent.min(100) });
        }
        thread::sleep(Duration::from_millis(self.draw.below(6) as u64));
    }
}

/// The records of a folder, in the order of their snapshots.
pub fn rows_by_epoch(reader: Reader, folder: &str) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for file in files_by_epoch(folder) {
        rows.extend(reader(&quiet(), &file).map_err(|error| error.to_string())?);
    }
    Ok(rows)
}

/// For example, `part-00003-0000000007.rows` belongs to epoch 7.
fn files_by_epoch(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files = names.filter(|name| name.starts_with("part-")).collect::<Vec<_>>();
    files.sort_by_key(|name| name.rsplit('-').next().map(str::to_owned));
    files.into_iter().map(|name| format!("{folder}{name}")).collect()
}
