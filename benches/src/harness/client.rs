//! The harness's side of a worker.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::command::Guarded;
use crate::error::{Error, Result};
use crate::protocol::{READY, Reply, Request};

/// A worker process that is ready. It ends when this value is dropped.
#[derive(Debug)]
pub(super) struct Worker {
    system: &'static str,
    process: Guarded,
    requests: ChildStdin,
    lines: Receiver<String>,
    limit: Duration,
}

/// A worker's answer to one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Done {
    pub(super) seconds: f64,
    pub(super) rows: u64,
    pub(super) figures: BTreeMap<String, f64>,
}

impl Worker {
    /// Starts a worker and waits until it is ready. This wait and each later one last at most
    /// `limit`.
    pub(super) fn start(system: &'static str, mut command: Command, limit: Duration) -> Result<Self> {
        let failed = |message: String| worker_error(system, "its start", message);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = Guarded(child.map_err(|error| failed(format!("{command:?}: {error}")))?);
        let (Some(requests), Some(output)) = (process.0.stdin.take(), process.0.stdout.take()) else {
            return Err(failed("it has no standard input or output".to_owned()));
        };
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(|line| line.ok()) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut worker = Self { system, process, requests, lines, limit };
        match worker.next_line("its start")? {
            line if line == READY => Ok(worker),
            line => Err(failed(format!("expected `{READY}`, it wrote `{line}`"))),
        }
    }

    /// Sends a request and waits for its answer.
    pub(super) fn ask(&mut self, request: &Request) -> Result<Done> {
        let case = request.case();
        let sent = writeln!(self.requests, "{}", request.to_line()).and_then(|()| self.requests.flush());
        sent.map_err(|error| worker_error(self.system, case, format!("it takes no requests: {error}")))?;
        let line = self.next_line(case)?;
        match serde_json::from_str(&line) {
            Ok(Reply::Done { case: answered, seconds, rows, figures }) if answered == case => {
                Ok(Done { seconds, rows, figures })
            }
            Ok(Reply::Failed { error }) => Err(worker_error(self.system, case, error)),
            _ => Err(worker_error(self.system, case, format!("its reply `{line}` is none to this request"))),
        }
    }

    /// The peak memory of the process since its start.
    pub(super) fn peak_rss_mib(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).ok()?;
        parse_peak_rss_kib(&status).map(|kib| kib.div_ceil(1024))
    }

    /// Bytes that the process has written to files since its start.
    pub(super) fn written_bytes(&self) -> Option<u64> {
        let counters = fs::read_to_string(format!("/proc/{}/io", self.process.0.id())).ok()?;
        counters.lines().find_map(|line| line.strip_prefix("write_bytes: "))?.trim().parse().ok()
    }

    fn next_line(&mut self, case: &str) -> Result<String> {
        match self.lines.recv_timeout(self.limit) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => {
                Err(Error::Timeout { system: self.system.to_owned(), case: case.to_owned(), limit: self.limit })
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.0.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(worker_error(self.system, case, format!("the process ended ({status})")))
            }
        }
    }
}

fn worker_error(system: &str, case: &str, message: String) -> Error {
    Error::Worker { system: system.to_owned(), case: case.to_owned(), message }
}

fn parse_peak_rss_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn run_q1(script: &str, limit: Duration) -> Result<Done> {
        Worker::start("fake", shell(script), limit)?.ask(&Request::Run { case: "q1".to_owned() })
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_worker_answers_over_the_protocol() {
        let script =
            r#"echo ready; read verb case; echo "{\"case\": \"$case\", \"seconds\": 1.5, \"rows\": 4}"; read x"#;
        assert_eq!(run_q1(script, PATIENCE).unwrap(), Done { seconds: 1.5, rows: 4, figures: BTreeMap::new() });
    }

    #[test]
    fn errors_name_the_system_and_the_case() {
        let cases = [
            (r#"echo ready; read x; echo '{"error": "disk full"}'; read x"#, "fake failed on q1: disk full"),
            (r#"echo ready; read x; exit 3"#, "fake failed on q1: the process ended (exit status: 3)"),
            (r#"echo hello; read x"#, "fake failed on its start: expected `ready`, it wrote `hello`"),
            (r#"echo ready; read x; echo '{"case": "q2", "seconds": 1, "rows": 1}'; read x"#, "none to this request"),
        ];
        for (script, expected) in cases {
            let error = run_q1(script, PATIENCE).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_silent_worker_is_ended() {
        let limit = Duration::from_millis(200);
        let mut worker = Worker::start("fake", shell("echo ready; exec sleep 600"), limit).unwrap();
        let process = format!("/proc/{}", worker.process.0.id());
        assert!(Path::new(&process).exists());
        let error = worker.ask(&Request::Run { case: "q1".to_owned() }).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
        drop(worker);
        assert!(!Path::new(&process).exists());
    }

    #[test]
    fn the_peak_is_read_in_kib() {
        assert_eq!(parse_peak_rss_kib("VmPeak:\t  99 kB\nVmHWM:\t  317440 kB\nVmRSS:\t 1 kB\n"), Some(317_440));
        assert_eq!(parse_peak_rss_kib("VmPeak:\t  99 kB\n"), None);
    }
}
