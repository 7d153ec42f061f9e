//! Kernels: the user's closures as the engine calls them, a window of rows at a time.
//!
//! A kernel is a small generic wrapper in `dataflow` around one closure (or one fused run of closures). Its factory lives in the plan;
//! each task opens a kernel of its own. Dispatch is paid per window of [`WINDOW_ROWS`](crate::page::WINDOW_ROWS) rows.
//!
//! A kernel that emits checks after each row whether a page was closed, and then stops and says where: so output is bounded
//! by one page and what a single row emits, whatever a closure does.

mod background;
mod outputs;
mod panics;
mod run_scope;
mod process_local;

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use crate::error::Result;
use crate::hash::RuntimeFilter;
use crate::memory::Memory;
use crate::metrics::OperatorMetrics;
use crate::page::{Batch, Input, RowPairs, RowWriter, Selection};
use crate::spill::{SpillFiles, SpillSpace, Spiller};

pub use crate::storage::Blocking;
pub use background::Background;
pub use outputs::Outputs;
pub use panics::{catching, quietly};
pub use process_local::ProcessLocals;
pub use run_scope::RunScope;
pub(crate) use run_scope::opened_in;

/// Where a kernel or driver runs.
#[derive(Clone)]
pub struct TaskContext {
    /// The number of this task among the operator's parallel tasks.
    pub subtask: usize,
    /// Number of the operator's parallel tasks, in all processes.
    pub subtasks: usize,
    /// The operator's tasks in this process.
    pub local_tasks: Range<usize>,
    /// The superstep, from 1; 0 outside loops.
    pub superstep: u32,
    /// The number of the first snapshot that will hold what it does: 1, unless the job goes on from one.
    pub epoch: u64,
    /// Where its memory comes from.
    pub memory: Memory,
    /// Where work that may block is done.
    pub blocking: Arc<dyn Blocking>,
    /// Where what memory does not hold goes.
    pub space: Arc<SpillSpace>,
    /// The operator's counters.
    pub metrics: Arc<OperatorMetrics>,
    /// Values that it shares with the operator's other tasks in this process.
    pub locals: ProcessLocals,
    /// Of a join whose build side says which rows of the other side are worth being sent: where it says so, for each port that rows are dropped of.
    pub runtime_filters: Vec<(usize, Arc<RuntimeFilter>)>,
    /// The run that kernels are opened for; none on the embedded engine.
    pub run: Option<Arc<dyn RunScope>>,
}

impl TaskContext {
    /// The context of a kernel that runs alone, on the caller's thread: the embedded engine's.
    #[must_use]
    pub fn alone(memory: Memory) -> Self {
        let (blocking, space, metrics) = (Arc::new(Inline), SpillSpace::temporary(), Arc::default());
        TaskContext {
            subtask: 0,
            subtasks: 1,
            local_tasks: 0..1,
            superstep: 0,
            epoch: 1,
            memory,
            blocking,
            space,
            metrics,
            locals: ProcessLocals::default(),
            runtime_filters: Vec::new(),
            run: None,
        }
    }

    /// The context of one of several tasks, all in this process.
    #[must_use]
    pub fn as_task(self, subtask: usize, subtasks: usize) -> Self {
        TaskContext { subtask, subtasks, local_tasks: 0..subtasks, ..self }
    }

    /// A value in memory that the operator's tasks in this process share, in this run and superstep.
    /// There is one of each type. The first task that asks for it makes it.
    pub fn process_local<V: Any + Send + Sync>(&self, make: impl FnOnce() -> V) -> Arc<V> {
        self.locals.get(self.superstep, make)
    }

    /// Writes and reads pages on disk for this task.
    #[must_use]
    pub fn spiller(&self) -> Spiller {
        Spiller::new(&self.space, self.blocking.clone(), self.metrics.clone())
    }

    /// The same, in files that other tasks write and read, too.
    #[must_use]
    pub fn spiller_over(&self, files: &SpillFiles) -> Spiller {
        Spiller::over(files.clone(), self.blocking.clone(), self.metrics.clone())
    }
}

/// Does the work at once.
struct Inline;

impl Blocking for Inline {
    fn submit(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// Rows in, rows out: a fused run of record-at-a-time operators.
pub trait Chain: Send {
    /// Runs over the rows asked for, from a position in the selection; returns where it stopped: at the end, or after the row that
    /// closed a page.
    ///
    /// # Errors
    /// What the user's closure gives, or a refused page.
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize>;
}

/// A condition on records: a filter.
pub trait Predicate: Send {
    /// Keeps the rows that hold.
    ///
    /// # Errors
    /// What the user's closure gives.
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()>;
}

/// Pairs of a join in, rows out.
pub trait JoinKernel: Send {
    /// Runs over pairs, from a position; returns where it stopped: at the end, or after the pair that closed a page.
    ///
    /// # Errors
    /// What the user's closure gives, or a refused page.
    fn run(&mut self, pairs: &RowPairs<'_>, from: usize, out: &mut RowWriter) -> Result<usize>;
}

/// Opens kernels of one kind, one per task.
pub trait Factory<K: ?Sized>: Send + Sync {
    /// A kernel for one task.
    ///
    /// # Errors
    /// What the user's set-up gives.
    fn open(&self, context: &TaskContext) -> Result<Box<K>>;

    /// Whether it matters which rows its kernels are shown, and how often, beyond what they give: they count, say, or keep a state. Such a
    /// kernel runs where the program has it, once for each row.
    fn has_effects(&self) -> bool {
        false
    }

    /// Whether its kernels may hold something of the program's outside: a counter, a channel. A closure that captures nothing does not.
    fn captures(&self) -> bool {
        true
    }

    /// Whether what it gives for a row depends on the rows before. Behind a total order such a kernel runs in one task, which sees all of it.
    fn keeps_state(&self) -> bool {
        false
    }
}

/// Opens kernels that [keep a state](Factory::keeps_state).
pub struct KeepsState<F> {
    /// Opens one.
    pub open: F,
    /// Whether they also [count](Factory::has_effects).
    pub has_effects: bool,
}

impl<K: ?Sized, F: Fn(&TaskContext) -> Result<Box<K>> + Send + Sync> Factory<K> for KeepsState<F> {
    fn open(&self, context: &TaskContext) -> Result<Box<K>> {
        (self.open)(context)
    }

    fn has_effects(&self) -> bool {
        self.has_effects
    }

    fn keeps_state(&self) -> bool {
        true
    }
}

impl<K: ?Sized, F: Fn(&TaskContext) -> Result<Box<K>> + Send + Sync> Factory<K> for F {
    fn open(&self, context: &TaskContext) -> Result<Box<K>> {
        self(context)
    }
}

/// Opens chains.
pub type ChainFactory = Arc<dyn Factory<dyn Chain>>;
/// Opens predicates.
pub type PredicateFactory = Arc<dyn Factory<dyn Predicate>>;
/// Opens join kernels.
pub type JoinFactory = Arc<dyn Factory<dyn JoinKernel>>;
