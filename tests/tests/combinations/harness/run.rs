//! Runs a program on both engines, in ample and in minimum memory, and over snapshots.

use std::cell::RefCell;
use std::time::Duration;

use dataflow::prelude::*;
use dataflow::{Accumulated, Engine, ProgressWhen, Result};
use runtime::error::Error;
use tests::{Folder, PARALLELISM};

use super::data::Input;
use super::given::{Declare, Given, Logs};
use super::program::Program;
use super::snapshots::Restore;
use super::value::{Row, Value};
use super::watchdog;

/// An environment to read and write files with.
pub fn quiet() -> Env {
    Env::new(options(1, AMPLE))
}

pub fn options(parallelism: usize, memory_bytes: usize) -> Options {
    Options {
        parallelism,
        memory_bytes,
        progress: ProgressWhen::Never,
        // A split that a busy machine reads late holds event time back.
        idle_after: Duration::from_secs(3_600),
        ..Options::default()
    }
}

pub const AMPLE: usize = 1 << 30;

/// One way to run a program.
#[derive(Clone, Copy, Debug)]
enum Way {
    Embedded,
    Ample(usize),
    Minimum(usize),
}

/// Runs a program in every way; the first that gives something else, with what it gives.
pub fn check(name: &str, program: &Program, declare: Declare) -> std::result::Result<(), String> {
    let folder = Folder::default();
    let local = PARALLELISM.into_iter().flat_map(|tasks| [Way::Ample(tasks), Way::Minimum(tasks)]);
    for (number, way) in [Way::Embedded].into_iter().chain(local).enumerate() {
        let what = format!("{name}, {way:?}");
        let watched = watchdog::watch(&what, program);
        let output = folder.join(&format!("out-{number}"));
        let (rows, seen) = match way {
            Way::Embedded => {
                let options = Options { engine: Engine::Embedded, ..options(1, AMPLE) };
                run(program, declare, &folder, options, &output)
            }
            Way::Ample(tasks) => run(program, declare, &folder, options(tasks, AMPLE), &output),
            Way::Minimum(tasks) => in_minimum(program, declare, &folder, tasks, &output),
        }
        .map_err(|error| report(&what, program, &error))?;
        drop(watched);
        same(program, rows).map_err(|error| report(&what, program, &error))?;
        if program.seen.is_some_and(|expected| Some(expected) != seen) {
            let error = format!("the accumulator has {seen:?}, and {:?} is right", program.seen);
            return Err(report(&what, program, &error));
        }
    }
    if program.share.has_snapshots() { restored(name, program, declare) } else { Ok(()) }
}

fn restored(name: &str, program: &Program, declare: Declare) -> std::result::Result<(), String> {
    let restore = Restore::draw(program.spec.seed);
    let what = format!("{name}, {}", restore.name());
    let _watched = watchdog::watch(&what, program);
    let rows = restore.run(program, declare).map_err(|error| report(&what, program, &error))?;
    same(program, rows).map_err(|error| report(&what, program, &error))
}

type Ran = (Vec<Row>, Option<u64>);

fn run(
    program: &Program,
    declare: Declare,
    folder: &Folder,
    options: Options,
    output: &str,
) -> std::result::Result<Ran, String> {
    try_run(program, declare, folder, options, output).map_err(|error| error.to_string())
}

fn try_run(program: &Program, declare: Declare, folder: &Folder, options: Options, output: &str) -> Result<Ran> {
    let env = Env::new(options);
    let seen = RefCell::new(None);
    let from_files = env.options().memory_bytes != AMPLE;
    let given = Given {
        env: &env,
        inputs: &program.inputs,
        folder,
        output: output.to_owned(),
        from_files,
        logs: Logs::Sealed,
        seen,
    };
    let reader = declare(&given)?;
    env.run()?;
    let seen = given.seen.borrow().as_ref().map(Accumulated::value).transpose()?;
    Ok((reader(&quiet(), output)?, seen))
}

fn in_minimum(
    program: &Program,
    declare: Declare,
    folder: &Folder,
    tasks: usize,
    output: &str,
) -> std::result::Result<Ran, String> {
    let minimum = Minimum::of(program, tasks);
    minimum.find(|memory_bytes| try_run(program, declare, folder, options(tasks, memory_bytes), output))
}

/// The memory that a plan states; for records beyond a page, with what `docs/memory.md` adds.
pub struct Minimum {
    besides: usize,
}

impl Minimum {
    pub fn of(program: &Program, tasks: usize) -> Self {
        let texts = program.inputs.iter().flat_map(|input| &input.rows).flat_map(|row| &row.values);
        let longest = texts.map(Value::text_bytes).max().unwrap_or(0);
        Minimum { besides: if longest < 8 << 10 { 0 } else { 64 * longest * tasks } }
    }

    /// Calls `run` with a byte, and then with the minimum that each refusal states.
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

fn same(program: &Program, rows: Vec<Row>) -> std::result::Result<(), String> {
    let (found, expected) = (program.compared(rows), program.compared(program.expected.clone()));
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

/// The failure, with the program as text.
fn report(what: &str, program: &Program, error: &str) -> String {
    format!("{what}: {error}\n{}", description(program))
}

/// The program as text, and what makes it again.
pub fn description(program: &Program) -> String {
    let inputs = program.inputs.iter().map(described).collect::<String>();
    format!("// {}, {:?}\n{inputs}{}", program.spec_text(), program.share, program.function("p"))
}

/// An input, with its records if they are few and short.
fn described(input: &Input) -> String {
    let (name, rows, source, splits) = (input.name, input.rows.len(), input.source, input.splits);
    let records = input.rows.iter().map(|row| format!("//   {:?}\n", row.values)).collect::<String>();
    let records = if records.len() < 3_000 { records } else { String::new() };
    format!("// {name}: {rows} records, {source:?}, {splits} splits\n{records}")
}
