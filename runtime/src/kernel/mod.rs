//! Kernels: the user's closures as the engine calls them, one window of rows at a time.
//!
//! A kernel is a small generic wrapper in `dataflow` around one closure, or around a fused run of
//! closures. Its factory is in the plan, and each task opens its own kernel. So dynamic dispatch
//! costs once per window of [`WINDOW_ROWS`](crate::page::WINDOW_ROWS) rows.
//!
//! A kernel that emits rows checks after each input row whether a page was closed. If so, it stops
//! and returns its position. So its output is bounded by one page and the rows that a single row
//! emits.

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

/// The environment of a kernel or driver in one task.
#[derive(Clone)]
pub struct TaskContext {
    /// The number of this task among the operator's parallel tasks.
    pub subtask: usize,
    /// Number of the operator's parallel tasks, in all processes.
    pub subtasks: usize,
    /// The operator's tasks in this process.
    pub local_tasks: Range<usize>,
    /// The number of the superstep, from 1. 0 outside of loops.
    pub superstep: u32,
    /// The number of the first snapshot that includes this task's work: 1, or the one after the
    /// restored snapshot.
    pub epoch: u64,
    /// The memory of the task.
    pub memory: Memory,
    /// Runs work that may block.
    pub blocking: Arc<dyn Blocking>,
    /// The space for spilled pages.
    pub space: Arc<SpillSpace>,
    /// The operator's counters.
    pub metrics: Arc<OperatorMetrics>,
    /// Values that it shares with the operator's other tasks in this process.
    pub locals: ProcessLocals,
    /// For a join: the runtime filters that its tasks fill, each with the port whose rows it drops.
    pub runtime_filters: Vec<(usize, Arc<RuntimeFilter>)>,
    /// The run for which kernels are opened. `None` on the embedded engine.
    pub run: Option<Arc<dyn RunScope>>,
}

impl TaskContext {
    /// The context of a kernel that runs alone on the caller's thread, as in the embedded engine.
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

    /// A value in memory that the operator's tasks in this process share, in this run and
    /// superstep. There is one of each type. The first task that asks for it makes it.
    pub fn process_local<V: Any + Send + Sync>(&self, make: impl FnOnce() -> V) -> Arc<V> {
        self.locals.get(self.superstep, make)
    }

    /// The spiller of this task: writes and reads pages on disk.
    #[must_use]
    pub fn spiller(&self) -> Spiller {
        Spiller::new(&self.space, self.blocking.clone(), self.metrics.clone())
    }

    /// A spiller over files that other tasks read and write, too.
    #[must_use]
    pub fn spiller_over(&self, files: &SpillFiles) -> Spiller {
        Spiller::over(files.clone(), self.blocking.clone(), self.metrics.clone())
    }
}

/// Runs work immediately, on the calling thread.
struct Inline;

impl Blocking for Inline {
    fn submit(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// A fused run of record-at-a-time operators: it reads rows and emits rows.
pub trait Chain: Send {
    /// Runs over the selected rows, from a position in the selection. Returns the position after
    /// the last row that was run: the end, or the row that closed a page.
    ///
    /// # Errors
    /// Fails if the user's closure fails, or if memory for a page is refused.
    fn run(&mut self, input: &Input<'_>, from: usize, out: &mut RowWriter) -> Result<usize>;
}

/// A condition on records: a filter.
pub trait Predicate: Send {
    /// Keeps the rows for which the condition holds.
    ///
    /// # Errors
    /// Fails if the user's closure fails.
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()>;
}

/// The closure of a join: it reads pairs of rows and emits rows.
pub trait JoinKernel: Send {
    /// Runs over pairs, from a position. Returns the position after the last pair that was run: the
    /// end, or the pair that closed a page.
    ///
    /// # Errors
    /// Fails if the user's closure fails, or if memory for a page is refused.
    fn run(&mut self, pairs: &RowPairs<'_>, from: usize, out: &mut RowWriter) -> Result<usize>;
}

/// Opens kernels of one kind, one per task.
pub trait Factory<K: ?Sized>: Send + Sync {
    /// Opens the kernel of one task.
    ///
    /// # Errors
    /// Fails if the user's set-up fails.
    fn open(&self, context: &TaskContext) -> Result<Box<K>>;

    /// Returns `true` if calls of its kernels have effects other than their results, such as
    /// counting, or if they keep state. Such a kernel runs at its place in the program, once for
    /// each row.
    fn has_effects(&self) -> bool {
        false
    }

    /// Returns `true` if its kernels may hold captured values, such as a counter or a channel.
    fn captures(&self) -> bool {
        true
    }

    /// Returns `true` if the result for a row depends on earlier rows. After a total order such a
    /// kernel runs in one task, which receives all rows.
    fn keeps_state(&self) -> bool {
        false
    }
}

/// Opens kernels that [keep state](Factory::keeps_state).
pub struct KeepsState<F> {
    /// Opens a kernel.
    pub open: F,
    /// Whether its kernels also [have effects](Factory::has_effects).
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
