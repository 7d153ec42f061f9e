//! An open-addressing index from hashes to places of rows.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Result;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Run, run_bytes};

/// Rows of tables lie at multiples of this.
pub(crate) const ROW_ALIGN: usize = 8;

/// Bits of a place, counted in [`ROW_ALIGN`]s: the whole region.
const PLACE_BITS: u32 = (crate::page::LARGEST_BYTES / ROW_ALIGN).trailing_zeros();
const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;

/// Bits of a hash that an index keeps with a row.
pub(crate) const KEPT_BITS: u32 = u64::BITS - PLACE_BITS;

const FIRST_SLOTS: usize = 1 << 10;

/// Linear probing over entries of 8 bytes: the hash's top 27 bits, then the place. Zero is empty: no row lies at place zero.
///
/// An entry's home is given by the top bits too. So the index grows without looking at the rows, and from front to back, until it has
/// 2^27 slots; the bits below the home tell most neighbours apart. Exchanges take a hash's lowest 32 bits (see `state::key_group_of`), so
/// the keys of one partition still spread over the whole index.
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

/// The place of an entry's row.
#[inline(always)]
pub(crate) fn place_of(entry: u64) -> usize {
    (entry & PLACE_MASK) as usize * ROW_ALIGN
}

/// The [bits that an index keeps](KEPT_BITS), alone: of a hash, or of an entry.
#[inline(always)]
pub(crate) fn kept_bits(hash: u64) -> u64 {
    hash >> PLACE_BITS
}

#[inline(always)]
fn tags_match(entry: u64, hash: u64) -> bool {
    (entry ^ hash) & !PLACE_MASK == 0
}

/// Slots for so many rows, at most 5/8 of which are used: a look-up then passes two entries or so, and a row that is one of a little more than a power
/// of two, as where a key's values are spread over two tasks, does not double them.
fn slots_for(rows: usize) -> usize {
    (rows * 8).div_ceil(5).next_power_of_two().max(FIRST_SLOTS)
}

impl HashIndex {
    pub(crate) fn new(memory: Memory) -> Self {
        HashIndex { run: None, shift: 63, len: 0, memory }
    }

    /// Rows indexed.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&self) -> usize {
        self.run.as_ref().map_or(0, Run::bytes)
    }

    /// What an index of so many rows takes.
    pub(crate) fn bytes_for(rows: usize) -> usize {
        run_bytes(slots_for(rows) * 8)
    }

    pub(crate) fn clear(&mut self) {
        self.run = None;
        self.len = 0;
    }

    /// Takes all rows out, and keeps the memory for others.
    pub(crate) fn empty(&mut self) {
        if self.len > 0 {
            self.entries_mut().fill(0);
            self.len = 0;
        }
    }

    #[inline(always)]
    fn entries(&self) -> &[u64] {
        let Some(run) = &self.run else { return &[] };
        // SAFETY: runs are aligned to pages and have at least `slots` words (`reserve` made them so); any bytes are integers.
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

    /// Bytes that it takes more while it grows for `more` rows; none where it has room for them.
    pub(crate) fn growth_bytes(&self, more: usize) -> usize {
        let wanted = self.wanted_slots(more);
        if wanted <= self.slots() { 0 } else { (wanted * 8).next_multiple_of(PAGE_BYTES) }
    }

    /// Whether one more row would pass the load that it may have.
    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.len * 8 >= self.slots() * 5
    }

    fn wanted_slots(&self, more: usize) -> usize {
        slots_for(self.len + more)
    }

    /// Makes room for `more` rows at a load of at most 5/8; `hash_of` gives the hash of a row by its place, where the index has outgrown
    /// what its entries know.
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
        self.taken().for_each(|entry| grown.adopt(entry, &hash_of));
        *self = grown;
        Ok(())
    }

    /// The entries of all rows.
    pub(crate) fn taken(&self) -> impl Iterator<Item = u64> {
        self.entries().iter().copied().filter(|&entry| entry != 0)
    }

    /// Adds the row of another index's entry, as [`HashIndex::insert`]; `hash_of` is as for [`HashIndex::reserve`].
    #[inline(always)]
    pub(crate) fn adopt(&mut self, entry: u64, hash_of: impl Fn(usize) -> u64) {
        let place = place_of(entry);
        // The entry itself has the hash's top bits.
        self.insert(if self.shift >= PLACE_BITS { entry } else { hash_of(place) }, place);
    }

    /// The index as it is now, for loops that look up and do not insert.
    #[inline(always)]
    pub(crate) fn view(&self) -> HashIndexView<'_> {
        HashIndexView { entries: self.entries(), shift: self.shift }
    }

    /// Starts to load the line where a hash is looked up.
    #[inline(always)]
    pub(crate) fn prefetch(&self, hash: u64) {
        if let Some(run) = &self.run {
            prefetch(run.start().wrapping_add((hash >> self.shift) as usize * 8));
        }
    }

    /// The row with this hash for which `same` holds.
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

    /// Adds a row, for which [`HashIndex::reserve`] made room.
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

    /// Points the entry of `old`, if there is one, to `new`.
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

    /// Adds a row, for which [`HashIndex::reserve`] made room, or puts it in the place of the row for which `same` holds; the place of that, or 0. Several threads may
    /// do so at the same time, none of which looks rows up until all are done. [`HashIndex::len`] does not count such rows.
    #[inline(always)]
    pub(crate) fn put_shared(&self, hash: u64, place: usize, same: impl Fn(usize) -> bool) -> usize {
        let Some(run) = &self.run else { return 0 };
        let mask = self.slots() - 1;
        let mut slot = (hash >> self.shift) as usize & mask;
        loop {
            // SAFETY: the run holds more than `mask` words and is aligned to pages (`reserve`). While rows are put so, all access is by this method, and by it
            // atomic: there is no `&mut self` meanwhile, and nobody looks up.
            let word = unsafe { &*run.start().cast::<AtomicU64>().wrapping_add(slot) };
            let mut found = word.load(Ordering::Acquire);
            // An entry never leaves and keeps its key: where another thread was quicker, this slot is looked at again.
            while found == 0 || tags_match(found, hash) && same(place_of(found)) {
                match word.compare_exchange(found, entry(hash, place), Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => return place_of(found),
                    Err(now) => found = now,
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Takes one row out; whether it was there. `hash_of` is as for [`HashIndex::reserve`].
    ///
    /// The rows behind it move up as far as their homes allow, so no look-up meets a hole where its row was passed on.
    pub(crate) fn take(&mut self, hash: u64, place: usize, hash_of: impl Fn(usize) -> u64) -> bool {
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
            // How far the row is from its home, and from the hole: it may not pass its home.
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

    /// Takes out the rows for whose entry `goes` holds. `hash_of` is as for [`HashIndex::reserve`].
    ///
    /// One pass, in place: it begins behind an empty slot, so whatever is put back finds its home, or a slot behind it, no later than
    /// where it was.
    pub(crate) fn remove(&mut self, goes: impl Fn(u64) -> bool, hash_of: impl Fn(usize) -> u64) {
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
                self.adopt(entry, &hash_of);
            }
        }
    }
}

/// An index that does not change meanwhile: its parts stay in registers.
#[derive(Clone, Copy)]
pub(crate) struct HashIndexView<'i> {
    entries: &'i [u64],
    shift: u32,
}

impl HashIndexView<'_> {
    /// Starts to load the lines where hashes are looked up.
    #[inline(always)]
    pub(crate) fn prefetch_all(self, hashes: &[u64]) {
        hashes.iter().for_each(|&hash| self.prefetch(hash));
    }

    /// For each hash its [candidate](HashIndexView::candidate); starts to load the rows, up to their byte `last`.
    #[inline(always)]
    pub(crate) fn candidates(self, hashes: &[u64], base: *const u8, last: usize, places: &mut [usize]) {
        for (place, &hash) in places.iter_mut().zip(hashes) {
            *place = self.candidate(hash);
            prefetch_row(base.wrapping_add(*place), last);
        }
    }

    /// Starts to load the line where a hash is looked up.
    #[inline(always)]
    pub(crate) fn prefetch(self, hash: u64) {
        prefetch(self.entries.as_ptr().wrapping_add((hash >> self.shift) as usize).cast());
    }

    /// The first row with a hash's tag, unverified, or 0.
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

/// Starts to load the cache line at an address.
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

/// Starts to load a row, up to its byte `last`.
#[inline(always)]
pub(crate) fn prefetch_row(row: *const u8, last: usize) {
    prefetch(row);
    // A row may lie in two cache lines. Where it does not, the second request costs nothing.
    prefetch(row.wrapping_add(last));
}

/// A number for one table at one time: places found in another, or before it was emptied, are told by it.
pub(crate) fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
