//! Inputs and output of a program's run.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use dataflow::accumulators::Count;
use dataflow::prelude::*;
use dataflow::{Accumulated, Result};

use super::data::{Input, Source};
use super::growing::{Growing, GrowingLog};
use super::read;
use super::run::quiet;
use super::value::{Flat, Row};

/// Reads a program's output.
pub type Reader = fn(&Env, &str) -> Result<Vec<Row>>;

/// Declares a program's pipeline.
pub type Declare = fn(&Given) -> Result<Reader>;

/// Everything that a program needs for one run.
pub struct Given<'r> {
    pub env: &'r Env,
    pub inputs: &'r [Input],
    /// The folder of the input files, which all runs of the program read.
    pub folder: &'r Path,
    pub output: String,
    /// `true` if collections are files, because a collection takes memory that no plan states.
    pub from_files: bool,
    pub logs: Logs<'r>,
    pub seen: RefCell<Option<Accumulated<Count>>>,
    /// The result, if it is not in a file.
    pub kept: RefCell<Option<Found>>,
}

/// The logs that streams read.
pub enum Logs<'r> {
    Sealed,
    /// Empty logs that grow later.
    Created(&'r RefCell<Vec<Box<dyn Growing>>>),
    /// The logs that an earlier run has created.
    AsTheyAre,
}

impl Given<'_> {
    fn input(&self, name: &str) -> &Input {
        self.inputs.iter().find(|input| input.name == name).unwrap_or_else(|| panic!("no input {name}"))
    }

    pub fn set<T: Record + Flat>(&self, name: &str) -> Result<DataSet<T>> {
        let input = self.input(name);
        let (path, records) = (self.folder.join(name).display().to_string(), || records::<T>(&input.rows));
        match input.source {
            Source::Collection if !self.from_files => self.env.collection(records()),
            Source::Collection | Source::OneFile => {
                let path = format!("{path}.rows");
                if !Path::new(&path).exists() {
                    write_file(&records(), &path)?;
                }
                self.env.read_native(path)
            }
            Source::ManyFiles => {
                if !Path::new(&path).exists() {
                    write_files(&records(), &path)?;
                }
                self.env.read_native(format!("{path}/"))
            }
            Source::LogToItsEnd | Source::Log => {
                write_log(records(), &path, input.splits);
                self.env.read_log_to_end(path)
            }
        }
    }

    pub fn stream<T: Record + Flat>(&self, name: &str) -> Result<DataStream<T>> {
        let input = self.input(name);
        let (path, records) = (self.folder.join(name).display().to_string(), || records::<T>(&input.rows));
        match self.logs {
            Logs::Sealed => write_log(records(), &path, input.splits),
            Logs::Created(logs) => {
                logs.borrow_mut().push(Box::new(GrowingLog::create(&path, records(), input.splits)));
            }
            Logs::AsTheyAre => {}
        }
        self.env.read_log(path)
    }

    pub fn seen(&self) -> Accumulated<Count> {
        let seen = self.env.counter("seen");
        *self.seen.borrow_mut() = Some(seen.clone());
        seen
    }

    /// Runs the job immediately and collects its records.
    pub fn collected<T: Record + Flat>(&self, result: &DataSet<T>) -> Result<Reader> {
        *self.kept.borrow_mut() = Some(Found::Rows(read::rows(&result.collect()?)));
        Ok(read::nothing)
    }

    /// Runs the job immediately and counts its records.
    pub fn counted<T: Record>(&self, result: &DataSet<T>) -> Result<Reader> {
        *self.kept.borrow_mut() = Some(Found::Count(result.count()?));
        Ok(read::nothing)
    }
}

/// The result of a program.
pub enum Found {
    Rows(Vec<Row>),
    Count(u64),
}

fn records<T: Flat>(rows: &[Row]) -> Vec<T> {
    rows.iter().map(|row| T::take(&mut row.values.iter().cloned())).collect()
}

fn write_file<T: Record>(records: &[T], path: &str) -> Result<()> {
    let env = quiet();
    env.collection(records)?.write_native(path);
    env.run().map(|_| ())
}

/// Writes fifty records per file, and one empty file.
fn write_files<T: Record>(records: &[T], path: &str) -> Result<()> {
    fs::create_dir(path).unwrap();
    write_file::<T>(&[], &format!("{path}/none.rows"))?;
    for (number, part) in records.chunks(50).enumerate() {
        write_file(part, &format!("{path}/{number:03}.rows"))?;
    }
    Ok(())
}

/// Writes a sealed log, unless it exists.
fn write_log<T: Record>(records: Vec<T>, path: &str, splits: usize) {
    if Path::new(path).exists() {
        return;
    }
    let mut log = Box::new(GrowingLog::create(path, records, splits));
    log.append_until(100);
    log.seal();
}
