//! Keyed state: the solution set of a delta iteration, the states of keys of a stream, its windows.
//!
//! A [`StateTable`] is a [`GroupTable`] that is kept. Its rows are looked up, put, updated, deleted
//! and scanned in batches, and stay in the table. A driver has a [`StateRequest`] for each kind of
//! access, and [`Requests`] that queue its rows. It passes windows of rows to
//! [`StateTable::apply`]. Rows whose key groups are on disk are queued until [`StateTable::serve`]
//! has loaded these groups.
//!
//! ```text
//! apply ──key group in memory──► request runs     Serving   (`serving`)
//!   └─────key group on disk────► queue of its part          (`queues`)
//! serve ──► load key groups ──► run the queue     Loading   (`loading`)
//! scan, drain_if ──► visit rows, delete them      Scan      (`scan`)
//! mark, next_image ──► pages as they were         Marking   (`images`, `marks`)
//!            all work on the rows and their files Residency (`residency`)
//! ```
//!
//! # Uses
//! * **Solution set of a delta iteration.** Rows are records and are never deleted, so the
//!   [`StateSpec`] is not [`deletable`](StateSpec::deletable). The driver applies [`Put`] to the
//!   initial set and, at the end of a round, to deltas. It applies a [`Probe`] to the workset. At
//!   the end of each port's round it calls `serve` until `Done`, so that all probes precede all
//!   puts. At the end of the last round it calls [`scan`](StateTable::scan) until `Done`.
//! * **An aggregate per key of a stream.** Rows are key and state. The driver applies an [`Update`]
//!   with the [`GroupUpdate`](crate::group::GroupUpdate) of a batch aggregate. It calls `serve`
//!   when it is idle, or when many bytes [wait](Requests::waiting_bytes). A driver that emits each
//!   key's new state has its own [`StateRequest`]. On a barrier the driver serves to the end and
//!   calls [`mark`](StateTable::mark). Whenever the writer of the snapshot has room, it calls
//!   [`next_image`](StateTable::next_image).
//! * **Windows.** The key is that of the program and the start of the window. Rows are `deletable`.
//!   On a watermark the driver serves to the end, and calls [`drain_if`](StateTable::drain_if) with
//!   a predicate on the window's start until `Done`.
//! * **Lists and maps of keys.** The [`StateSpec`] has a [sub-key](StateSpec::with_sub_key): a
//!   position, or any leaves. A [`Put`], [`Update`], [`Probe`] or [`Delete`] with key and sub-key
//!   is for one row. A [`Probe`] or [`Delete`] with only the key is for all its rows, in no order.
//!
//! # More than memory
//! If memory is refused, parts are evicted: clean ones first, which are dropped, then the largest.
//! Requests for an evicted part are queued, and the part is loaded once for all of them. The bytes
//! that wait for a part decide which one is loaded next. A part that does not fit is loaded by some
//! of its key groups.
//!
//! # Limits
//! * The rows of one key group must fit in memory, in addition to the minimum. With 1,024 groups, a
//!   table is at most about five hundred times as large as its memory.
//! * Queued requests belong to no mark and no scan. A driver serves them before.
//! * `drain_if` loads all rows on disk, because any of them may match.

mod images;
mod key_groups;
mod loading;
mod marks;
mod policy;
mod queues;
mod requests;
mod residency;
mod scan;
mod serving;
mod spec;
#[cfg(test)]
mod tests;
mod writable;

use std::ops::Range;

use crate::error::{Error, Result};
use crate::group::{GroupTable, GrowthPolicy, Parting};
use crate::kernel::TaskContext;
use crate::memory::limits::STATE_BYTES;
use crate::row::{LeafSet, LeafType};
use crate::strategy::Progress;

pub use images::EventTimes;
pub(crate) use images::{EventTimeState, GroupTimes};
pub use key_groups::{KEY_GROUPS, KeyGroupSet, key_group_of, key_groups_of_task, task_of_key_group};
pub use queues::Requests;
pub use requests::{Delete, Probe, Put, StateRequest, Update};
pub use scan::Scan;
pub use spec::{StateLeaf, StateSpec};

use images::restoring::Restoring;
use key_groups::{GROUP_BITS, GROUP_SHIFT};
use loading::Loading;
use queues::RequestQueues;
use residency::Residency;
use writable::WritableRows;

/// The state of the keys of one task.
pub struct StateTable {
    rows: Residency,
    writable: WritableRows,
    loading: Option<Loading>,
    /// Whether the key groups for the served queue are loaded, as far as memory allows.
    is_served_part_loaded: bool,
    /// The file that is being restored.
    restoring: Option<Restoring>,
    /// The greatest restored epoch, and its event time.
    restored: Option<(u64, i64)>,
    /// The restored event time of each key group, until the driver takes it.
    restored_times: Option<GroupTimes>,
}

impl StateTable {
    /// The minimum memory of a table in bytes, in addition to that of its kernels and of records
    /// larger than a page.
    pub const LEAST_BYTES: usize = STATE_BYTES;

    /// An empty table for the keys of some key groups. `aside` bytes stay free for the records of
    /// kernels.
    ///
    /// # Errors
    /// Fails if no leaf is the key, or if the region cannot be reserved.
    pub fn new(spec: StateSpec, owned: Range<usize>, aside: usize, context: &TaskContext) -> Result<Self> {
        if owned.end > KEY_GROUPS || spec.key.len() <= spec.sub_key {
            return Err(Error::Internal(format!("state of {} key leaves in the key groups {owned:?}", spec.key.len())));
        }
        let table = GroupTable::new(spec.layout(), spec.key.clone(), &context.memory)?;
        let parting = Parting::of_range(GROUP_SHIFT, GROUP_BITS, owned.clone());
        let table = table.for_state(parting, spec.leaves.len(), spec.sub_key)?;
        let table = table.keeping_from(spec.written).growing(GrowthPolicy::Spilling { aside });
        Ok(StateTable {
            rows: Residency::new(table, spec, owned, context.spiller(), context.memory.clone()),
            writable: WritableRows::default(),
            loading: None,
            is_served_part_loaded: false,
            restoring: None,
            restored: None,
            restored_times: None,
        })
    }

    /// Empty queues for one kind of request. Its rows have the leaves `types`, of which the leaves
    /// `live` are stored.
    #[must_use]
    pub fn requests(&self, types: Vec<LeafType>, live: &LeafSet) -> Requests {
        Requests::new(types, live, &self.rows.memory)
    }

    /// The definition of its rows.
    #[must_use]
    pub fn spec(&self) -> &StateSpec {
        &self.rows.spec
    }

    /// The key groups of its task.
    #[must_use]
    pub fn key_groups(&self) -> Range<usize> {
        self.rows.owned.clone()
    }

    /// Number of rows in memory.
    #[must_use]
    pub fn resident_rows(&self) -> usize {
        self.rows.table.len()
    }

    /// Returns `true` if rows are on disk.
    #[must_use]
    pub fn is_spilled(&self) -> bool {
        !self.rows.evicted.is_empty()
    }

    /// The bytes of memory that it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rows.table.bytes()
    }

    /// Releases memory: first unused bytes, then parts.
    ///
    /// # Errors
    /// Fails if an earlier write to disk failed.
    pub fn revoke(&mut self, bytes: usize) -> Result<()> {
        let unused = self.rows.memory.shrink_to(self.rows.table.room_beside());
        if unused < bytes {
            self.rows.evict(bytes - unused, &[])?;
        }
        Ok(())
    }

    /// Continues to load key groups. Returns `Yield` if they were evicted again.
    fn load(&mut self, queues: Option<&mut RequestQueues>) -> Result<Progress> {
        let Some(loading) = &mut self.loading else { return Ok(Progress::Done) };
        let progress = loading.load(&mut self.rows, queues)?;
        if progress != Progress::Pending {
            self.loading = None;
        }
        Ok(progress)
    }
}
