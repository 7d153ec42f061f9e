//! The running half of an operator.

use std::path::Path;

use crate::error::Result;
use crate::kernel::Outputs;
use crate::output::Transaction;
use crate::page::Input;

/// A set of ports, by their numbers. Numbers are less than 32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortSet(u32);

impl PortSet {
    /// No port.
    pub const NONE: PortSet = PortSet(0);
    /// All ports.
    pub const ALL: PortSet = PortSet(u32::MAX);

    /// One port.
    #[must_use]
    pub const fn of(port: usize) -> Self {
        PortSet(1 << port)
    }

    /// All ports but one.
    #[must_use]
    pub const fn all_but(port: usize) -> Self {
        PortSet(!PortSet::of(port).0)
    }

    /// Returns `true` if the set contains a port.
    #[must_use]
    pub const fn contains(self, port: usize) -> bool {
        self.0 & PortSet::of(port).0 != 0
    }

    /// The ports among the first `count` for which `condition` returns `true`.
    #[must_use]
    pub fn of_first(count: usize, condition: impl Fn(usize) -> bool) -> Self {
        (0..count).filter(|&port| condition(port)).fold(PortSet::NONE, PortSet::with)
    }

    /// The same set with one more port.
    #[must_use]
    pub const fn with(self, port: usize) -> Self {
        PortSet(self.0 | PortSet::of(port).0)
    }
}

/// Facts about a driver that never change. Its factory holds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriverProperties {
    /// Ports whose rows arrive once. The driver keeps the state that it built of them over all
    /// rounds. Other ports receive their rows again in each round.
    pub fed_once: PortSet,
    /// Ports whose rows produce no output. The driver accepts them even while its outputs are full:
    /// a loop would otherwise deadlock.
    pub buffers: PortSet,
    /// Ports whose rows have no effect on the output before their end. No endless flow may arrive
    /// there. Joins are an exception: a join of two streams emits its pairs when both end.
    pub waits_for_end: PortSet,
    /// Whether the driver continues after the end of a round. Otherwise each round gets a new one.
    pub keeps_state_across_rounds: bool,
    /// Whether the driver itself emits the ends of its outputs and of their rounds. Otherwise the
    /// executor forwards the ends of its inputs.
    pub drives_rounds: bool,
}

/// The rows that a driver accepts at the moment, and whether its task may be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Ports whose rows it accepts. A hash join accepts its build side first.
    pub ports: PortSet,
    /// Whether rows of other ports are read only while the streamed port has none.
    pub prefers_stream: bool,
    /// Whether more rows would not change the result, at any port. The steps before it then stop,
    /// as far as their [factories](crate::strategy::DriverFactory::may_stop) allow.
    pub is_satisfied: bool,
    /// Whether other tasks wait for a message of this task, so that it must not be stopped now.
    pub is_awaited: bool,
}

impl Demand {
    /// Rows of all ports.
    pub const ALL: Demand =
        Demand { ports: PortSet::ALL, prefers_stream: false, is_satisfied: false, is_awaited: false };

    /// Rows of some ports.
    #[must_use]
    pub const fn of(ports: PortSet) -> Self {
        Demand { ports, ..Demand::ALL }
    }
}

/// The result of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Finished.
    Done,
    /// Not finished: the output is full, or a time slice is over. Call again with the same cursor.
    Yield,
    /// Waits for something outside of the task, which wakes the task. Then call again with the same
    /// cursor.
    Pending,
}

/// A [`Progress`] whose result is a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressOf<T> {
    /// Finished, with this value.
    Done(T),
    /// As [`Progress::Yield`].
    Yield,
    /// As [`Progress::Pending`].
    Pending,
}

impl<T> ProgressOf<T> {
    /// The same progress with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> ProgressOf<U> {
        match self {
            ProgressOf::Done(value) => ProgressOf::Done(change(value)),
            ProgressOf::Yield => ProgressOf::Yield,
            ProgressOf::Pending => ProgressOf::Pending,
        }
    }
}

impl<T> From<Option<T>> for ProgressOf<T> {
    /// No value is `Pending`.
    fn from(value: Option<T>) -> Self {
        value.map_or(ProgressOf::Pending, ProgressOf::Done)
    }
}

/// Continues after a step that is `Done`. Otherwise returns its progress from the function, as
/// [`std::task::ready`] does.
macro_rules! ready {
    ($step:expr) => {
        match $step {
            $crate::strategy::Progress::Done => {}
            progress => return Ok(progress),
        }
    };
}
pub(crate) use ready;

/// The position of a callback between two calls. It is 0 at the first call.
pub type Cursor = usize;

/// The end of a round: of a superstep, or of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The number of the round, from 1.
    pub number: u32,
}

/// The running half of an operator: its state in one task. The defaults make a driver without state
/// one method, [`on_batch`](Driver::on_batch).
///
/// # Calls
/// One thread at a time calls a driver, and a callback never blocks. The rows of a port arrive in
/// order, then [`on_round_end`](Driver::on_round_end) once per round, then
/// [`on_end`](Driver::on_end). A barrier arrives after all ports have received it. A watermark is
/// the minimum over the ports. [`Revocable::revoke`] may come between any two calls, also before a
/// callback is called again.
///
/// # Progress
/// After `Yield` the executor calls again with the same cursor. After `Pending` it first waits
/// until the task is woken.
///
/// # State
/// In a loop each round gets a new driver, unless
/// [`keeps_state_across_rounds`](DriverProperties::keeps_state_across_rounds) is set. Snapshots
/// hold what [`snapshotted`](Driver::snapshotted) returns.
///
/// # Errors
/// An error ends the job. The executor adds the operator and its line in the user's program.
pub trait Driver: Send {
    /// The rows that it accepts at the moment, and whether it may be stopped.
    fn demand(&self) -> Demand {
        Demand::ALL
    }

    /// Processes rows of a port.
    ///
    /// # Errors
    /// Fails if a kernel fails, or if memory is refused.
    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress>;

    /// Processes the end of a round at a port. All of the port's channels have sent it.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_round_end(&mut self, port: usize, round: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let _ = (port, round, cursor, out);
        Ok(Progress::Done)
    }

    /// Processes the end of the input at a port.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_end(&mut self, port: usize, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let _ = (port, cursor, out);
        Ok(Progress::Done)
    }

    /// Processes a watermark: no event before this time follows, at any port.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_watermark(&mut self, micros: i64, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let _ = (micros, cursor, out);
        Ok(Progress::Done)
    }

    /// Processes a barrier: all rows before it have arrived. The state at this moment belongs to
    /// the snapshot.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_barrier(&mut self, epoch: u64, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let _ = (epoch, cursor, out);
        Ok(Progress::Done)
    }

    /// Called when the task is idle. Emits rows that are held back for batching. After `Yield` it
    /// is called again, unless other work has arrived.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn on_idle(&mut self, out: &mut Outputs) -> Result<Progress> {
        let _ = out;
        Ok(Progress::Done)
    }

    /// The driver's part in snapshots. `None` if it has no state and no outputs to commit.
    fn snapshotted(&mut self) -> Option<&mut dyn Snapshotted> {
        None
    }

    /// The driver's memory that can be revoked for other operators. `None` if it has none.
    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        None
    }
}

/// The part of a driver in snapshots: its state, and outputs that are not visible yet.
pub trait Snapshotted {
    /// The states of the driver. Each has a name that is unique in the operator and does not change
    /// when the program changes.
    fn states(&mut self) -> Vec<(&'static str, &mut dyn DriverState)> {
        Vec::new()
    }

    /// Called when all files of all states are restored, before the first row.
    fn on_restored(&mut self) {}

    /// Returns the transactions of outputs that it has written since the last barrier. They become
    /// visible when the snapshot is complete. Called once after each barrier, and at the end.
    fn prepared(&mut self) -> Vec<Transaction> {
        Vec::new()
    }
}

/// Memory of a driver that can be revoked for other operators.
pub trait Revocable {
    /// Releases about `bytes` bytes, or starts to. Called between two other calls, also if one of
    /// them is to be repeated.
    ///
    /// # Errors
    /// Fails if rows cannot be spilled.
    fn revoke(&mut self, bytes: usize) -> Result<()>;

    /// Continues to release memory after [`Revocable::revoke`], also while no rows arrive. Called
    /// until it returns `Done`. Other calls may come in between, and may continue it too.
    ///
    /// # Errors
    /// Fails if rows cannot be spilled.
    fn continue_revoking(&mut self) -> Result<Progress> {
        Ok(Progress::Done)
    }
}

/// A state of a driver in snapshots: a table.
///
/// [`Driver::on_barrier`] marks the state, and the driver continues. The marked bytes are then read
/// piece by piece, and written by other threads. A job that resumes from a snapshot supplies the
/// files of all former tasks, one after the other, before the first row.
pub trait DriverState {
    /// Appends the next piece of the marked state to `out` and returns `Yield`. Returns `Done` if
    /// no piece is left, and `Pending` while one is read from disk.
    ///
    /// # Errors
    /// Fails if spilled rows cannot be read.
    fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress>;

    /// Starts to restore the file of a former task.
    fn begin_restore(&mut self, path: &Path);

    /// The number of bytes of the file that it needs next. 0 after the end of the file.
    fn wanted_bytes(&self) -> usize;

    /// Reads the [wanted bytes](DriverState::wanted_bytes). Fewer bytes mean that the file has
    /// ended.
    ///
    /// # Errors
    /// Fails if the bytes are damaged. The error has the file and the position in it.
    fn supply(&mut self, bytes: &[u8]) -> Result<()>;

    /// Inserts the supplied rows. `Done` means that the next bytes may be supplied.
    ///
    /// # Errors
    /// As [`Driver::on_batch`].
    fn place(&mut self) -> Result<Progress>;
}
