//! One reserved range of addresses that all pages of the process come from.
//!
//! A row's place is its byte offset in the region, so a row that is found by address (a hash table's, a sorted index's)
//! is read through the same cursors as the rows of a page: with the region's start as base and a stride of one.

use std::sync::{Mutex, OnceLock, PoisonError};

use memmap2::{Advice, MmapOptions, MmapRaw};

use crate::error::{Error, Result};

/// Bytes of a page; a record that does not fit gets a run of 2, 4, 8, … pages of its own.
pub const PAGE_BYTES: usize = 64 << 10;

/// Asked for first; halved until the system agrees. Only addresses are reserved: memory is taken at first use.
pub(super) const LARGEST_BYTES: usize = 1 << 40;
const SMALLEST_BYTES: usize = 1 << 32;

pub(super) struct Region {
    map: MmapRaw,
    base: usize,
    free: Mutex<Free>,
}

/// Runs that nobody owns: never used ones from `next` on, used ones by the power of two of their pages.
struct Free {
    next: usize,
    used: [Vec<usize>; usize::BITS as usize],
}

/// The process's region.
pub(super) fn region() -> Result<&'static Region> {
    static REGION: OnceLock<Option<Region>> = OnceLock::new();
    REGION
        .get_or_init(Region::reserve)
        .as_ref()
        .ok_or_else(|| Error::Internal(format!("the system refuses to reserve {SMALLEST_BYTES} bytes of addresses")))
}

impl Region {
    fn reserve() -> Option<Self> {
        let mut bytes = LARGEST_BYTES;
        while bytes >= SMALLEST_BYTES {
            if let Ok(map) = MmapOptions::new().len(bytes).no_reserve_swap().map_anon() {
                // Fewer and larger page faults; the system may decline, which costs only time.
                let _ = map.advise(Advice::HugePage);
                let map = MmapRaw::from(map);
                let base = map.as_mut_ptr() as usize;
                // Runs are aligned in address, not only in offset: a row finds its page by masking.
                let next = base.next_multiple_of(PAGE_BYTES) - base;
                return Some(Region {
                    map,
                    base,
                    free: Mutex::new(Free { next, used: [const { Vec::new() }; usize::BITS as usize] }),
                });
            }
            bytes /= 2;
        }
        None
    }

    /// The address of offset zero.
    pub(super) fn start(&self) -> *mut u8 {
        self.map.as_mut_ptr()
    }

    /// The offset of a run of `2^power` pages that nobody else owns.
    pub(super) fn take(&self, power: u32) -> Result<usize> {
        let bytes = PAGE_BYTES << power;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(offset) = free.used[power as usize].pop() {
            return Ok(offset);
        }
        let offset = free.next;
        if self.map.len() - offset < bytes {
            return Err(Error::Internal(format!("{} bytes of addresses are used up", self.map.len())));
        }
        free.next = offset + bytes;
        Ok(offset)
    }

    /// Takes a run back.
    pub(super) fn give(&self, offset: usize, power: u32) {
        debug_assert_eq!((self.base + offset) % PAGE_BYTES, 0);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.used[power as usize].push(offset);
    }
}
