//! An open-addressing index from hashes to places of rows.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Result;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Run, run_bytes};

/// Alignment of the rows of tables, in bytes.
pub(crate) const ROW_ALIGN: usize = 8;

/// Bits of a place, in units of [`ROW_ALIGN`]: enough for the whole region.
const PLACE_BITS: u32 = (crate::page::MAX_REGION_BYTES / ROW_ALIGN).trailing_zeros();
const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;

/// Bits of a hash that an index stores with a row: the tag.
pub(crate) const TAG_BITS: u32 = u64::BITS - PLACE_BITS;

const FIRST_SLOTS: usize = 1 << 10;

/// Linear probing over entries of 8 bytes: the hash's top 27 bits as a tag, then the place. Zero is
/// an empty entry, because no row has place zero.
///
/// The top bits also select an entry's home slot. So the index grows without reading rows, from
/// front to back, up to 2^27 slots. The tag bits below the home distinguish most neighbours.
///
/// Exchanges use the lowest 32 bits of a hash (see `state::key_group_of`). So the keys of one
/// partition still spread over the whole index.
pub(crate) struct HashIndex {
    run: Option<Run>,
    shift: u32,
    len: usize,
    memory: Memory,
}

#[inline(always)]
fn entry(hash: u64, place: usize) -> u64 {
    (hash & !PLACE_MASK) | (place / ROW_ALIGN) as u64
}

/// Place of an entry's row.
#[inline(always)]
pub(crate) fn place_of(entry: u64) -> usize {
    (entry & PLACE_MASK) as usize * ROW_ALIGN
}

/// The [tag](TAG_BITS) alone, of a hash or of an entry.
#[inline(always)]
pub(crate) fn tag_of(hash: u64) -> u64 {
    hash >> PLACE_BITS
}

#[inline(always)]
fn tags_match(entry: u64, hash: u64) -> bool {
    (entry ^ hash) & !PLACE_MASK == 0
}

/// Slots for `rows` rows. At most 5/8 of them are used, so a look-up passes about two entries.
/// Slightly more rows than a power of two do not double the slots. This happens if two tasks share
/// the values of a key.
fn slots_for(rows: usize) -> usize {
    (rows * 8).div_ceil(5).next_power_of_two().max(FIRST_SLOTS)
}

impl HashIndex {
    pub(crate) fn new(memory: Memory) -> Self {
        HashIndex { run: None, shift: 63, len: 0, memory }
    }

    /// Number of indexed rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&self) -> usize {
        self.run.as_ref().map_or(0, Run::bytes)
    }

    /// Bytes of an index of `rows` rows.
    pub(crate) fn bytes_for(rows: usize) -> usize {
        run_bytes(slots_for(rows) * 8)
    }

    pub(crate) fn clear(&mut self) {
        self.run = None;
        self.len = 0;
    }

    /// Removes all rows, and keeps the memory.
    pub(crate) fn clear_entries(&mut self) {
        if self.len > 0 {
            self.entries_mut().fill(0);
            self.len = 0;
        }
    }

    #[inline(always)]
    fn entries(&self) -> &[u64] {
        let Some(run) = &self.run else { return &[] };
        // SAFETY: runs are aligned to pages and have at least `slots` words (`reserve` made them
        // so); any bytes are integers.
        unsafe { std::slice::from_raw_parts(run.start().cast::<u64>(), self.slots()) }
    }

    fn entries_mut(&mut self) -> &mut [u64] {
        let slots = self.slots();
        let Some(run) = &mut self.run else { return &mut [] };
        // SAFETY: as `entries`; `&mut self` owns the run.
        unsafe { std::slice::from_raw_parts_mut(run.start_mut().cast::<u64>(), slots) }
    }

    #[inline(always)]
    fn slots(&self) -> usize {
        if self.run.is_none() { 0 } else { 1 << (64 - self.shift) }
    }

    /// Bytes that it takes in addition while it grows for `more` rows. 0 if it has enough slots.
    pub(crate) fn growth_bytes(&self, more: usize) -> usize {
        let wanted = self.wanted_slots(more);
        if wanted <= self.slots() { 0 } else { (wanted * 8).next_multiple_of(PAGE_BYTES) }
    }

    /// Returns `true` if one more row would exceed the maximum load.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.len * 8 >= self.slots() * 5
    }

    fn wanted_slots(&self, more: usize) -> usize {
        slots_for(self.len + more)
    }

    /// Grows for `more` rows at a load of at most 5/8. `hash_of` returns the hash of a row by its
    /// place. It is called only if the index needs more bits of the hash than its entries hold.
    pub(crate) fn reserve(&mut self, more: usize, hash_of: impl Fn(usize) -> u64) -> Result<()> {
        let wanted = self.wanted_slots(more);
        if wanted <= self.slots() {
            return Ok(());
        }
        let mut grown = HashIndex::new(self.memory.clone());
        let mut run = Run::new(wanted * 8, &self.memory)?;
        run.as_mut_slice()[..wanted * 8].fill(0);
        grown.run = Some(run);
        grown.shift = 64 - wanted.trailing_zeros();
        self.occupied().for_each(|entry| grown.reinsert(entry, &hash_of));
        *self = grown;
        Ok(())
    }

    /// The entries of all rows.
    pub(crate) fn occupied(&self) -> impl Iterator<Item = u64> {
        self.entries().iter().copied().filter(|&entry| entry != 0)
    }

    /// Inserts the row of another index's entry. `hash_of` is as for [`HashIndex::reserve`].
    #[inline(always)]
    pub(crate) fn reinsert(&mut self, entry: u64, hash_of: impl Fn(usize) -> u64) {
        let place = place_of(entry);
        // The entry itself has the hash's top bits.
        self.insert(if self.shift >= PLACE_BITS { entry } else { hash_of(place) }, place);
    }

    /// A view for loops that look up rows and do not insert any.
    #[inline(always)]
    pub(crate) fn view(&self) -> HashIndexView<'_> {
        HashIndexView { entries: self.entries(), shift: self.shift }
    }

    /// Prefetches the cache line where a hash is looked up.
    #[inline(always)]
    pub(crate) fn prefetch(&self, hash: u64) {
        if let Some(run) = &self.run {
            prefetch(run.start().wrapping_add((hash >> self.shift) as usize * 8));
        }
    }

    /// Returns the place of the row with this hash for which `same` returns `true`.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, same: impl Fn(usize) -> bool) -> Option<usize> {
        let entries = self.entries();
        if entries.is_empty() {
            return None;
        }
        let mask = entries.len() - 1;
        let mut slot = (hash >> self.shift) as usize & mask;
        loop {
            // SAFETY: masked by the power-of-two length less one.
            let entry = unsafe { *entries.get_unchecked(slot) };
            if entry == 0 {
                return None;
            }
            if tags_match(entry, hash) && same(place_of(entry)) {
                return Some(place_of(entry));
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Inserts a row. [`HashIndex::reserve`] must have provided a slot.
    pub(crate) fn insert(&mut self, hash: u64, place: usize) {
        let shift = self.shift;
        let entries = self.entries_mut();
        let mask = entries.len() - 1;
        let mut slot = (hash >> shift) as usize & mask;
        while entries[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        entries[slot] = entry(hash, place);
        self.len += 1;
    }

    /// Replaces the place `old`, if it is indexed, by `new`.
    pub(crate) fn replace(&mut self, hash: u64, old: usize, new: usize) {
        let shift = self.shift;
        let entries = self.entries_mut();
        if entries.is_empty() {
            return;
        }
        let mask = entries.len() - 1;
        let mut slot = (hash >> shift) as usize & mask;
        while entries[slot] != 0 {
            if place_of(entries[slot]) == old {
                entries[slot] = entry(hash, new);
                return;
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Inserts a row, or replaces the row for which `same` returns `true`. Returns the place of the
    /// replaced row, or 0. [`HashIndex::reserve`] must have provided a slot.
    ///
    /// Several threads may do so at the same time. No thread may look up rows until all are done.
    /// [`HashIndex::len`] does not count these rows.
    #[inline(always)]
    pub(crate) fn put_shared(&self, hash: u64, place: usize, same: impl Fn(usize) -> bool) -> usize {
        let Some(run) = &self.run else { return 0 };
        let mask = self.slots() - 1;
        let mut slot = (hash >> self.shift) as usize & mask;
        loop {
            // SAFETY: the run holds more than `mask` words and is aligned to pages (`reserve`).
            // While rows are inserted in this way, all access is by this method, and by it atomic:
            // there is no `&mut self` meanwhile, and no look-up.
            let word = unsafe { &*run.start().cast::<AtomicU64>().wrapping_add(slot) };
            let mut found = word.load(Ordering::Acquire);
            // An entry is never removed and keeps its key. If another thread was faster, this slot
            // is checked again.
            while found == 0 || tags_match(found, hash) && same(place_of(found)) {
                match word.compare_exchange(found, entry(hash, place), Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => return place_of(found),
                    Err(now) => found = now,
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Removes one row. Returns `false` if it is not indexed. `hash_of` is as for
    /// [`HashIndex::reserve`].
    ///
    /// Later rows move into the hole unless they would pass their home. So no look-up stops at an
    /// empty slot before its row.
    pub(crate) fn remove_row(&mut self, hash: u64, place: usize, hash_of: impl Fn(usize) -> u64) -> bool {
        let shift = self.shift;
        let entries = self.entries_mut();
        let Some(mask) = entries.len().checked_sub(1) else { return false };
        let mut hole = (hash >> shift) as usize & mask;
        while place_of(entries[hole]) != place {
            if entries[hole] == 0 {
                return false;
            }
            hole = (hole + 1) & mask;
        }
        let mut next = (hole + 1) & mask;
        while entries[next] != 0 {
            let entry = entries[next];
            let top = if shift >= PLACE_BITS { entry } else { hash_of(place_of(entry)) };
            let home = (top >> shift) as usize & mask;
            // Distance of the row from its home, and from the hole. It may not pass its home.
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(hole) & mask {
                entries[hole] = entry;
                hole = next;
            }
            next = (next + 1) & mask;
        }
        entries[hole] = 0;
        self.len -= 1;
        true
    }

    /// Removes the rows for whose entry `goes` returns `true`. `hash_of` is as for
    /// [`HashIndex::reserve`].
    ///
    /// One pass, in place. It begins after an empty slot. So an entry that is inserted again finds
    /// its home, or a slot after it, not later than its old slot.
    pub(crate) fn remove_if(&mut self, goes: impl Fn(u64) -> bool, hash_of: impl Fn(usize) -> u64) {
        let Some(empty) = self.entries().iter().position(|&entry| entry == 0) else { return };
        let mask = self.slots() - 1;
        for step in 1..=mask {
            let slot = (empty + step) & mask;
            let entry = std::mem::take(&mut self.entries_mut()[slot]);
            if entry == 0 {
                continue;
            }
            self.len -= 1;
            if !goes(entry) {
                self.reinsert(entry, &hash_of);
            }
        }
    }
}

/// An index that does not change, so that its fields stay in registers.
#[derive(Clone, Copy)]
pub(crate) struct HashIndexView<'i> {
    entries: &'i [u64],
    shift: u32,
}

impl HashIndexView<'_> {
    /// Prefetches the cache lines where hashes are looked up.
    #[inline(always)]
    pub(crate) fn prefetch_all(self, hashes: &[u64]) {
        hashes.iter().for_each(|&hash| self.prefetch(hash));
    }

    /// Finds the [candidate](HashIndexView::candidate) of each hash, and prefetches its row, up to
    /// byte `last`.
    #[inline(always)]
    pub(crate) fn candidates(self, hashes: &[u64], base: *const u8, last: usize, places: &mut [usize]) {
        for (place, &hash) in places.iter_mut().zip(hashes) {
            *place = self.candidate(hash);
            prefetch_row(base.wrapping_add(*place), last);
        }
    }

    /// Prefetches the cache line where a hash is looked up.
    #[inline(always)]
    pub(crate) fn prefetch(self, hash: u64) {
        prefetch(self.entries.as_ptr().wrapping_add((hash >> self.shift) as usize).cast());
    }

    /// Returns the place of the first row with the hash's tag, whose key may differ, or 0.
    #[inline(always)]
    pub(crate) fn candidate(self, hash: u64) -> usize {
        let entries = self.entries;
        if entries.is_empty() {
            return 0;
        }
        let mask = entries.len() - 1;
        let mut slot = (hash >> self.shift) as usize & mask;
        loop {
            // SAFETY: masked by the power-of-two length less one.
            let entry = unsafe { *entries.get_unchecked(slot) };
            if entry == 0 || tags_match(entry, hash) {
                return place_of(entry);
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// Prefetches the cache line at an address.
#[inline(always)]
pub(crate) fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch has no effect that the program could see, at any address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Prefetches a row, up to byte `last`.
#[inline(always)]
pub(crate) fn prefetch_row(row: *const u8, last: usize) {
    prefetch(row);
    // A row may be in two cache lines. If it is in one, the second request costs nothing.
    prefetch(row.wrapping_add(last));
}

/// Returns a new number for a table. A table takes a new one when its places become invalid. So
/// places of another table, or of an earlier state, are detected.
pub(crate) fn next_table_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
