//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Measures the engine beside other engines and beside hand-written code for the same work.
#[derive(Debug, Parser)]
#[command(name = "benches")]
pub(crate) struct Options {
    /// What to measure.
    #[command(subcommand)]
    pub(crate) suite: SuiteName,
}

/// The first word of the command line.
#[derive(Debug, Subcommand)]
pub(crate) enum SuiteName {
    /// Count the words of a generated text: 1 GiB at scale 1
    #[command(name = "word_count")]
    WordCount(Measure),
    /// The 22 queries of TPC-H over Parquet files
    Tpch(Measure),
    /// What pipelines add to the build of the crate that holds them
    Build(Build),
    /// Serve one system's cases over standard input and output; started by the suites
    #[command(hide = true)]
    Worker(Serve),
}

/// How to measure a suite that compares systems.
#[derive(Debug, Clone, Args)]
pub(crate) struct Measure {
    /// Peers to run beside us, separated by commas, or `none`; all that know the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) peers: Option<Vec<String>>,
    /// Cases to measure, separated by commas; all of the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) cases: Option<Vec<String>>,
    /// Size of the data: times 1 GiB for word_count, the scale factor for tpch
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Threads each system may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Timed runs of each system and case, after one that is not timed
    #[arg(long, default_value_t = 7, value_parser = parse_runs)]
    pub(crate) runs: usize,
    /// Seconds a system may take for one answer before it is ended
    #[arg(long, default_value = "300", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
}

/// How to measure builds.
#[derive(Debug, Clone, Args)]
pub(crate) struct Build {
    /// Timed rebuilds of each variant, after one that is not timed
    #[arg(long, default_value_t = 5, value_parser = parse_runs)]
    pub(crate) runs: usize,
    /// Seconds one build may take before it is ended
    #[arg(long, default_value = "900", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
    /// Only write the generated crate, for a look at its pipelines
    #[arg(long)]
    pub(crate) generate_only: bool,
}

/// What a worker serves.
#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// `ours` or `limit`
    pub(crate) system: String,
    /// The suite whose cases to serve
    pub(crate) suite: String,
    /// The text file of word_count
    #[arg(long)]
    pub(crate) text: PathBuf,
    /// The folder of TPC-H tables
    #[arg(long)]
    pub(crate) tpch: PathBuf,
    /// Threads to use
    #[arg(long, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
}

fn parse_positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&number| number > 0).ok_or_else(|| "expected a whole number above 0".to_owned())
}

/// Fewer than five runs make no median on a noisy machine.
fn parse_runs(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&runs| runs >= 5).ok_or_else(|| "expected at least 5".to_owned())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    parse_positive(text).map(|seconds| Duration::from_secs(seconds as u64))
}
