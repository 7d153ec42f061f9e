//! The environment of a program's pipelines: sources, settings, runs.

mod available;
mod connectors;
mod execution;
mod explaining;
mod handle;
#[cfg(any(feature = "binary", feature = "csv", feature = "json", feature = "native", feature = "parquet"))]
mod files;
#[cfg(feature = "log")]
mod log;
mod options;
mod plan;
mod progress;
mod resume;
mod snapshots;
mod sources;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use runtime::exec::{self, Admissions, Pool};
use runtime::explain;
use runtime::memory::Budget;
use runtime::optimizer::{self, Rules};
use runtime::plan::Node;
use runtime::spill::SpillSpace;

use crate::accumulators::Registry;
use crate::error::Result;

pub use explaining::Explain;
pub use handle::JobHandle;
#[cfg(feature = "log")]
pub use log::LogWriter;
pub use options::{Engine, Options, ProgressWhen};
pub use plan::Plan;

/// Where pipelines begin and end. Cloning copies the handle.
///
/// ```no_run
/// # use dataflow::prelude::*;
/// fn main() -> dataflow::Result<()> {
///     let env = Env::from_args()?;
///     env.read_text("data/shakespeare.txt")?.first(10).print();
///     env.run()?;
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Env {
    inner: Arc<EnvState>,
}

struct EnvState {
    options: Options,
    /// The settings are those of the process's command line.
    is_from_args: bool,
    /// The memory, and the jobs that share it.
    admissions: Arc<Admissions>,
    space: Arc<SpillSpace>,
    sinks: Mutex<Vec<Arc<Node>>>,
    accumulators: Registry,
    /// The runs whose plans were shown.
    explained: AtomicUsize,
    /// The threads of the environment, from its first run on.
    pool: OnceLock<Pool>,
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Report {
    explain: String,
    explain_json: String,
    source_rows: u64,
    source_bytes: u64,
    spilled_bytes: u64,
    rejected_rows: u64,
    accumulated: Vec<(String, String)>,
}

impl Report {
    /// The plan with rows, bytes and time per operator, and what those that have some kept in memory and on disk; empty for the embedded engine.
    #[must_use]
    pub fn explain(&self) -> &str {
        &self.explain
    }

    /// The same for tools, as `docs/explain.md` says; empty for the embedded engine.
    #[must_use]
    pub fn explain_json(&self) -> &str {
        &self.explain_json
    }

    /// The same as a page to look at, which needs nothing beside it; with what [`Report::explain_json`] gave of an earlier run, both on one page.
    ///
    /// # Errors
    /// Where `earlier` is something else, and for the embedded engine, which has no plans.
    pub fn explain_html(&self, earlier: Option<&str>) -> Result<String> {
        explaining::page(&self.explain_json, earlier)
    }

    /// Records that sources gave.
    #[must_use]
    pub fn source_rows(&self) -> u64 {
        self.source_rows
    }

    /// Bytes that sources read.
    #[must_use]
    pub fn source_bytes(&self) -> u64 {
        self.source_bytes
    }

    /// Bytes that went to disk because memory did not hold them.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.spilled_bytes
    }

    /// Bad records that lenient sources left out.
    #[must_use]
    pub fn rejected_rows(&self) -> u64 {
        self.rejected_rows
    }

    /// The environment's accumulators, in the order in which they were made: names, and values as they are shown. The values themselves are
    /// read from their handles.
    pub fn accumulated(&self) -> impl Iterator<Item = (&str, &str)> {
        self.accumulated.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Env {
    /// An environment with these settings.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Env::of(options, false)
    }

    fn of(options: Options, is_from_args: bool) -> Self {
        let shared = available::admissions();
        let is_shared = options.memory_bytes == shared.budget().limit_bytes();
        let admissions = if is_shared { shared.clone() } else { Admissions::new(Budget::new(options.memory_bytes)) };
        let space = match &options.spill_dirs[..] {
            folders if options.compress_spilled => SpillSpace::compressing(folders),
            [] => SpillSpace::temporary(),
            folders => SpillSpace::new(folders),
        };
        Env {
            inner: Arc::new(EnvState {
                options,
                is_from_args,
                admissions,
                space,
                sinks: Mutex::default(),
                accumulators: Registry::default(),
                explained: AtomicUsize::new(0),
                pool: OnceLock::new(),
            }),
        }
    }

    /// Settings from the command line: `--parallelism`, `--memory`, `--spill-dir`, `--compress-spilled`, `--explain`, `--plan`, `--compare`, `--schema`,
    /// `--progress`, `--latency`, `--idle-after`, `--snapshots`, `--snapshot-every`, `--restore`, `--engine`. What else stands
    /// there is the program's own: see [`Env::args`]. `--help` prints the settings and ends the program.
    ///
    /// # Errors
    /// None so far; unknown settings end the program with a message, as command lines do.
    pub fn from_args() -> Result<Self> {
        Self::from_args_with(&[])
    }

    /// As [`Env::from_args`], for a program with settings of its own: names, and what `--help` says of them.
    ///
    /// ```no_run
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::from_args_with(&[("scale", "how much data [default: 1]")])?;
    /// let scale = env.setting("scale").unwrap_or("1");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Env::from_args`].
    pub fn from_args_with(own: &[(&'static str, &'static str)]) -> Result<Self> {
        Ok(Env::of(Options::from_args_with(own), true))
    }

    /// An environment on the embedded engine: one thread, plain vectors, for tests and small data.
    #[must_use]
    pub fn embedded() -> Self {
        Env::new(Options { engine: Engine::Embedded, ..Options::default() })
    }

    /// The arguments of the command line that are the program's own, in order.
    #[must_use]
    pub fn args(&self) -> &[String] {
        &self.inner.options.args
    }

    /// One of the program's own settings, where the command line has it.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.inner.options.own.get(name).map(String::as_str)
    }

    /// The settings.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Runs everything that was to be written or printed so far, and waits for it.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::new(Options::default());
    /// env.collection([1u64, 2])?.print();
    /// env.collection(["to be"])?.print();
    /// let report = env.run()?;
    /// assert_eq!(report.source_rows(), 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The first thing that went wrong, with the operator and its place in the program. Outputs are then as they were before.
    pub fn run(&self) -> Result<Report> {
        self.submit(&self.take_sinks())?.complete()
    }

    /// The plan of what was to be written or printed so far, as text.
    ///
    /// # Errors
    /// What cannot be right about the program.
    pub fn explain(&self) -> Result<String> {
        let sinks = self.inner.sinks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let plan = optimizer::plan(&self.as_run(&sinks)?, self.planning())?;
        Ok(explain::text(&plan, None, self.inner.options.explain_fields))
    }

    /// What the planner chooses for what was to be written or printed so far, and the ways that it has left: for tests that force each of them by
    /// [`Options::decisions`], and to have a plan again as it was.
    ///
    /// # Errors
    /// What cannot be right about the program.
    pub fn plan(&self) -> Result<Plan> {
        let sinks = self.inner.sinks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let plan = optimizer::plan(&self.as_run(&sinks)?, self.planning())?;
        Ok(Plan::of(plan))
    }

    /// Takes back what was to be written or printed so far, for a program that only wanted to see its [plan](Env::plan): an environment that goes away says what was
    /// declared there and not run.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::new(Options::default());
    /// env.collection([1u64, 2])?.print();
    /// println!("{}", env.plan()?.to_json());
    /// env.discard();
    /// # Ok(())
    /// # }
    /// ```
    pub fn discard(&self) {
        drop(self.take_sinks());
    }

    /// What was declared so far, as it stands to its files: for each source and sink the record's fields beside the columns, with the types that are
    /// found, what is missing, and what is not read. Of several files the first is looked at, of JSON its first record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder = std::env::temp_dir().join(format!("dataflow-doc-schema-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("orders.csv").display().to_string();
    /// #[derive(Record, Clone, Copy)]
    /// struct Order {
    ///     id: u64,
    ///     price: Option<Decimal<2>>,
    /// }
    ///
    /// std::fs::write(&path, "id,prize,day\n1,2.50,2024-01-01\n")?;
    /// let env = Env::embedded();
    /// env.read_csv::<Order>(&path)?.print();
    /// let text = env.schemas();
    /// let lines: Vec<&str> = text.lines().map(str::trim).collect();
    /// assert_eq!(lines[2], "id: u64                    id      text");
    /// assert_eq!(lines[3], "price: Option<Decimal<2>>          is missing; did you mean `prize`?");
    /// assert_eq!(lines[4], "prize   is not read");
    /// # env.run().unwrap_err();
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn schemas(&self) -> String {
        explain::schemas(&self.inner.sinks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add_sink(&self, sink: Arc<Node>) {
        self.inner.sinks.lock().unwrap_or_else(PoisonError::into_inner).push(sink);
    }

    fn take_sinks(&self) -> Vec<Arc<Node>> {
        std::mem::take(&mut *self.inner.sinks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn run_now(&self, sink: &Arc<Node>) -> Result<()> {
        self.submit(std::slice::from_ref(sink))?.complete()?;
        self.inner.options.check_runs()
    }

    /// The resources that the optimizer may use.
    fn planning(&self) -> optimizer::Resources {
        let options = &self.inner.options;
        let memory_bytes = self.inner.admissions.budget().limit_bytes();
        let (tasks, rules, decisions) =
            (options.parallelism, Rules::without(&options.without), options.decisions.clone());
        let (profile, parallel_for) = (options.profile.clone(), exec::parallel_for);
        optimizer::Resources { tasks, memory_bytes, rules, profile, decisions, parallel_for }
    }

    fn pool(&self) -> Result<Pool> {
        if let Some(pool) = self.inner.pool.get() {
            return Ok(pool.clone());
        }
        let pool = exec::pool(self.inner.options.parallelism)?;
        Ok(self.inner.pool.get_or_init(|| pool).clone())
    }

    pub(crate) fn accumulators(&self) -> &Registry {
        &self.inner.accumulators
    }
}

impl Drop for EnvState {
    fn drop(&mut self) {
        let sinks = self.sinks.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(sink) = sinks.first()
            && !std::thread::panicking()
        {
            eprintln!(
                "warning: {} was declared, but `env.run()?` was not called after it: nothing was written",
                sink.origin
            );
        }
    }
}
