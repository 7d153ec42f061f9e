//! Factories of drivers.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{TaskContext, opened_in};
use crate::row::{OrderKey, RowLayout};
use crate::strategy::{Driver, DriverProperties, PortSet};

/// Makes the driver of a task.
type Create = dyn Fn(&TaskContext) -> Result<Box<dyn Driver>> + Send + Sync;

/// The effect of a recovery on the state of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The driver has no state. It emits the rows before a barrier before the barrier, or never
    /// needs them again.
    Stateless,
    /// Snapshots hold it: a few bytes of
    /// [`Snapshotted::states`](crate::strategy::Snapshotted::states), or the names of prepared
    /// outputs.
    Restored,
    /// Snapshots hold its tables. Their [images](crate::strategy::DriverState::next_image) are
    /// written and read through buffers.
    RestoredByImages,
    /// The state is lost. A job with snapshots rejects such a driver.
    Lost,
}

/// The order of the rows that a driver emits in one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// The order is unknown: the driver groups rows by a hash, for example, or spills some of them.
    Lost,
    /// The order of the streamed input, as far as the order's leaves are copied.
    Kept,
    /// This order, by leaves of the streamed input, as far as they are copied.
    Of(Arc<[OrderKey]>),
}

/// Makes the drivers of a step, with the facts that planner and executor need before a driver
/// exists.
pub struct DriverFactory {
    /// The name in EXPLAIN: `hash join, build right`.
    pub name: String,
    /// The layout of output rows in pages. `None` if the driver only passes rows on.
    pub layout: Option<Arc<RowLayout>>,
    /// Whether all rows of a task come before those of the next task in the rows' order.
    pub orders_tasks: bool,
    /// The order of the rows of a task.
    pub order: RowOrder,
    /// Bytes that one task always holds and cannot spill, such as the buffers of a file writer.
    pub pinned_bytes: usize,
    /// Minimum memory of one task in bytes, if it spills rows beyond that. A driver that does not
    /// spill holds no rows, or holds all of them in memory.
    pub minimum_bytes: Option<usize>,
    /// Whether a task may end before its input does, if no later step needs its rows. Its rows are
    /// then its only effect. Other tasks wait for it only while its driver [reports
    /// that](crate::strategy::Demand::is_awaited).
    pub may_stop: bool,
    /// The effect of a recovery on the state of its drivers.
    pub recovery: Recovery,
    /// Facts about its drivers that never change.
    pub properties: DriverProperties,
    /// For a join: the ports whose rows need a partner at the other port.
    pub filtered: Vec<FilteredPort>,
    create: Box<Create>,
}

/// A port of a join whose rows are dropped before they are sent if they have no partner. The
/// drivers publish the keys of the other port ([`TaskContext::runtime_filters`]).
#[derive(Clone, Debug)]
pub struct FilteredPort {
    /// The port.
    pub port: usize,
    /// The leaves of its rows' key.
    pub key: Arc<[usize]>,
    /// The maximum rows per task if the plan builds a table of this port's rows. The keys of the
    /// other port are then published only if the join reverses its roles.
    pub reversed: Option<usize>,
}

impl DriverFactory {
    /// A factory of drivers that only pass rows on. The methods below add facts. `create` makes the
    /// driver of a task.
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
            properties: DriverProperties::default(),
            filtered: Vec::new(),
            create: Box::new(move |context| Ok(Box::new(create(context)?))),
        }
    }

    /// The drivers write rows with this layout.
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

    /// See [`DriverFactory::recovery`]. The default is [`Recovery::Lost`].
    #[must_use]
    pub fn recovering(self, recovery: Recovery) -> Self {
        DriverFactory { recovery, ..self }
    }

    /// See [`DriverFactory::properties`].
    #[must_use]
    pub fn with_properties(self, properties: DriverProperties) -> Self {
        DriverFactory { properties, ..self }
    }

    /// The drivers [wait for the end](DriverProperties::waits_for_end) of all ports.
    #[must_use]
    pub fn waiting_for_end(mut self) -> Self {
        self.properties.waits_for_end = PortSet::ALL;
        self
    }

    /// See [`DriverFactory::filtered`].
    #[must_use]
    pub fn filtering(self, filtered: Vec<FilteredPort>) -> Self {
        DriverFactory { filtered, ..self }
    }

    /// Creates the driver of one task. Its kernels are opened for the task's run.
    ///
    /// # Errors
    /// Fails if the set-up of a kernel fails, or if memory is refused.
    pub fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        opened_in(context.run.as_ref(), || (self.create)(context))
    }
}
