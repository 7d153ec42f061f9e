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
    /// What sort, group and join of 1 GiB hold in memory when they may use little of it
    Memory(Memory),
    /// Sort, group and join as memory gets smaller than the data, as a table and a figure
    Cliff(Cliff),
    /// What a byte takes when three terms are looked for in texts of many sizes, as a table and a figure
    Grep(Grep),
    /// The 22 queries of TPC-H over Parquet files
    Tpch(Measure),
    /// Sort pairs of numbers in ample and in little memory: 1 GiB of them at scale 1
    Sort(Measure),
    /// H2O.ai's db-benchmark: ten groupings and five joins of 10 M rows at scale 1, from Parquet files to one
    #[command(name = "h2o")]
    H2o(Measure),
    /// Loops over graphs, of 2^20 and a million vertices at scale 1, and what a round without work takes
    Iterations(Measure),
    /// Events of a log counted by key and minute: 50 M events of 1 M keys at scale 1
    Stream(Measure),
    /// Whether the plans that are chosen for queries of TPC-H are the quickest of those there are
    Plans(Plans),
    /// How long plans are made for, with and without samples of the tables at hand
    Planning(Planning),
    /// What skewed keys and wrong estimates cost
    Robustness(Robustness),
    /// Measure the weights of the cost model on this machine
    Calibrate(Calibrate),
    /// Write the figure and the tables of what the suites have measured, for the README and docs/figures
    Summary,
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
    /// Size of the data: times 1 GiB for word_count and sort, 10 M rows for h2o, a million vertices for iterations, 50 M events for stream, the scale factor for tpch
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Threads each system may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// The `benches` binary of an earlier commit, run in turn with this one as the system `earlier`
    #[arg(long)]
    pub(crate) earlier: Option<PathBuf>,
    /// Timed runs of each system and case, after one that is not timed
    #[arg(long, default_value_t = 7, value_parser = parse_runs)]
    pub(crate) runs: usize,
    /// Seconds a system may take for one answer before it is ended
    #[arg(long, default_value = "300", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
}

/// How to measure what the engine holds in memory.
#[derive(Debug, Clone, Args)]
pub(crate) struct Memory {
    /// Size of the data, times 1 GiB
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Budgets to run with, in MiB, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256])]
    pub(crate) budgets: Vec<u64>,
    /// Threads the engine may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Seconds one answer may take before the worker is ended
    #[arg(long, default_value = "600", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
}

/// How to measure what less memory costs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Cliff {
    /// Rows of the curves, of 16 bytes each
    #[arg(long, default_value_t = 1 << 26)]
    pub(crate) rows: u64,
    /// Rows of the cases in ample memory, or 0 for none of these
    #[arg(long, default_value_t = 100_000_000)]
    pub(crate) ample_rows: u64,
    /// Peers to run beside us, separated by commas, or `none`; all that know the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) peers: Option<Vec<String>>,
    /// Of sort, group and join those to measure, separated by commas; all if absent
    #[arg(long, value_delimiter = ',', value_parser = ["sort", "group", "join"])]
    pub(crate) cases: Option<Vec<String>>,
    /// Threads each system may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Runs of each point of the curves, each in a process of its own
    #[arg(long, default_value_t = 3, value_parser = parse_positive)]
    pub(crate) runs: usize,
    /// Seconds one answer may take before the worker is ended
    #[arg(long, default_value = "120", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
}

impl Cliff {
    /// Whether a case is to be measured.
    pub(crate) fn has(&self, case: &str) -> bool {
        self.cases.as_ref().is_none_or(|cases| cases.iter().any(|asked| asked == case))
    }
}

/// How to measure the pipelined grep.
#[derive(Debug, Clone, Args)]
pub(crate) struct Grep {
    /// Memory the engine may use, in MiB; texts are from an eighth to eight times as large
    #[arg(long, default_value_t = 128)]
    pub(crate) budget: u64,
    /// Threads the engine may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Timed runs of each text, after one that is not timed
    #[arg(long, default_value_t = 7, value_parser = parse_runs)]
    pub(crate) runs: usize,
    /// Seconds one run may take before the worker is ended
    #[arg(long, default_value = "300", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
}

/// How to compare plans of one query.
#[derive(Debug, Clone, Args)]
pub(crate) struct Plans {
    /// Queries to measure, separated by commas; all of the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) cases: Option<Vec<String>>,
    /// The scale factor of TPC-H
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Random plans of each query, beside all that differ in one decision
    #[arg(long, default_value_t = 64)]
    pub(crate) random: usize,
    /// Random orders in which the joins of each query are written
    #[arg(long, default_value_t = 3)]
    pub(crate) orders: usize,
    /// Measure these alone, and no other plans
    #[arg(long)]
    pub(crate) orders_alone: bool,
    /// Which random plans and orders
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Threads the engine may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Timed runs of plans that may be the quickest
    #[arg(long, default_value_t = 3, value_parser = parse_positive)]
    pub(crate) runs: usize,
}

/// How to measure planning.
#[derive(Debug, Clone, Args)]
pub(crate) struct Planning {
    /// The scale factor of TPC-H
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Threads the engine may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Processes that plan each query, of which the quickest counts
    #[arg(long, default_value_t = 5, value_parser = parse_positive)]
    pub(crate) runs: usize,
    /// Plan this query in this process, and print what it took
    #[arg(long, hide = true)]
    pub(crate) alone: Option<String>,
}

/// How to measure what skew and wrong estimates cost.
#[derive(Debug, Clone, Args)]
pub(crate) struct Robustness {
    /// Cases to measure, separated by commas; all of the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) cases: Option<Vec<String>>,
    /// Size of the data, times 8 M rows
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Runs of each pipeline, after one that is not timed
    #[arg(long, default_value_t = 7, value_parser = parse_positive)]
    pub(crate) runs: usize,
}

/// How to measure the weights of the cost model.
#[derive(Debug, Clone, Args)]
pub(crate) struct Calibrate {
    /// Runs of each pipeline, of which the quickest counts
    #[arg(long, default_value_t = 3, value_parser = parse_positive)]
    pub(crate) runs: usize,
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
    /// The folder of generated tables
    #[arg(long)]
    pub(crate) tables: PathBuf,
    /// Threads to use
    #[arg(long, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Bytes of memory to use; the system's own default if absent
    #[arg(long)]
    pub(crate) memory: Option<u64>,
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
