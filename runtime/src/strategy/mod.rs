//! How an operator may run: the types between operators, the optimizer and the executor.
//!
//! An operator returns [`Strategy`]s for a [`Planning`]; the optimizer picks one by cost; the
//! executor creates the strategy's [`Driver`] once per task. None of the three names a concrete
//! operator.
//!
//! # Operators that these traits must support
//! * *An external sort*: `on_batch` keeps rows, `revoke` writes a sorted run, `on_round_end`
//!   merges. It returns `Yield` whenever its output is full, and `Pending` while a run is read.
//! * *A delta iteration*: the solution set is a driver whose initial rows arrive at a port that is
//!   [fed once](DriverProperties::fed_once), and whose workset arrives in each round.
//!   `on_round_end` is the end of a superstep.
//! * *A windowed count*: `on_batch` counts per key and slice, `on_watermark` emits windows, again
//!   with `Yield`; `on_barrier` marks pages.
//!
//! # Ending early
//! `first` is satisfied ([`Demand::is_satisfied`]) after its last row. The steps before it and
//! their source then stop, it closes its inbox, and a task whose outputs are all closed stops in
//! turn. Only drivers whose factory sets `may_stop` do so. Closures that count, persisted rows,
//! files and exchanges with other tasks run to their end, and what they send is dropped. A join
//! that builds a table together with other tasks may stop once that table is complete
//! ([`Demand::is_awaited`]).

mod driver;
mod factory;
mod loop_id;
mod properties;
mod shapes;
mod windows;
mod work;

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::kernel::PredicateFactory;
use crate::row::{LeafSet, OrderKey};
use crate::source::{Bound, Source};
use crate::value::Timestamp;

pub(crate) use driver::ready;
pub use driver::{
    Cursor, Demand, Driver, DriverProperties, DriverState, PortSet, Progress, ProgressOf, Revocable, Round, Snapshotted,
};
pub use factory::{DriverFactory, FilteredPort, Recovery, RowOrder};
pub use loop_id::LoopId;
pub(crate) use properties::renumbered;
pub use properties::{Placement, Properties};
pub use shapes::Grouping;
pub(crate) use windows::{Opened, PageWindows};
pub use work::Work;

/// The exchange that sends rows from a task to the tasks of the next operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ship {
    /// To the same task, if possible without a channel.
    Forward,
    /// To the task that the hash of these leaves selects.
    Hash(Vec<usize>),
    /// To every task.
    Broadcast,
    /// To the only task.
    Gather,
    /// To the tasks in turn, row by row.
    Rebalance,
    /// To the task whose number is this leaf, a `u64`, modulo the number of tasks.
    Number(usize),
}

impl std::fmt::Display for Ship {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Ship::Forward => "forward",
            Ship::Hash(_) => "hash",
            Ship::Broadcast => "broadcast",
            Ship::Gather => "gather",
            Ship::Rebalance => "rebalance",
            Ship::Number(_) => "by number",
        })
    }
}

/// The estimated output of an operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Records.
    pub rows: f64,
    /// Bytes of one record's live leaves.
    pub row_bytes: f64,
    /// For a grouping that counts distinct values: their number over all groups. A combiner emits
    /// as many rows for all records.
    pub counted_values: f64,
}

impl Estimate {
    /// Nothing.
    pub(crate) const NOTHING: Estimate = Estimate { rows: 0.0, row_bytes: 0.0, counted_values: 0.0 };

    /// Bytes of all records.
    #[must_use]
    pub fn bytes(&self) -> f64 {
        self.rows * self.row_bytes
    }
}

/// The input of [`Operator::strategies`](crate::plan::Operator::strategies).
pub struct Planning<'p> {
    /// The estimate of each input.
    pub inputs: &'p [Estimate],
    /// The leaves of each input that are alive.
    pub live_inputs: &'p [LeafSet],
    /// The leaves of the output that are read.
    pub live: &'p LeafSet,
    /// The placement and order of each input's rows.
    pub properties: &'p [&'p Properties],
    /// The estimate of the output.
    pub output: Estimate,
    /// For each input, whether its rows come from outside of the loop around the operator, and so
    /// are the same in each round.
    pub constant: &'p [bool],
    /// The estimated number of rounds of the loop around the operator. 1 outside of loops.
    pub rounds: f64,
    /// The maximum number of parallel tasks of the job.
    pub tasks: usize,
    /// The memory budget in bytes.
    pub memory_bytes: usize,
    /// Whether tasks may combine rows before they send them.
    pub combines: bool,
}

/// The edge from an input to an operator.
#[derive(Clone)]
pub struct InputEdge {
    /// A driver on the sending side, such as a combiner.
    pub before: Option<Arc<DriverFactory>>,
    /// The work of that driver.
    pub work: Work,
    /// The exchange of the rows.
    pub ship: Ship,
    /// The leaves of the input that are the key of the exchange. Set if the driver on the sending
    /// side moves them to other leaves.
    pub key: Option<Arc<[usize]>>,
    /// The number of rows sent in a round, if it is not the number of input rows.
    pub shipped_rows: Option<f64>,
    /// The order by which the driver sorts these rows. It does less work if they arrive in that
    /// order.
    pub sorts_by: Arc<[OrderKey]>,
    /// The key whose rows the driver needs in one task. The optimizer checks it in the finished
    /// plan.
    pub needs: Option<RequiredKey>,
}

/// A key whose rows a driver needs in one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredKey {
    /// Its leaves in the rows that arrive. Without leaves, one task needs all rows.
    pub leaves: Arc<[usize]>,
    /// Whether the task must be that of the key group, which the hash of these leaves in this order
    /// selects.
    pub in_key_group: bool,
}

impl InputEdge {
    /// Rows are sent as they are.
    #[must_use]
    pub fn ship(ship: Ship) -> Self {
        InputEdge {
            before: None,
            work: Work::default(),
            ship,
            key: None,
            shipped_rows: None,
            sorts_by: Arc::default(),
            needs: None,
        }
    }

    /// Rows are sent as they are, to a driver that sorts them.
    #[must_use]
    pub fn sorted_by(ship: Ship, order: &[OrderKey]) -> Self {
        InputEdge { sorts_by: order.into(), ..InputEdge::ship(ship) }
    }

    /// The driver needs the rows of a key in one task.
    #[must_use]
    pub fn needing(self, key: &[usize]) -> Self {
        InputEdge { needs: Some(RequiredKey { leaves: key.into(), in_key_group: false }), ..self }
    }

    /// The driver needs the rows of a key in the task of their key group.
    #[must_use]
    pub fn needing_key_group(self, key: &[usize]) -> Self {
        InputEdge { needs: Some(RequiredKey { leaves: key.into(), in_key_group: true }), ..self }
    }

    /// Rows go through a driver before they are sent.
    #[must_use]
    pub fn through(before: DriverFactory, work: Work, ship: Ship) -> Self {
        InputEdge { before: Some(Arc::new(before)), work, ..InputEdge::ship(ship) }
    }
}

/// An alternative to run an operator.
#[derive(Clone)]
pub struct Strategy {
    /// The edge of each input.
    pub edges: Vec<InputEdge>,
    /// The driver of each task.
    pub driver: Arc<DriverFactory>,
    /// The number of tasks.
    pub tasks: usize,
    /// The input that needs no channel if it is forwarded. The others arrive by channels.
    pub streamed: usize,
    /// The input that the driver keeps over the rounds of a loop, so that its rows are sent
    /// [once](DriverProperties::fed_once).
    pub kept: Option<usize>,
    /// The work of its drivers in a round, without those on the sending side.
    pub work: Work,
}

/// The output of a driver that emits late rows.
pub const SIDE_OUTPUT: usize = 1;

/// A filter of rows, in place.
#[derive(Clone)]
pub struct RowFilter {
    /// Opens the predicate.
    pub predicate: PredicateFactory,
    /// Bounds that all kept rows are within, for the statistics of sources.
    pub bounds: Vec<Bound>,
    /// The leaves that it reads.
    pub reads: LeafSet,
    /// Whether the predicate depends only on these leaves, has no effect, and has a result for all
    /// values. It may then be called once for all rows with the same values, and for values of no
    /// row.
    pub is_of_values: bool,
}

/// How the executor runs an operator.
pub enum Role {
    /// Reads splits.
    Source(Arc<dyn Source>),
    /// Has no driver: rows stay in their pages.
    InPlace(InPlace),
    /// Has strategies, and a driver in each task.
    Driven,
    /// As `Driven`, and emits no rows.
    Sink,
}

/// Work on rows that stay in their pages.
pub enum InPlace {
    /// Drops rows.
    Filter(RowFilter),
    /// Gives rows other leaves: leaf `i` is leaf `[i]` of the input.
    Project(Vec<usize>),
    /// Projects rows, as `Project`, and sets the event time that the stage's source reports.
    EventTime(Vec<usize>, EventTimeOf),
    /// Adds a leaf, of this number: the start of the window of the row's event time.
    WindowStart(TumblingWindows, usize),
    /// The rows of all inputs.
    Union,
    /// The rows that the input emits at its [`SIDE_OUTPUT`].
    SideOutput,
    /// The rows that a loop's beginning, or its solution set, emits at its second output.
    LoopResult,
}

/// The origin of event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTimeOf {
    /// The leaf that holds it, in microseconds since 1970.
    pub leaf: usize,
    /// The maximum time by which a record may be earlier than a record before it, in microseconds.
    pub lateness_micros: i64,
}

/// Windows of one length, without a gap between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TumblingWindows {
    /// The leaf that holds event time.
    pub time: usize,
    /// The length of a window in microseconds.
    pub micros: i64,
}

impl TumblingWindows {
    /// The start of the window of a time. Meaningless for a time that fails
    /// [`TumblingWindows::check`].
    #[must_use]
    #[inline(always)]
    pub fn start_of(self, time: i64) -> i64 {
        time.wrapping_sub(time.rem_euclid(self.micros.max(1)))
    }

    /// Checks that the start and the end of a time's window are times that a `Timestamp` can hold.
    ///
    /// # Errors
    /// With the time.
    pub fn check(self, time: i64) -> Result<()> {
        let start = time.checked_sub(time.rem_euclid(self.micros.max(1)));
        match start.and_then(|start| start.checked_add(self.micros)) {
            Some(_) => Ok(()),
            None => {
                let (time, length) = (Timestamp::from_micros(time), Duration::from_micros(self.micros.unsigned_abs()));
                let what = format!(
                    "the event time {time} has no window of {length:?}, whose begin or end would be no `Timestamp`: \
                     leave such records out by a `.filter(..)` before `.event_time(..)`"
                );
                Err(Error::Overflow { what })
            }
        }
    }

    /// Whether a time may fail [`TumblingWindows::check`].
    #[inline(always)]
    pub(crate) fn is_near_end(self, time: i64) -> bool {
        // The time is less than one window away from an end of `i64`.
        time < i64::MIN.saturating_add(self.micros) || time > i64::MAX.saturating_sub(self.micros)
    }
}
