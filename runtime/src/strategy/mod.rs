//! How an operator may run: the vocabulary between operators, the optimizer and the executor.
//!
//! An operator answers a [`Planning`] with [`Strategy`]s; the optimizer picks one by cost; the executor creates the
//! strategy's [`Driver`] once per task. None of the three names a concrete operator.
//!
//! # Shapes that these traits must carry
//! * *An external sort*: `on_batch` keeps rows, `revoke` writes a sorted run, `on_round_end` merges and answers `OutputFull`
//!   whenever its output is full, `Pending` while a run is read.
//! * *A delta iteration*: the solution set is a driver whose first port is [`Feed::Once`] and whose workset port is
//!   [`Feed::EveryRound`]; `on_round_end` is the end of a superstep.
//! * *A windowed count*: `on_batch` counts per key and slice, `on_watermark` fires windows, again by `OutputFull`; `on_barrier` marks pages.
//!
//! **Who has enough says so.** `first` is satisfied (`Driver::is_satisfied`) where no further row would change anything: the steps before it and
//! their source stop, it closes its inbox, and a task whose exits are all closed stops in turn. Only what says that it may
//! (`DriverFactory::may_stop`) does: a closure that counts, rows that are persisted, files that are written, and tasks that meet others go on to
//! their end, and what they send is dropped. A join that builds a table together with other tasks may stop once that is there (`Driver::may_stop`).

mod factory;
mod loops;
mod properties;
mod shapes;
mod windows;
mod work;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::kernel::{Outputs, PredicateFactory};
use crate::page::Input;
use crate::row::{LeafSet, OrderKey};
use crate::source::{Bound, Source};
use crate::value::Timestamp;

pub use factory::{DriverFactory, FilteredPort, Recovery, RowOrder};
pub use loops::LoopId;
pub(crate) use properties::renumbered;
pub use properties::{Placement, Properties};
pub use shapes::Grouping;
pub(crate) use windows::{Opened, PageWindows};
pub use work::Work;

/// How rows get from one task to the tasks of the next operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ship {
    /// To the same task, without a channel where the plan allows.
    Forward,
    /// To the task that the hash of these leaves says.
    Hash(Vec<usize>),
    /// To every task.
    Broadcast,
    /// To the one task there is.
    Gather,
    /// To one task after the other, row by row.
    Rebalance,
    /// To the task whose number this leaf holds, a `u64`, modulo the number of tasks.
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

/// How much an operator is expected to give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Records.
    pub rows: f64,
    /// Bytes of one record's live leaves.
    pub row_bytes: f64,
    /// Of a grouping that counts distinct values: those of all groups together, as many rows as a combiner makes of all records.
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

/// What an operator is told when it is asked for strategies.
pub struct Planning<'p> {
    /// How each input is expected to be.
    pub inputs: &'p [Estimate],
    /// The leaves of each input that are alive.
    pub live_inputs: &'p [LeafSet],
    /// The leaves of the output that somebody reads.
    pub live: &'p LeafSet,
    /// How the rows of each input lie.
    pub properties: &'p [&'p Properties],
    /// How its output is expected to be.
    pub output: Estimate,
    /// Of each input, whether its rows are the same in each round of the loop that the operator is in: they come from outside of it.
    pub constant: &'p [bool],
    /// How often the operator is expected to run: the rounds of the loop around it.
    pub rounds: f64,
    /// Parallel tasks that the job may use.
    pub tasks: usize,
    /// The memory budget.
    pub memory_bytes: usize,
    /// Whether a task may fold what it has before it ships it.
    pub combines: bool,
}

/// What happens to one input on its way.
#[derive(Clone)]
pub struct Way {
    /// A driver on the sending side, such as a combiner.
    pub before: Option<Arc<DriverFactory>>,
    /// What that does.
    pub work: Work,
    /// How rows are shipped.
    pub ship: Ship,
    /// Where rows are shipped by the hash of a key that the driver on the sending side has moved to other leaves: those of the input.
    pub key: Option<Arc<[usize]>>,
    /// How many rows are shipped in a round, where it is not as many as come.
    pub shipped_rows: Option<f64>,
    /// What the driver puts these rows in order by: where they come so, it does less.
    pub sorts_by: Arc<[OrderKey]>,
}

impl Way {
    /// Rows are shipped as they are.
    #[must_use]
    pub fn ship(ship: Ship) -> Self {
        Way { before: None, work: Work::default(), ship, key: None, shipped_rows: None, sorts_by: Arc::default() }
    }

    /// Rows are shipped as they are, to a driver that puts them in order.
    #[must_use]
    pub fn sorted_by(ship: Ship, order: &[OrderKey]) -> Self {
        Way { sorts_by: order.into(), ..Way::ship(ship) }
    }

    /// Rows go through a driver, and what this gives is shipped.
    #[must_use]
    pub fn through(before: DriverFactory, work: Work, ship: Ship) -> Self {
        Way { before: Some(Arc::new(before)), work, ..Way::ship(ship) }
    }
}

/// One way to run an operator.
#[derive(Clone)]
pub struct Strategy {
    /// What happens to each input.
    pub ways: Vec<Way>,
    /// What runs.
    pub driver: Arc<DriverFactory>,
    /// How many tasks run it.
    pub tasks: usize,
    /// The input that flows through without a channel where it is forwarded; the others come by channels.
    pub streamed: usize,
    /// The input of which the driver keeps over the rounds of a loop what it makes of it, so that it is to be given [once](Feed::Once).
    pub kept: Option<usize>,
    /// What its drivers do in a round, but for those on the sending side.
    pub work: Work,
}

/// The output of a driver by which rows leave that it sets aside.
pub const SIDE_OUTPUT: usize = 1;

/// What drops rows, in place.
#[derive(Clone)]
pub struct RowFilter {
    /// Opens what says which rows stay.
    pub predicate: PredicateFactory,
    /// What all rows that stay fulfil, for source statistics.
    pub bounds: Vec<Bound>,
    /// The leaves that it reads.
    pub reads: LeafSet,
    /// Whether it may be asked once for all rows with the same values of these leaves, and of values that no row has: it has an answer for
    /// each, and does nothing else.
    pub is_of_values: bool,
}

/// What an operator is to the executor.
pub enum Role {
    /// Reads splits.
    Source(Arc<dyn Source>),
    /// Drops rows, in place.
    Filter(RowFilter),
    /// The same rows with other leaves: leaf `i` is leaf `[i]` of the input.
    Project(Vec<usize>),
    /// The same rows with other leaves, as [`Role::Project`]; the source, which stands before it, says how far event time is.
    EventTime(Vec<usize>, EventTimeOf),
    /// The same rows with one more leaf, of this number: the begin of the window of their event time.
    WindowStart(TumblingWindows, usize),
    /// Has strategies, and sets some of its rows aside, which leave by its driver's [`SIDE_OUTPUT`]. Where nobody reads that, rows go past it.
    SetsAside,
    /// The rows that its input sets aside.
    SideOutput,
    /// All inputs' rows, as they are.
    Union,
    /// Has strategies.
    Drive,
    /// Has strategies, and begins a loop: its driver's second port takes what comes back, its second output gives what the loop comes to.
    LoopBegin(LoopId),
    /// Has strategies, and is the solution set of a delta iteration, joined with its first input; the second is what the set is at first. What changes it comes
    /// at the driver's port behind these, and its second output gives the set when the loop has ended. The leaves are its key: it has one
    /// row of each.
    SolutionSet(LoopId, Vec<usize>),
    /// Ends a loop of at most so many rounds. Its first input's rows go back to the beginning, whose second output is then its own. Where it has two, it ends a
    /// delta iteration: the second input's rows change the solution set, whose second output is then its own, and rounds end where no row goes back.
    LoopEnd(LoopId, u32),
    /// Has strategies, and gives its rows in each round of a loop, whose beginning says by the driver's second port when.
    Replay(LoopId),
}

/// Where event time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTimeOf {
    /// The leaf that holds it, in microseconds since 1970.
    pub leaf: usize,
    /// How far a record may be behind those that were read before it.
    pub lateness_micros: i64,
}

/// Windows of one length that follow each other without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TumblingWindows {
    /// The leaf that holds event time.
    pub time: usize,
    /// How long each is.
    pub micros: i64,
}

impl TumblingWindows {
    /// The begin of the window of a time. Meaningless for a time that has [none](TumblingWindows::check).
    #[must_use]
    #[inline(always)]
    pub fn start_of(self, time: i64) -> i64 {
        time.wrapping_sub(time.rem_euclid(self.micros.max(1)))
    }

    /// Checks that the window of a time begins and ends at times that can be represented.
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

    /// Whether the window of a time may be one that [`TumblingWindows::check`] refuses.
    #[inline(always)]
    pub(crate) fn is_near_end(self, time: i64) -> bool {
        // The distance to either end of `i64` is less than the length of a window.
        time < i64::MIN.saturating_add(self.micros) || time > i64::MAX.saturating_sub(self.micros)
    }
}

/// What a driver's callback answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Finished.
    Done,
    /// Output is full, or a time slice is over: call again with the same cursor.
    OutputFull,
    /// Something outside is on its way, and will wake the task: then call again with the same cursor.
    Pending,
}

/// Goes on where a step is `Done`, and else returns what it has answered: as [`std::task::ready`].
macro_rules! ready {
    ($step:expr) => {
        match $step {
            $crate::strategy::Progress::Done => {}
            progress => return Ok(progress),
        }
    };
}
pub(crate) use ready;

/// Where a callback stands between two calls; zero at the first.
pub type Cursor = usize;

/// The end of a round: of a superstep, or of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Which round, from 1.
    pub number: u32,
}

/// How often a port is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Once; what was made of it is kept over rounds.
    Once,
    /// Anew in each round.
    EveryRound,
}

/// State of a driver that snapshots hold.
///
/// [`Driver::on_barrier`] marks it, and the driver goes on; its bytes as they were are then taken piece by piece, and written by others. A job that goes on from a snapshot
/// gives it the bytes of all former tasks, one file after the other, before the first row.
pub trait DriverState {
    /// Appends the next piece of what was marked to `out`: then `OutputFull`. `Done` where there was no more; `Pending` where some is on its way from disk.
    ///
    /// # Errors
    /// Where the disk does not give what was spilled.
    fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress>;

    /// The bytes of a former task will follow, those of this file.
    fn begin_restore(&mut self, path: &Path);

    /// How many bytes it wants next of the file; none behind its end.
    fn wanted_bytes(&self) -> usize;

    /// Takes the bytes that it [wants](DriverState::wanted_bytes); fewer are the end of the file, where none are wanted there have to be none.
    ///
    /// # Errors
    /// What is wrong with them, with the file and the place in it.
    fn supply(&mut self, bytes: &[u8]) -> Result<()>;

    /// Puts what was supplied where it belongs: `Done` where the next bytes may come. Else it is to be called again, at once or, where it is `Pending`, when the task is
    /// woken.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn place(&mut self) -> Result<Progress>;
}

/// An operator's running state in one task. Defaults make a stateless driver one method.
pub trait Driver: Send {
    /// Whether a port may deliver now: a hash join wants its build side first.
    fn wants(&self, port: usize) -> bool {
        let _ = port;
        true
    }

    /// Whether the port that is streamed comes before the others, where rows of several are wanted: the others are heard where it has nothing.
    fn streams_first(&self) -> bool {
        false
    }

    /// Whether more rows would change nothing, at any port. Those before it then stop, as far as they [may](DriverFactory::may_stop).
    fn is_satisfied(&self) -> bool {
        false
    }

    /// Whether it may be stopped now, where [it may at all](DriverFactory::may_stop): not as long as other tasks wait for what it will say.
    fn may_stop(&self) -> bool {
        true
    }

    /// How often a port is fed.
    fn feed(&self, port: usize) -> Feed {
        let _ = port;
        Feed::EveryRound
    }

    /// Whether it goes on behind the end of a round by itself: it has no state, or is as new but for what it keeps. Else another is made for each round.
    fn survives_rounds(&self) -> bool {
        false
    }

    /// Whether it says itself where the rounds of its outputs end, and that nothing follows. Else what its inputs say of that is passed on.
    fn makes_rounds(&self) -> bool {
        false
    }

    /// Whether rows at a port give no output by themselves, and are to be taken even while the outputs are full: those that come back to where a loop
    /// begins, which else would wait for itself.
    fn absorbs(&self, port: usize) -> bool {
        let _ = port;
        false
    }

    /// Rows at a port.
    ///
    /// # Errors
    /// What kernels give, or refused memory.
    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress>;

    /// The end of a round at a port; it has come through all of the port's channels.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_round_end(&mut self, port: usize, round: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let _ = (port, round, cursor, out);
        Ok(Progress::Done)
    }

    /// Nothing follows at a port.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_end(&mut self, port: usize, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let _ = (port, cursor, out);
        Ok(Progress::Done)
    }

    /// No event before this time follows, on any port.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_watermark(&mut self, micros: i64, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let _ = (micros, cursor, out);
        Ok(Progress::Done)
    }

    /// Everything before this barrier has arrived: state as it is now belongs to the snapshot.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_barrier(&mut self, epoch: u64, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let _ = (epoch, cursor, out);
        Ok(Progress::Done)
    }

    /// Its state, where snapshots hold it.
    fn state(&mut self) -> Option<&mut dyn DriverState> {
        None
    }

    /// Everything is restored that snapshots hold of it; rows follow.
    fn on_restored(&mut self) {}

    /// Names of what it has written for good since the last barrier, and nobody sees yet: they become part of the result when the snapshot is whole
    /// that the last barrier, or the end of its input, belongs to. Asked once behind each.
    fn prepared(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Nothing more comes for now, of an input that does not end: what is kept back only to be given on with more of it is given on. Called whenever the task has
    /// nothing to do, between two other calls that were `Done`. Where it answers `OutputFull` it is called again at once, unless there is something else to do by then.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_lull(&mut self, out: &mut Outputs) -> Result<Progress> {
        let _ = out;
        Ok(Progress::Done)
    }

    /// Another operator needs memory: gives about this many bytes back, or begins to, where that is more than it works with at least. Called
    /// between two other calls, also while one of them is to be called again.
    ///
    /// # Errors
    /// Where spilling fails.
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        let _ = bytes;
        Ok(())
    }

    /// Goes on with what [`Driver::revoke`] began, so that memory comes back also where no rows do. Called as that is, until it answers `Done`;
    /// other calls, which may go on with it by themselves, come in between.
    ///
    /// # Errors
    /// Where spilling fails.
    fn settle(&mut self) -> Result<Progress> {
        Ok(Progress::Done)
    }
}
