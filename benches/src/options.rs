//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Compares the engine with other engines and with hand-written code for the same work.
#[derive(Debug, Parser)]
#[command(name = "benches")]
pub(crate) struct Options {
    /// The suite to measure.
    #[command(subcommand)]
    pub(crate) suite: SuiteName,
}

/// The first word of the command line.
#[derive(Debug, Subcommand)]
pub(crate) enum SuiteName {
    /// Count the words of a generated text: 1 GiB at scale 1
    #[command(name = "word_count")]
    WordCount(Measure),
    /// Peak memory of sort, group and join of 1 GiB with small budgets
    Memory(Memory),
    /// Sort, group and join as memory gets smaller than the data, as a table and a figure
    Cliff(Cliff),
    /// Time per byte to search three terms in texts of many sizes, as a table and a figure
    Grep(Grep),
    /// The 22 queries of TPC-H over Parquet files
    Tpch(Measure),
    /// Sort pairs of numbers in ample and in little memory: 1 GiB of them at scale 1
    Sort(Measure),
    /// H2O.ai's db-benchmark: ten groupings and five joins of 10 M rows at scale 1, from Parquet
    /// files to one Parquet file
    #[command(name = "h2o")]
    H2o(Measure),
    /// Loops over graphs of 2^20 and of a million vertices at scale 1, and the time of an empty
    /// round
    Iterations(Measure),
    /// Events of a log counted by key and minute: 50 M events of 1 M keys at scale 1
    Stream(Measure),
    /// Compares the plans chosen for queries of TPC-H with all other plans
    Plans(Plans),
    /// Planning time, with and without samples of the tables
    Planning(Planning),
    /// The cost of skewed keys and wrong estimates
    Robustness(Robustness),
    /// Measure the weights of the cost model on this machine
    Calibrate(Calibrate),
    /// Write the figure and the tables of all results, for the README and docs/figures
    Summary,
    /// Build time that pipelines add to their crate
    Build(Build),
    /// Serve one system's cases over standard input and output; started by the suites
    #[command(hide = true)]
    Worker(Serve),
}

/// Options of a suite that compares systems.
#[derive(Debug, Clone, Args)]
pub(crate) struct Measure {
    /// Peers to compare with, separated by commas, or `none`; all that support the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) peers: Option<Vec<String>>,
    /// Cases to measure, separated by commas; all of the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) cases: Option<Vec<String>>,
    /// Size of the data: times 1 GiB for word_count and sort, 10 M rows for h2o, a million vertices
    /// for iterations, 50 M events for stream, the scale factor for tpch
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

/// Options of the memory suite.
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

/// Options of the cliff suite.
#[derive(Debug, Clone, Args)]
pub(crate) struct Cliff {
    /// Rows of the curves, of 16 bytes each
    #[arg(long, default_value_t = 1 << 26)]
    pub(crate) rows: u64,
    /// Rows of the cases in ample memory, or 0 for none of these
    #[arg(long, default_value_t = 100_000_000)]
    pub(crate) ample_rows: u64,
    /// Peers to compare with, separated by commas, or `none`; all that support the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) peers: Option<Vec<String>>,
    /// Which of sort, group and join to measure, separated by commas; all if absent
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
    /// Returns `true` if a case is to be measured.
    pub(crate) fn has(&self, case: &str) -> bool {
        self.cases.as_ref().is_none_or(|cases| cases.iter().any(|asked| asked == case))
    }
}

/// Options of the grep suite.
#[derive(Debug, Clone, Args)]
pub(crate) struct Grep {
    /// Memory the engine may use, in MiB; text sizes are from an eighth to eight times of it
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

/// Options of the plans suite.
#[derive(Debug, Clone, Args)]
pub(crate) struct Plans {
    /// Queries to measure, separated by commas; all of the suite if absent
    #[arg(long, value_delimiter = ',')]
    pub(crate) cases: Option<Vec<String>>,
    /// The scale factor of TPC-H
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Number of random plans of each query, in addition to all that differ in one decision
    #[arg(long, default_value_t = 64)]
    pub(crate) random: usize,
    /// Number of random orders in which the joins of each query are written
    #[arg(long, default_value_t = 3)]
    pub(crate) orders: usize,
    /// Measure only these orders, and no other plans
    #[arg(long)]
    pub(crate) orders_alone: bool,
    /// Seed of the random plans and orders
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Threads the engine may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Timed runs of plans that may be the fastest
    #[arg(long, default_value_t = 3, value_parser = parse_positive)]
    pub(crate) runs: usize,
}

/// Options of the planning suite.
#[derive(Debug, Clone, Args)]
pub(crate) struct Planning {
    /// The scale factor of TPC-H
    #[arg(long, default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// Threads the engine may use
    #[arg(long, default_value_t = 2, value_parser = parse_positive)]
    pub(crate) parallelism: usize,
    /// Processes that plan each query, of which the fastest counts
    #[arg(long, default_value_t = 5, value_parser = parse_positive)]
    pub(crate) runs: usize,
    /// Plan this query in this process, and print the times
    #[arg(long, hide = true)]
    pub(crate) alone: Option<String>,
}

/// Options of the robustness suite.
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

/// Options of the calibrate suite.
#[derive(Debug, Clone, Args)]
pub(crate) struct Calibrate {
    /// Runs of each pipeline, of which the fastest counts
    #[arg(long, default_value_t = 3, value_parser = parse_positive)]
    pub(crate) runs: usize,
}

/// Options of the build suite.
#[derive(Debug, Clone, Args)]
pub(crate) struct Build {
    /// Timed rebuilds of each variant, after one that is not timed
    #[arg(long, default_value_t = 5, value_parser = parse_runs)]
    pub(crate) runs: usize,
    /// Seconds one build may take before it is ended
    #[arg(long, default_value = "900", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,
    /// Only write the generated crate, to inspect its pipelines
    #[arg(long)]
    pub(crate) generate_only: bool,
}

/// Options of a worker.
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

/// Fewer than five runs give no useful median on a noisy machine.
fn parse_runs(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&runs| runs >= 5).ok_or_else(|| "expected at least 5".to_owned())
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    parse_positive(text).map(|seconds| Duration::from_secs(seconds as u64))
}
