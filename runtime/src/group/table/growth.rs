//! How a table gets the memory that it grows by.

use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};

pub(super) struct Growth {
    pub(super) memory: Memory,
    pub(super) policy: GrowthPolicy,
    /// Refused memory is an error this once.
    pub(super) is_required: bool,
}

/// The consequence of refused memory for a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrowthPolicy {
    /// It is an error.
    Required,
    /// Rows that find no room are returned. The table opens no more groups.
    BestEffort,
    /// Rows that find no room are returned, and the table is drained. That costs less than the
    /// spills of other operators, so these are not asked for memory.
    IfIdle,
    /// Rows that find no room are returned, and parts of the table are evicted. It leaves `aside`
    /// bytes free for its kernel, and the pages that it needs to be
    /// [split](crate::group::GroupTable::split).
    Spilling {
        /// Bytes that stay free for the kernel's own records.
        aside: usize,
    },
}

/// A page that is cleaned, and one that is written meanwhile.
const CLEANING_BYTES: usize = 2 * PAGE_BYTES;

impl Growth {
    /// Whether refused memory is an error.
    pub(super) fn must_grow(&self) -> bool {
        self.is_required || self.policy == GrowthPolicy::Required
    }

    /// Whether there is memory for `bytes` more, with the bytes that stay free.
    pub(super) fn may_take(&self, bytes: usize, is_split: bool) -> bool {
        match self.policy {
            _ if self.must_grow() => true,
            GrowthPolicy::IfIdle => self.memory.try_reserve_idle(bytes),
            _ => self.memory.try_reserve(bytes + self.room_beside(is_split)),
        }
    }

    /// Bytes of memory beyond its own that a table leaves free while it grows.
    pub(super) fn room_beside(&self, is_split: bool) -> usize {
        match self.policy {
            // A table that is not in parts yet needs a page for each of them when it is split.
            GrowthPolicy::Spilling { aside } if !is_split => aside + CLEANING_BYTES + SPILL_PARTS * PAGE_BYTES,
            // Pages of the part that it is made of are read, and some may be written on.
            GrowthPolicy::Spilling { aside } => aside + CLEANING_BYTES + 4 * PAGE_BYTES,
            GrowthPolicy::Required | GrowthPolicy::BestEffort | GrowthPolicy::IfIdle => 0,
        }
    }
}
