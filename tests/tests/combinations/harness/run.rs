//! Runs a program on both engines, in ample and in minimum memory, and over snapshots.

use std::cell::RefCell;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{Accumulated, Engine, ProgressWhen, Result};
use runtime::error::Error;
use tests::Folder;

use super::data::Input;
use super::entry::Entry;
use super::given::{Found, Given, Logs};
use super::kills::Kills;
use super::program::Program;
use super::snapshots::Restore;
use super::value::{Row, Value};
use super::watchdog;
use super::way::Way;

/// An environment to read and write files without output.
pub fn quiet() -> Env {
    Env::new(options(1, AMPLE))
}

pub fn options(parallelism: usize, memory_bytes: usize) -> Options {
    Options {
        parallelism,
        memory_bytes,
        progress: ProgressWhen::Never,
        // A split that is read late on a busy machine must delay event time.
        idle_after: Duration::from_secs(3_600),
        ..Options::default()
    }
}

pub const AMPLE: usize = 1 << 30;

/// A failed run.
pub struct Failure {
    pub way: Way,
    pub error: String,
}

/// Runs a program in every way, until one fails.
pub fn check(entry: &Entry) -> std::result::Result<(), Failure> {
    let folder = Folder::default();
    for way in Way::all(&entry.program) {
        let watched = watchdog::watch(entry, way);
        run(entry, &folder, way).map_err(|error| Failure { way, error })?;
        drop(watched);
    }
    Ok(())
}

/// Runs a program in one way. The error names the difference from the expected result.
pub fn run(entry: &Entry, folder: &Folder, way: Way) -> std::result::Result<(), String> {
    let program = &entry.program;
    let (found, seen) = match way {
        Way::Embedded => {
            let options = Options { engine: Engine::Embedded, ..options(1, AMPLE) };
            try_run(entry, folder, options).map_err(|error| error.to_string())?
        }
        Way::Ample(tasks) => try_run(entry, folder, options(tasks, AMPLE)).map_err(|error| error.to_string())?,
        Way::Minimum(tasks) => {
            let minimum = Minimum::of(program, tasks);
            minimum.find(|memory_bytes| try_run(entry, folder, options(tasks, memory_bytes)))?
        }
        Way::Restored => (Found::Rows(Restore::draw(program.spec.seed).run(program, entry.declare)?), program.seen),
        Way::Killed => (Found::Rows(Kills::draw(program.spec.seed).run(entry)?), program.seen),
    };
    same(program, found)?;
    match program.seen.is_some_and(|expected| Some(expected) != seen) {
        true => Err(format!("the accumulator has {seen:?}, and {:?} is right", program.seen)),
        false => Ok(()),
    }
}

type Ran = (Found, Option<u64>);

fn try_run(entry: &Entry, folder: &Folder, options: Options) -> Result<Ran> {
    let program = &entry.program;
    let env = Env::new(options);
    let from_files = env.options().memory_bytes != AMPLE;
    // Each run has an output of its own.
    let own = Folder::default();
    let given = Given {
        env: &env,
        inputs: &program.inputs,
        folder: folder.path(),
        output: program.sink.path(&own.join("out")),
        from_files,
        logs: Logs::Sealed,
        seen: RefCell::default(),
        kept: RefCell::default(),
    };
    let reader = (entry.declare)(&given)?;
    let kept = given.kept.take();
    if kept.is_none() {
        env.run()?;
    }
    let seen = given.seen.borrow().as_ref().map(Accumulated::value).transpose()?;
    let found = kept.map_or_else(|| reader(&quiet(), &given.output).map(Found::Rows), Ok)?;
    Ok((found, seen))
}

/// The memory that a plan states, plus the addition of `docs/memory.md` for records beyond a page.
pub struct Minimum {
    besides: usize,
}

impl Minimum {
    pub fn of(program: &Program, tasks: usize) -> Self {
        let texts = program.inputs.iter().flat_map(|input| &input.rows).flat_map(|row| &row.values);
        let longest = texts.map(Value::text_bytes).max().unwrap_or(0);
        Minimum { besides: if longest < 8 << 10 { 0 } else { 64 * longest * tasks } }
    }

    /// Calls `run` with one byte, and then with the minimum that each rejection states.
    pub fn find<T>(&self, mut run: impl FnMut(usize) -> Result<T>) -> std::result::Result<T, String> {
        let mut memory_bytes = 1;
        for _ in 0..4 {
            match run(memory_bytes) {
                Ok(result) => return Ok(result),
                Err(error) => match error.cause() {
                    Error::TooLittleMemory { need, .. } if *need + self.besides > memory_bytes => {
                        memory_bytes = *need + self.besides;
                    }
                    _ => return Err(format!("in {memory_bytes} bytes: {error}")),
                },
            }
        }
        Err(format!("{memory_bytes} bytes, the stated minimum, are too little"))
    }
}

fn same(program: &Program, found: Found) -> std::result::Result<(), String> {
    let expected = program.compared(program.expected.clone());
    let found = match found {
        Found::Rows(rows) => program.compared(rows),
        Found::Count(count) if count == expected.len() as u64 => return Ok(()),
        Found::Count(count) => return Err(format!("{count} records for {}", expected.len())),
    };
    if found == expected {
        return Ok(());
    }
    let place = found.iter().zip(&expected).position(|(l, r)| l != r).unwrap_or(found.len().min(expected.len()));
    let at = |rows: &[Row]| format!("{:.300?}", rows.get(place).map(|row| &row.values));
    Err(format!(
        "{} records for {}; in order the first that differs is {}, and {} is right",
        found.len(),
        expected.len(),
        at(&found),
        at(&expected)
    ))
}

/// The program as text, and its specification.
pub fn description(program: &Program) -> String {
    let inputs = program.inputs.iter().map(described).collect::<String>();
    format!(
        "// {}, {:?}\n// written as {:?}\n{inputs}{}",
        program.spec_text(),
        program.share,
        program.sink,
        program.function("p")
    )
}

/// An input, with its records if they are few and short.
fn described(input: &Input) -> String {
    let (name, rows, source, splits) = (&input.name, input.rows.len(), input.source, input.splits);
    let records = input.rows.iter().map(|row| format!("//   {:?}\n", row.values)).collect::<String>();
    let records = if records.len() < 3_000 { records } else { String::new() };
    format!("// {name}: {rows} records, {source:?}, {splits} splits\n{records}")
}
