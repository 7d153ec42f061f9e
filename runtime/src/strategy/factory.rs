//! What makes drivers.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{TaskContext, opened_in};
use crate::row::{OrderKey, RowLayout};
use crate::strategy::Driver;

/// A driver for one task.
type Create = dyn Fn(&TaskContext) -> Result<Box<dyn Driver>> + Send + Sync;

/// What becomes of a driver's state where a job goes on from a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It has none: what came before a barrier was given on, or is in no rows that follow.
    Stateless,
    /// Snapshots hold it: some bytes of [`Driver::state`], and the names of what [`Driver::prepared`] says to be outside of the process.
    Restored,
    /// Snapshots hold its tables, whose [images](crate::strategy::DriverState::next_image) are written and read back through buffers.
    RestoredByImages,
    /// It is lost: such a driver is refused where snapshots are taken.
    Lost,
}

/// In which order the rows of a task leave a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// In none that is known: it groups them by a hash, say, or may have some of them on disk.
    Lost,
    /// In that in which they have come, by the input that is streamed, as far as their leaves are copied.
    Kept,
    /// In this one, by leaves of the input that is streamed, as far as they are copied.
    Of(Arc<[OrderKey]>),
}

/// Makes the drivers of a step, and says what planner and executor have to know of them beforehand.
pub struct DriverFactory {
    /// For EXPLAIN: `hash join, build right`.
    pub name: String,
    /// How output rows lie in pages. `None` where the driver only lets rows pass.
    pub layout: Option<Arc<RowLayout>>,
    /// Whether the rows of its tasks are in one order, task by task. Who brings them together takes them so.
    pub orders_tasks: bool,
    /// In which order the rows of a task leave it.
    pub order: RowOrder,
    /// Memory that one task of it holds whatever comes, and cannot spill: buffers of a file that is written, say.
    pub pinned_bytes: usize,
    /// The least memory that one task of it works with, where it spills what it keeps beyond that. What does not spill keeps nothing, or
    /// all that it keeps for good.
    pub minimum_bytes: Option<usize>,
    /// Whether a task of it may end before its input does, where nobody wants its rows any more: nothing that it does is seen but by these, and no other
    /// task waits for what it says, or only as long as [its driver](Driver::may_stop) says so.
    pub may_stop: bool,
    /// What becomes of their state where a job goes on from a snapshot.
    pub recovery: Recovery,
    /// For a join: the ports whose rows give nothing where they have no partner at the other.
    pub filtered: Vec<FilteredPort>,
    create: Box<Create>,
}

/// A port of a join whose rows need not be sent where they have no partner. The drivers say which keys have one ([`TaskContext::runtime_filters`]).
#[derive(Clone, Debug)]
pub struct FilteredPort {
    /// The port.
    pub port: usize,
    /// The leaves of its rows' key.
    pub key: Arc<[usize]>,
    /// Where the plan has its rows built, so that something is said of keys only if the roles are reversed: of how many rows in each task at most.
    pub reversed: Option<usize>,
}

impl DriverFactory {
    /// Drivers that only let rows pass, until one of the methods below says more of them. `create` makes one for each task.
    pub fn new<D: Driver + 'static>(
        name: impl Into<String>,
        create: impl Fn(&TaskContext) -> Result<D> + Send + Sync + 'static,
    ) -> Self {
        DriverFactory {
            name: name.into(),
            layout: None,
            orders_tasks: false,
            order: RowOrder::Lost,
            pinned_bytes: 0,
            minimum_bytes: None,
            may_stop: false,
            recovery: Recovery::Lost,
            filtered: Vec::new(),
            create: Box::new(move |context| Ok(Box::new(create(context)?))),
        }
    }

    /// The drivers write rows that lie like this.
    #[must_use]
    pub fn emitting(self, layout: Arc<RowLayout>) -> Self {
        DriverFactory { layout: Some(layout), ..self }
    }

    /// See [`DriverFactory::orders_tasks`].
    #[must_use]
    pub fn ordering_tasks(self) -> Self {
        DriverFactory { orders_tasks: true, ..self }
    }

    /// See [`DriverFactory::order`].
    #[must_use]
    pub fn in_order(self, order: RowOrder) -> Self {
        DriverFactory { order, ..self }
    }

    /// See [`DriverFactory::pinned_bytes`].
    #[must_use]
    pub fn pinning(self, bytes: usize) -> Self {
        DriverFactory { pinned_bytes: bytes, ..self }
    }

    /// See [`DriverFactory::minimum_bytes`].
    #[must_use]
    pub fn spilling_beyond(self, bytes: usize) -> Self {
        DriverFactory { minimum_bytes: Some(bytes), ..self }
    }

    /// See [`DriverFactory::may_stop`].
    #[must_use]
    pub fn stopping_early(self, may_stop: bool) -> Self {
        DriverFactory { may_stop, ..self }
    }

    /// See [`DriverFactory::recovery`]. Unless it is said, state is lost.
    #[must_use]
    pub fn recovering(self, recovery: Recovery) -> Self {
        DriverFactory { recovery, ..self }
    }

    /// See [`DriverFactory::filtered`].
    #[must_use]
    pub fn filtering(self, filtered: Vec<FilteredPort>) -> Self {
        DriverFactory { filtered, ..self }
    }

    /// A driver for one task. Its kernels are opened for the run of the task.
    ///
    /// # Errors
    /// Where its kernel's set-up fails, or memory is refused.
    pub fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        opened_in(context.run.as_ref(), || (self.create)(context))
    }
}
