//! The region: one reserved range of addresses, which contains all pages of the process.
//!
//! A row's place is its byte offset in the region. So rows of a hash table or a sorted index are
//! read through the same cursors as the rows of a page. The base is then the region's start, the
//! stride 1.
//!
//! # Runs
//! A buddy system cuts blocks of `2^k` pages from larger ones, and joins free neighbours again. So
//! memory that a hash index freed serves as pages, and the other way round. A run takes as many
//! pages as it needs, from the front of a block; the tail stays free. A run whose size is no power
//! of two is first searched among free neighbours. So the buffers of a reader reuse the memory of
//! the last ones, even if the tails of their blocks are in use.
//!
//! # Warm and cold memory
//! Free memory that the process still holds is *warm*. Untouched addresses are *cold*. Warm memory
//! is used first, because the system clears the pages that it hands out, which is slow.
//!
//! Warm memory is returned to the system when a run is taken, and while reserved bytes on the heap
//! grow. It is returned until resident pages and reserved heap bytes fit the budgets. A constant
//! part (16 MiB) stays warm. When a job ends, [all but a part](Region::release_idle_memory) is
//! returned. A thread first takes the pages that it freed itself, from its [magazine].

mod free_blocks;
mod magazine;

use std::sync::{Mutex, OnceLock, PoisonError};

use memmap2::{Advice, MmapMut, MmapOptions, MmapRaw, UncheckedAdvice};

use super::poison::unpoison;
use crate::error::{Error, Result};
use crate::memory::{bytes_for_pages, on_heap_growth};
use free_blocks::FreeBlocks;

pub use crate::memory::limits::PAGE_BYTES;

/// First size to try. It is halved until the system grants it. Only addresses are reserved: memory
/// is used at the first access.
pub(crate) const MAX_REGION_BYTES: usize = 1 << 40;
const MIN_REGION_BYTES: usize = 16 << 20;

/// Free memory that is not returned to the system, whatever the budgets are.
const WARM_BYTES: usize = 16 << 20;

/// Pages of a huge page of the system (2 MiB), as a power of two. Memory becomes resident in units
/// of at least this size.
const RESIDENT_POWER: u32 = 5;

/// Divisor: a process without jobs keeps at most its last job's budget divided by this.
const IDLE_SHARE: usize = 8;

pub(crate) struct Region {
    map: MmapRaw,
    free: Mutex<FreeBlocks>,
}

/// The process's region.
pub(crate) fn region() -> Result<&'static Region> {
    static REGION: OnceLock<Option<Region>> = OnceLock::new();
    let reserve = || {
        on_heap_growth(trim);
        Region::reserve()
    };
    REGION.get_or_init(reserve).as_ref().ok_or(Error::FewAddresses { bytes: MIN_REGION_BYTES })
}

/// Returns free pages to the system until resident pages and reserved heap bytes fit the budgets.
fn trim() {
    if let Ok(region) = region() {
        region.cool_to_budget(&mut region.free.lock().unwrap_or_else(PoisonError::into_inner), 0);
    }
}

/// Bytes of pages that the process can have at one time, if its addresses are limited. `None` if
/// they are not.
#[must_use]
pub fn limited_bytes() -> Option<usize> {
    match region() {
        Ok(region) => region.is_limited().then(|| region.usable_bytes()),
        Err(_) => Some(MIN_REGION_BYTES),
    }
}

/// The address of a place, for reads.
pub(crate) fn address_of(place: usize) -> Result<*const u8> {
    Ok(region()?.start().wrapping_add(place).cast_const())
}

/// Returns free memory to the system after a job has ended. Keeps an eighth of the job's budget,
/// but at least 16 MiB.
pub fn release_idle_memory(budget_bytes: usize) {
    if let Ok(region) = region() {
        region.release_idle_memory(budget_bytes);
    }
}

impl Region {
    /// If the process's addresses are limited (`ulimit -v`), reserves half of the bytes that the
    /// system would grant. The other half is for everything but pages.
    fn reserve() -> Option<Self> {
        let reserved = |bytes: usize| MmapOptions::new().len(bytes).no_reserve_swap().map_anon().ok();
        if let Some(map) = reserved(MAX_REGION_BYTES) {
            return Some(Region::of(map));
        }
        let halves = std::iter::successors(Some(MAX_REGION_BYTES / 2), |bytes| Some(bytes / 2));
        let granted =
            halves.take_while(|&bytes| bytes >= 2 * MIN_REGION_BYTES).find(|&bytes| reserved(bytes).is_some());
        reserved(granted? / 2).map(Region::of)
    }

    fn of(map: MmapMut) -> Self {
        let bytes = map.len();
        // Fewer and larger page faults. The system may decline, which costs only time.
        let _ = map.advise(Advice::HugePage);
        let map = MmapRaw::from(map);
        let base = map.as_mut_ptr() as usize;
        // Runs are aligned by address, not only by offset. A row finds its page by masking, and
        // large runs consist of whole huge pages.
        let first = base.next_multiple_of(PAGE_BYTES << RESIDENT_POWER) - base;
        Region { map, free: Mutex::new(FreeBlocks::new(first, bytes)) }
    }

    /// Returns `true` if the process's addresses are limited.
    pub(crate) fn is_limited(&self) -> bool {
        self.map.len() < MAX_REGION_BYTES
    }

    /// Bytes that pages can use. The bytes before the first aligned address are unused.
    fn usable_bytes(&self) -> usize {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        (free.end - free.first) / PAGE_BYTES * PAGE_BYTES
    }

    /// The address of offset zero.
    pub(super) fn start(&self) -> *mut u8 {
        self.map.as_mut_ptr()
    }

    /// Allocates a run of `pages` pages. Returns its offset.
    pub(crate) fn allocate(&self, pages: usize) -> Result<usize> {
        if pages == 1
            && let Some(offset) = magazine::pop()
        {
            return Ok(offset);
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(offset) = free.take_warm(pages) {
            // Reservations on the heap may have grown since the memory became warm.
            self.cool_to_budget(&mut free, 0);
            return Ok(offset);
        }
        self.cool_to_budget(&mut free, pages.next_multiple_of(1 << RESIDENT_POWER) * PAGE_BYTES);
        let (offset, end) =
            free.take_cold(pages).ok_or_else(|| Error::FewAddresses { bytes: free.end - free.first })?;
        drop(free);
        let rest = offset + pages * PAGE_BYTES;
        if rest < end {
            self.make_resident(rest - PAGE_BYTES);
            self.release_run(rest, (end - rest) / PAGE_BYTES);
        }
        Ok(offset)
    }

    /// Writes to a page that the caller took, so that its huge page is resident. Only resident
    /// memory is warm. A part of a huge page may go back to the system before the first write to
    /// another part. That write would make it resident again, and it would not be counted.
    fn make_resident(&self, offset: usize) {
        let page = self.start().wrapping_add(offset);
        unpoison(page, PAGE_BYTES);
        // SAFETY: the page is inside of the region, and its only owner is the caller, which has not
        // written to it. A volatile write is not optimised away.
        unsafe { page.write_volatile(0) };
    }

    /// Returns warm memory to the system until resident pages, plus `more` bytes, fit the budgets.
    fn cool_to_budget(&self, free: &mut FreeBlocks, more: usize) {
        let allowed = bytes_for_pages().saturating_sub(more);
        while free.warm_bytes > WARM_BYTES
            && free.resident_bytes > allowed
            && self.cool(free.resident_bytes - allowed, free)
        {}
    }

    /// Returns warm memory of about `bytes` bytes to the system. Returns `false` if there is none.
    fn cool(&self, bytes: usize, free: &mut FreeBlocks) -> bool {
        let Some((offset, bytes)) = free.cool(bytes) else { return false };
        // SAFETY: the block is inside of the region and is free: no row, page or buffer is in it.
        // Afterwards it reads as zeros. If the system declines, the memory keeps its content, which
        // is as good for the next owner.
        let _ = unsafe { self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, offset, bytes) };
        true
    }

    /// Returns the memory to the system that a process without jobs does not need.
    fn release_idle_memory(&self, budget_bytes: usize) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let stays = WARM_BYTES.max(budget_bytes / IDLE_SHARE);
        while free.warm_bytes > stays && self.cool(free.warm_bytes - stays, &mut free) {}
    }

    /// Frees a run of `pages` pages.
    pub(crate) fn release(&self, offset: usize, pages: usize) {
        if pages == 1 {
            return self.release_pages(&magazine::push(offset));
        }
        self.release_run(offset, pages);
    }

    fn release_run(&self, offset: usize, pages: usize) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).release(offset, pages);
    }

    /// Frees single pages, without the magazine.
    pub(crate) fn release_pages(&self, offsets: &[usize]) {
        if !offsets.is_empty() {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            offsets.iter().for_each(|&offset| free.release(offset, 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom};

    use proptest::prelude::*;

    use super::*;

    /// Takes a run, warm if there is warm memory.
    fn take(free: &mut FreeBlocks, pages: usize) -> Option<usize> {
        free.take_warm(pages).or_else(|| {
            let (start, end) = free.take_cold(pages)?;
            let rest = start + pages * PAGE_BYTES;
            free.release(rest, (end - rest) / PAGE_BYTES);
            Some(start)
        })
    }

    /// Models readers that take a buffer for each part of a file, while a sort takes pages and
    /// keeps them.
    #[test]
    fn run_reuses_the_memory_of_an_equal_run() {
        let mut free = FreeBlocks::new(0, PAGE_BYTES << 20);
        for _ in 0..50 {
            let buffer = take(&mut free, 161).unwrap();
            for _ in 0..100 {
                take(&mut free, 1).unwrap();
            }
            free.release(buffer, 161);
        }
        let kept = 50 * 100 * PAGE_BYTES;
        assert!(free.resident_bytes < kept + kept / 4, "{} MiB", free.resident_bytes >> 20);
    }

    #[test]
    fn all_usable_bytes_of_a_region_can_be_allocated() {
        for bytes in [5 << 20, (6 << 20) + 4096, (9 << 20) + 3 * PAGE_BYTES] {
            let region = Region::of(MmapOptions::new().len(bytes).no_reserve_swap().map_anon().unwrap());
            let usable = region.usable_bytes();
            assert!(region.is_limited() && usable <= bytes && usable > bytes - (2 << 20) - PAGE_BYTES);
            let mut free = region.free.lock().unwrap();
            let pages = std::iter::from_fn(|| take(&mut free, 1)).count();
            assert_eq!(pages * PAGE_BYTES, usable);
        }
    }

    /// Bytes of a mapping that are resident.
    fn resident_bytes(start: *const u8, bytes: usize) -> usize {
        const ENTRY_BYTES: usize = 8;
        const SYSTEM_PAGE_BYTES: usize = 4096;
        let mut map = File::open("/proc/self/pagemap").unwrap();
        let first = start.addr() / SYSTEM_PAGE_BYTES * ENTRY_BYTES;
        map.seek(SeekFrom::Start(first as u64)).unwrap();
        let mut entries = vec![0; bytes / SYSTEM_PAGE_BYTES * ENTRY_BYTES];
        map.read_exact(&mut entries).unwrap();
        let is_present = |entry: &&[u8; ENTRY_BYTES]| entry[7] & 0x80 != 0;
        entries.as_chunks().0.iter().filter(is_present).count() * SYSTEM_PAGE_BYTES
    }

    /// The first write to a huge page makes all of it resident.
    #[test]
    fn resident_memory_is_counted() {
        const BYTES: usize = 32 << 20;
        let region = Region::of(MmapOptions::new().len(BYTES).no_reserve_swap().map_anon().unwrap());
        let runs = [9, 40, 161].map(|pages| (region.allocate(pages).unwrap(), pages));
        let mut free = region.free.lock().unwrap();
        while region.cool(BYTES, &mut free) {}
        for (offset, pages) in runs {
            // SAFETY: the run is inside of the region, and has no other owner.
            unsafe { region.start().add(offset).write_bytes(1, pages * PAGE_BYTES) };
        }
        let resident = resident_bytes(region.start(), BYTES);
        assert!(resident <= free.resident_bytes, "{resident} bytes, of which {} are counted", free.resident_bytes);
    }

    proptest! {
        /// For any order of calls: runs do not overlap, runs are aligned, and all memory is free at
        /// the end.
        #[test]
        fn runs_never_overlap(steps in prop::collection::vec((1usize..70, any::<prop::sample::Index>(), any::<bool>()), 1..200)) {
            const FIRST: usize = 3 * PAGE_BYTES;
            let end = FIRST + (PAGE_BYTES << 12);
            let mut free = FreeBlocks::new(FIRST, end);
            let mut owned: Vec<(usize, usize)> = Vec::new();
            for (pages, index, gives) in steps {
                if gives && !owned.is_empty() {
                    let (offset, pages) = owned.swap_remove(index.index(owned.len()));
                    free.release(offset, pages);
                } else if let Some(offset) = take(&mut free, pages) {
                    prop_assert!(offset >= FIRST && offset + pages * PAGE_BYTES <= end);
                    owned.push((offset, pages));
                }
                let mut sorted = owned.clone();
                sorted.sort_unstable();
                for pair in sorted.windows(2) {
                    prop_assert!(pair[0].0 + pair[0].1 * PAGE_BYTES <= pair[1].0);
                }
            }
            let warm_and_owned = free.resident_bytes;
            let out: usize = owned.iter().map(|&(_, pages)| pages * PAGE_BYTES).sum();
            prop_assert_eq!(warm_and_owned, out + free.warm_bytes);
            while let Some((_, bytes)) = free.cool(PAGE_BYTES) {
                prop_assert!(bytes > 0);
            }
            prop_assert_eq!(free.resident_bytes, out);
            let cold: usize = free.cold.0.iter().enumerate().map(|(power, blocks)| blocks.len() * (PAGE_BYTES << power)).sum();
            prop_assert_eq!(out + cold + (end - free.next), end - FIRST);
        }
    }
}
