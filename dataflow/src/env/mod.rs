//! The environment of pipelines: options, sources and runs.

mod connectors;
mod default_budget;
mod execution;
#[cfg(any(feature = "binary", feature = "csv", feature = "json", feature = "native", feature = "parquet"))]
mod files;
mod handle;
#[cfg(feature = "log")]
mod log;
mod options;
mod plan;
mod plan_output;
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

pub use handle::JobHandle;
#[cfg(feature = "log")]
pub use log::LogWriter;
pub use options::{Engine, Options, ProgressWhen};
pub use plan::Plan;
pub use plan_output::Explain;

/// The environment of pipelines: creates sources, holds options, and runs jobs. Clones share one
/// environment.
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
    /// The options come from the command line of the process.
    is_from_args: bool,
    /// The memory budget, and the jobs that share it.
    admissions: Arc<Admissions>,
    space: Arc<SpillSpace>,
    sinks: Mutex<Vec<Arc<Node>>>,
    accumulators: Registry,
    /// Counts the runs whose plans were shown.
    plans_shown: AtomicUsize,
    /// The threads, created at the first run.
    pool: OnceLock<Pool>,
}

/// The result of a run: its plan and its totals.
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
    /// The plan as text, with rows, bytes and time per operator, and with the bytes that operators
    /// kept in memory and spilled. Empty for the embedded engine.
    #[must_use]
    pub fn explain(&self) -> &str {
        &self.explain
    }

    /// The plan as JSON, in the form that `docs/explain.md` describes. Empty for the embedded
    /// engine.
    #[must_use]
    pub fn explain_json(&self) -> &str {
        &self.explain_json
    }

    /// The plan as a self-contained HTML page. With the [`Report::explain_json`] of an earlier run,
    /// the page shows both runs.
    ///
    /// # Errors
    /// Fails if `earlier` is not such JSON, and for the embedded engine, which has no plans.
    pub fn explain_html(&self, earlier: Option<&str>) -> Result<String> {
        plan_output::page(&self.explain_json, earlier)
    }

    /// The number of records that sources emitted.
    #[must_use]
    pub fn source_rows(&self) -> u64 {
        self.source_rows
    }

    /// The number of bytes that sources read.
    #[must_use]
    pub fn source_bytes(&self) -> u64 {
        self.source_bytes
    }

    /// The number of bytes that operators spilled to disk.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.spilled_bytes
    }

    /// The number of invalid records that lenient sources skipped.
    #[must_use]
    pub fn rejected_rows(&self) -> u64 {
        self.rejected_rows
    }

    /// The names and formatted values of the environment's accumulators, in the order of their
    /// creation. Read the values themselves from the handles.
    pub fn accumulated(&self) -> impl Iterator<Item = (&str, &str)> {
        self.accumulated.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Env {
    /// Creates an environment with these options.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Env::of(options, false)
    }

    fn of(options: Options, is_from_args: bool) -> Self {
        let shared = default_budget::shared_admissions();
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
                plans_shown: AtomicUsize::new(0),
                pool: OnceLock::new(),
            }),
        }
    }

    /// Creates an environment with options from the command line: `--parallelism`, `--memory`,
    /// `--spill-dir`, `--compress-spilled`, `--explain`, `--plan`, `--compare`, `--schema`,
    /// `--progress`, `--latency`, `--idle-after`, `--snapshots`, `--snapshot-every`, `--restore`,
    /// `--engine`, `--without`, `--profile`. Other arguments belong to the program: see
    /// [`Env::args`]. `--help` prints the options and ends the program, and so does an unknown
    /// option.
    ///
    /// # Errors
    /// Never fails at present.
    pub fn from_args() -> Result<Self> {
        Self::from_args_with(&[])
    }

    /// Like [`Env::from_args`], for a program that has options of its own: pairs of a name and a
    /// help text.
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
    /// Like [`Env::from_args`].
    pub fn from_args_with(own: &[(&'static str, &'static str)]) -> Result<Self> {
        Ok(Env::of(Options::from_args_with(own), true))
    }

    /// Creates an environment on the embedded engine: one thread and plain vectors, for tests and
    /// small data.
    #[must_use]
    pub fn embedded() -> Self {
        Env::new(Options { engine: Engine::Embedded, ..Options::default() })
    }

    /// Returns the arguments that belong to the program, in order.
    #[must_use]
    pub fn args(&self) -> &[String] {
        &self.inner.options.args
    }

    /// Returns the value of an option of the program. `None` if the command line does not have it.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.inner.options.own.get(name).map(String::as_str)
    }

    /// Returns the options.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Runs all writes and prints that were declared so far, and waits for the end of the job.
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
    /// Fails with the first error of the job, which names the operator and its place in the
    /// program. Outputs are then as they were before the run.
    pub fn run(&self) -> Result<Report> {
        self.submit(&self.take_sinks())?.complete()
    }

    /// Returns the plan of all writes and prints that were declared so far, as text.
    ///
    /// # Errors
    /// Fails if the program is invalid.
    pub fn explain(&self) -> Result<String> {
        let sinks = self.inner.sinks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let plan = optimizer::plan(&self.sinks_to_run(&sinks)?, self.optimizer_resources())?;
        Ok(explain::text(&plan, None, self.inner.options.explain_fields))
    }

    /// Returns the plan of all writes and prints that were declared so far: the optimizer's choices
    /// and their alternatives. Tests force an alternative, and programs reproduce a plan, by
    /// [`Options::decisions`].
    ///
    /// # Errors
    /// Fails if the program is invalid.
    pub fn plan(&self) -> Result<Plan> {
        let sinks = self.inner.sinks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let plan = optimizer::plan(&self.sinks_to_run(&sinks)?, self.optimizer_resources())?;
        Ok(Plan::of(plan))
    }

    /// Discards all writes and prints that were declared so far, for a program that only needs
    /// their [plan](Env::plan). Without it, dropping the environment prints a warning that they
    /// were not run.
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

    /// Returns a table for each declared source and sink of files: the record's fields with their
    /// types, the columns with the types found, missing columns, and columns that are not read. Of
    /// several files it reads the first, and of JSON the first record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-schema-{}", std::process::id()));
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
    /// assert_eq!(
    ///     lines[3],
    ///     "price: Option<Decimal<2>>          is missing; did you mean `prize`?"
    /// );
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
    fn optimizer_resources(&self) -> optimizer::Resources {
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
