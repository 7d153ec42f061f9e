//! A worker of this binary: serves the cases of one registry over the line protocol.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};
use std::path::Path;
use std::process;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

use crate::answer::{Answer, Case, Resources, find_case};
use crate::error::{Error, Result};
use crate::options::Serve;
use crate::protocol::{PROCESSOR_SECONDS, READY, Reply, Request};
use crate::systems;
use crate::workspace::Paths;

/// Serves requests until standard input ends.
///
/// # Errors
/// Fails if no registry has the system's name, or if standard output is closed.
pub(crate) fn serve(options: &Serve) -> Result<()> {
    let registry = systems::registry(&options.system)?;
    let paths = Paths { text: options.text.clone(), tpch: options.tpch.clone(), tables: options.tables.clone() };
    let requests = read_requests();
    print_line(READY)?;
    for line in requests {
        let reply = answer_line(&line, registry, options, &paths);
        let reply = reply.unwrap_or_else(|error| Reply::Failed { error: error.to_string() });
        print_line(&serde_json::to_string(&reply).unwrap_or_default())?;
    }
    Ok(())
}

/// Reads requests on a separate thread. When the harness ends, its pipe closes and this process
/// ends, even in the middle of a query.
fn read_requests() -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                return;
            }
        }
        process::exit(0);
    });
    receiver
}

fn answer_line(line: &str, registry: &[Case], options: &Serve, paths: &Paths) -> Result<Reply> {
    let request = Request::from_line(line).ok_or_else(|| Error::UnknownName {
        kind: "request",
        name: line.to_owned(),
        known: "run <case>, answer <case> <path>".to_owned(),
    })?;
    let case = find_case(registry, &options.suite, request.case())?;
    let resources = Resources { parallelism: options.parallelism, memory_bytes: options.memory };
    let (start, processor_start) = (Instant::now(), processor_seconds());
    let answer = (case.run)(&case, paths, &resources)?;
    let seconds = start.elapsed().as_secs_f64();
    let mut figures = answer.figures().clone();
    figures.insert(PROCESSOR_SECONDS.to_owned(), processor_seconds() - processor_start);
    let rows = answer.row_count();
    if let Request::Answer { path, .. } = &request {
        write_answer(answer, path).map_err(Error::io("write", path))?;
    }
    Ok(Reply::Done { case: case.name.to_owned(), seconds, rows, figures })
}

/// Processor time of all threads of this process, in user and system mode.
fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn write_answer(answer: Answer, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    answer.write(&mut out)?;
    out.flush()
}

fn print_line(line: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Error::io("write to", Path::new("standard output")))
}
