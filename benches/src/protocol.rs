//! The lines that the harness and a worker exchange. `benches/README.md` describes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Written by a worker when it is ready for requests.
pub(crate) const READY: &str = "ready";

/// A figure that workers of this binary always report: the processor time of all their threads.
pub(crate) const PROCESSOR_SECONDS: &str = "processor_seconds";

/// A line to a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Runs a case and drops the rows: `run <case>`.
    Run {
        /// The case.
        case: String,
    },
    /// Runs a case and writes the rows to a file: `answer <case> <path>`.
    Answer {
        /// The case.
        case: String,
        /// The file.
        path: PathBuf,
    },
}

/// A worker's reply to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    /// The case was answered.
    Done {
        /// The requested case.
        case: String,
        /// Time from the start of the query, before it reads any input, until its rows are in
        /// memory.
        seconds: f64,
        /// Number of rows in the answer.
        rows: u64,
        /// Other figures of the run.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        figures: BTreeMap<String, f64>,
    },
    /// The case could not be answered.
    Failed {
        /// The error message.
        error: String,
    },
}

impl Request {
    /// Returns the requested case.
    pub(crate) fn case(&self) -> &str {
        match self {
            Self::Run { case } | Self::Answer { case, .. } => case,
        }
    }

    /// Formats the request as a line without its end. Paths must not contain white space.
    pub(crate) fn to_line(&self) -> String {
        match self {
            Self::Run { case } => format!("run {case}"),
            Self::Answer { case, path } => format!("answer {case} {}", path.display()),
        }
    }

    /// Parses the format of [`Request::to_line`].
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (verb, case) = (words.next()?, words.next()?.to_owned());
        match (verb, words.next()) {
            ("run", None) => Some(Self::Run { case }),
            ("answer", Some(path)) => Some(Self::Answer { case, path: Path::new(path).to_owned() }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_round_trip_as_lines() {
        let requests = [
            Request::Run { case: "q1".to_owned() },
            Request::Answer { case: "q3".to_owned(), path: "/tmp/q3.tsv".into() },
        ];
        for request in requests {
            assert_eq!(Request::from_line(&request.to_line()), Some(request));
        }
        for line in ["", "run", "answer q1", "run q1 /tmp/q1", "stop q1"] {
            assert_eq!(Request::from_line(line), None, "{line:?}");
        }
    }

    #[test]
    fn replies_are_distinguished_by_their_fields() {
        let done = |figures: &[(&str, f64)]| {
            let figures = figures.iter().map(|&(name, figure)| (name.to_owned(), figure)).collect();
            Reply::Done { case: "q1".to_owned(), seconds: 0.5, rows: 4, figures }
        };
        assert_eq!(serde_json::from_str::<Reply>(r#"{"case": "q1", "seconds": 0.5, "rows": 4}"#).unwrap(), done(&[]));
        let with_figures = r#"{"case":"q1","seconds":0.5,"rows":4,"figures":{"snapshots":3.0}}"#;
        assert_eq!(serde_json::to_string(&done(&[("snapshots", 3.0)])).unwrap(), with_figures);
        assert_eq!(serde_json::from_str::<Reply>(with_figures).unwrap(), done(&[("snapshots", 3.0)]));
        let failed = Reply::Failed { error: "no".to_owned() };
        assert_eq!(serde_json::from_str::<Reply>(r#"{"error": "no"}"#).unwrap(), failed);
        assert!(serde_json::from_str::<Reply>(r#"{"seconds": 0.5}"#).is_err());
    }
}
