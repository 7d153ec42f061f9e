//! One run in a process of its own, which may fail, with its time and memory.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::measure::start;
use super::{Entrant, warm_memory};
use crate::error::{Error, Result};
use crate::protocol::Request;

/// A run that may have failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Attempt {
    /// The result. On failure, the system's message in one line.
    pub(crate) outcome: Result<Done, String>,
    /// The peak memory of the process, also after a failure. `None` if the process ended.
    pub(crate) peak_rss_mib: Option<u64>,
    /// Bytes that the process wrote to files.
    pub(crate) written_bytes: u64,
}

/// A successful run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Done {
    /// Its time in seconds.
    pub(crate) seconds: f64,
    /// The rows as text.
    pub(crate) text: String,
}

/// Runs a case once, without a warm-up run, in a new process. Before it, `warm_bytes` of memory
/// are [touched](warm_memory).
///
/// # Errors
/// Fails if the answer cannot be read.
pub(crate) fn attempt(entrant: &Entrant<'_>, folder: &Path, limit: Duration, warm_bytes: usize) -> Result<Attempt> {
    let path = folder.join(format!("{}-{}.tsv", entrant.case, entrant.system));
    let mut worker = match start(entrant, limit) {
        Ok(worker) => worker,
        Err(error) if error.is_failure() => {
            return Ok(Attempt { outcome: Err(error.failure_line()), peak_rss_mib: None, written_bytes: 0 });
        }
        Err(error) => return Err(error),
    };
    warm_memory(warm_bytes);
    let asked = worker.ask(&Request::Answer { case: entrant.case.to_owned(), path: path.clone() });
    let (peak_rss_mib, written_bytes) = (worker.peak_rss_mib(), worker.written_bytes().unwrap_or(0));
    let outcome = match asked {
        Ok(done) => {
            let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            Ok(Done { seconds: done.seconds, text })
        }
        Err(error) => Err(error.failure_line()),
    };
    Ok(Attempt { outcome, peak_rss_mib, written_bytes })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn run(script: &'static str) -> Attempt {
        let folder = tempfile::tempdir().unwrap();
        let worker = Box::new(move || {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        });
        attempt(&Entrant { system: "fake", case: "sort", worker }, folder.path(), Duration::from_secs(20), 1 << 20)
            .unwrap()
    }

    #[test]
    fn an_answer_has_time_and_peak() {
        let done = run(r#"echo ready; read verb case path; echo 42 > "$path"
            echo "{\"case\": \"$case\", \"seconds\": 0.25, \"rows\": 1}"; read x"#);
        assert_eq!(done.outcome, Ok(Done { seconds: 0.25, text: "42\n".to_owned() }));
        assert!(done.peak_rss_mib > Some(0));
    }

    #[test]
    fn a_failure_has_its_message_and_a_peak() {
        let failed = run(r#"echo ready; read x; echo '{"error": "no memory"}'; read x"#);
        assert_eq!(failed.outcome, Err("no memory".to_owned()));
        assert!(failed.peak_rss_mib > Some(0));
        assert!(run("exit 3").outcome.unwrap_err().contains("ended"));
    }
}
