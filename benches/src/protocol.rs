//! The lines that the harness and a worker exchange; `benches/README.md` describes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What a worker writes once it can take requests.
pub(crate) const READY: &str = "ready";

/// The figure of a run that a worker of this binary always gives: what its threads took of the processor, all together.
pub(crate) const PROCESSOR_SECONDS: &str = "processor_seconds";

/// A line to a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// Answer a case and throw the rows away: `run <case>`.
    Run {
        /// The case.
        case: String,
    },
    /// Answer a case and write the rows to a file: `answer <case> <path>`.
    Answer {
        /// The case.
        case: String,
        /// The file.
        path: PathBuf,
    },
}

/// A worker's line for a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    /// The case was answered.
    Done {
        /// The case asked for.
        case: String,
        /// From the start of the query, before the first byte of input is read, until its rows are in memory.
        seconds: f64,
        /// Rows of the answer.
        rows: u64,
        /// What else is known of the run.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        figures: BTreeMap<String, f64>,
    },
    /// The case could not be answered.
    Failed {
        /// Why.
        error: String,
    },
}

impl Request {
    /// The case asked for.
    pub(crate) fn case(&self) -> &str {
        match self {
            Self::Run { case } | Self::Answer { case, .. } => case,
        }
    }

    /// The request as a line without its end. Paths must not hold white space.
    pub(crate) fn to_line(&self) -> String {
        match self {
            Self::Run { case } => format!("run {case}"),
            Self::Answer { case, path } => format!("answer {case} {}", path.display()),
        }
    }

    /// Reads what [`Request::to_line`] wrote.
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
    fn requests_survive_the_line() {
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
    fn replies_are_told_apart_by_their_fields() {
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
