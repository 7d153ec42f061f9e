//! Runs a program with snapshots: it is stopped, restored with another number of tasks, and its log goes on.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use dataflow::Result;
use dataflow::prelude::*;
use tests::Folder;

use super::draw::Draw;
use super::given::{Declare, Given, Logs, Reader};
use super::growing::Growing;
use super::program::Program;
use super::run::{AMPLE, options, quiet};
use super::value::Row;

/// A job that is stopped and restored.
pub struct Restore {
    /// Tasks of each run.
    tasks: Vec<usize>,
    draw: Draw,
}

impl Restore {
    pub fn draw(seed: u64) -> Self {
        let mut draw = Draw::new(seed ^ 0x5eed);
        let tasks = (0..2 + draw.below(2)).map(|_| draw.any(&[1, 2, 4])).collect();
        Restore { tasks, draw }
    }

    pub fn name(&self) -> String {
        format!("restored, with {:?} tasks", self.tasks)
    }

    /// The records of all runs together.
    pub fn run(mut self, program: &Program, declare: Declare) -> Result<Vec<Row>> {
        let folder = Folder::default();
        let logs: RefCell<Vec<Box<dyn Growing>>> = RefCell::default();
        let output = format!("{}/", folder.join("out"));
        let mut reader: Option<Reader> = None;
        let runs = self.tasks.len();
        for (number, tasks) in self.tasks.clone().into_iter().enumerate() {
            let env = Env::new(Options {
                snapshots: Some(PathBuf::from(folder.join("snapshots"))),
                snapshot_every: None,
                restore: true,
                ..options(tasks, AMPLE)
            });
            let logs_now = if number == 0 { Logs::Created(&logs) } else { Logs::AsTheyAre };
            let given = Given {
                env: &env,
                inputs: &program.inputs,
                folder: &folder,
                output: output.clone(),
                from_files: false,
                logs: logs_now,
                seen: RefCell::default(),
            };
            reader = Some(declare(&given)?);
            let job = env.start()?;
            if number + 1 == runs {
                logs.take().into_iter().for_each(|mut log| {
                    log.append_until(100);
                    log.seal();
                });
                job.wait()?;
                break;
            }
            for step in 1..=self.draw.below(3) {
                self.append(&logs, 20 * step + 40 * number);
                job.snapshot()?;
            }
            // These are read again.
            self.append(&logs, 50 + 40 * number);
            thread::sleep(Duration::from_millis(self.draw.below(8) as u64));
            job.cancel();
            drop(job);
        }
        let mut rows = Vec::new();
        for file in files_by_epoch(&output) {
            rows.extend(reader.map_or(Ok(Vec::new()), |read| read(&quiet(), &file))?);
        }
        Ok(rows)
    }

    /// Each log has a part of its records, and some have all.
    fn append(&mut self, logs: &RefCell<Vec<Box<dyn Growing>>>, percent: usize) {
        for log in logs.borrow_mut().iter_mut() {
            log.append_until(if self.draw.often(10) { 100 } else { percent.min(100) });
        }
        thread::sleep(Duration::from_millis(self.draw.below(6) as u64));
    }
}

/// `part-00003-0000000007.rows` is of epoch 7.
fn files_by_epoch(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files = names.filter(|name| name.starts_with("part-")).collect::<Vec<_>>();
    files.sort_by_key(|name| name.rsplit('-').next().map(str::to_owned));
    files.into_iter().map(|name| format!("{folder}{name}")).collect()
}
