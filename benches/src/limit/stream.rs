//! Hand-written counts of events by key and minute for two cores.
//!
//! Each thread reads all blocks of the file and keeps the events of its own keys, without an
//! unpredictable branch. It counts them in a table per open window. A window is consumed when the
//! watermark has passed its end.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::answer::{Answer, Case, Resources};
use crate::counts::WindowCounts;
use crate::data::events::{self, EVENT_BYTES, LATENESS_MICROS, WINDOW_MICROS};
use crate::error::{Error, Result};
use crate::workspace::Paths;

use super::threads::in_parallel;

/// Small enough that a block stays in a core's second-level cache.
const BLOCK_EVENTS: usize = 8_192;

/// Counts the events of the file, from the page cache or from the disk.
pub(super) fn run(case: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let path = events::binary(&paths.tables);
    if case.name == "log" {
        events::drop_from_page_cache(&path)?;
    }
    Ok(count(&path, resources.parallelism).map_err(Error::io("read", &path))?.into_answer())
}

fn count(path: &Path, threads: usize) -> io::Result<WindowCounts> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let parts = in_parallel(threads, |thread| {
        let mut windows = Windows::default();
        let mut block = vec![0; BLOCK_EVENTS * EVENT_BYTES];
        let mut own = vec![(0, 0); BLOCK_EVENTS];
        let mut offset = 0;
        while offset < bytes {
            let length = block.len().min((bytes - offset) as usize);
            file.read_exact_at(&mut block[..length], offset)?;
            offset += length as u64;
            let (kept, latest) = keep_own(&block[..length], &mut own, thread, threads);
            kept.iter().for_each(|&(key, micros)| windows.add(key, micros));
            windows.close_before(latest.saturating_sub(LATENESS_MICROS));
        }
        windows.close_before(i64::MAX);
        Ok(windows.consumed)
    })?;
    let mut whole = WindowCounts::default();
    parts.into_iter().for_each(|part| whole.merge(part));
    Ok(whole)
}

/// The events of a block whose keys belong to a thread, and the latest time of all events.
fn keep_own<'a>(block: &[u8], own: &'a mut [(u32, i64)], thread: usize, threads: usize) -> (&'a [(u32, i64)], i64) {
    let (mut kept, mut latest) = (0, i64::MIN);
    for event in block.as_chunks::<EVENT_BYTES>().0 {
        let [k0, k1, k2, k3, micros @ ..] = *event;
        let (key, micros) = (u32::from_le_bytes([k0, k1, k2, k3]), i64::from_le_bytes(micros));
        latest = latest.max(micros);
        own[kept] = (key, micros);
        // The upper half of the product of the hash and the number of threads.
        kept += usize::from((u64::from(hash(key)) * threads as u64) >> 32 == thread as u64);
    }
    (&own[..kept], latest)
}

/// Multiplicative, so its upper bits are the good ones.
#[inline(always)]
fn hash(key: u32) -> u32 {
    key.wrapping_mul(0x9E37_79B1)
}

/// The open windows with their starts, and the digest of closed ones.
#[derive(Default)]
struct Windows {
    open: Vec<(i64, Table)>,
    /// Tables of closed windows, for reuse with their capacity.
    spare: Vec<Table>,
    /// The end of the last closed window.
    closed_before: i64,
    consumed: WindowCounts,
}

impl Windows {
    #[inline(always)]
    fn add(&mut self, key: u32, micros: i64) {
        let begin = micros - micros.rem_euclid(WINDOW_MICROS);
        match self.open.iter_mut().find(|(open, _)| *open == begin) {
            Some((_, table)) => table.add(key),
            None => self.open_with(key, begin),
        }
    }

    #[cold]
    fn open_with(&mut self, key: u32, begin: i64) {
        // Late events are dropped.
        if begin < self.closed_before {
            return;
        }
        let mut table = self.spare.pop().unwrap_or_default();
        table.add(key);
        self.open.push((begin, table));
    }

    /// Consumes the windows that end at or before the watermark.
    fn close_before(&mut self, watermark: i64) {
        while let Some(at) = self.open.iter().position(|(begin, _)| begin.saturating_add(WINDOW_MICROS) <= watermark) {
            let (begin, mut table) = self.open.swap_remove(at);
            self.closed_before = self.closed_before.max(begin + WINDOW_MICROS);
            table.take(|key, count| self.consumed.add(key, begin, count));
            self.spare.push(table);
        }
    }
}

/// Counts by key, with linear probing from the slot of the key's hash.
struct Table {
    /// The key in the upper half and the count in the lower half. The count is 0 in a free slot.
    slots: Vec<u64>,
    keys: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self { slots: vec![0; 1 << 10], keys: 0 }
    }
}

impl Table {
    #[inline(always)]
    fn add(&mut self, key: u32) {
        let at = self.slot_of(key);
        let slot = &mut self.slots[at];
        if *slot == 0 {
            *slot = u64::from(key) << 32 | 1;
            self.keys += 1;
            if self.keys * 2 > self.slots.len() {
                self.grow();
            }
        } else {
            *slot += 1;
        }
    }

    #[inline(always)]
    fn slot_of(&self, key: u32) -> usize {
        let mask = self.slots.len() - 1;
        // Another product than the one that chose the thread.
        let mut at = (u64::from(key).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 24) as usize & mask;
        while self.slots[at] != 0 && (self.slots[at] >> 32) as u32 != key {
            at = (at + 1) & mask;
        }
        at
    }

    #[cold]
    fn grow(&mut self) {
        let larger = vec![0; self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot != 0 {
                let at = self.slot_of((slot >> 32) as u32);
                self.slots[at] = slot;
            }
        }
    }

    /// Passes all counts, and clears the table but keeps its capacity.
    fn take(&mut self, mut see: impl FnMut(u32, u64)) {
        for slot in &mut self.slots {
            if *slot != 0 {
                see((*slot >> 32) as u32, *slot & u64::from(u32::MAX));
            }
            *slot = 0;
        }
        self.keys = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fs;

    use super::*;
    use crate::data::events::EventCount;

    #[test]
    fn each_event_counts_in_its_window() {
        let folder = tempfile::tempdir().unwrap();
        events::ensure(folder.path(), EventCount { events: 60_000, keys: 2_500 }).unwrap();
        let path = events::binary(folder.path());
        let mut expected: HashMap<(u32, i64), u64> = HashMap::new();
        for event in fs::read(&path).unwrap().as_chunks::<EVENT_BYTES>().0 {
            let key = u32::from_le_bytes(*event.first_chunk().unwrap());
            let micros = i64::from_le_bytes(*event.last_chunk().unwrap());
            *expected.entry((key, micros.div_euclid(WINDOW_MICROS) * WINDOW_MICROS)).or_default() += 1;
        }
        let mut sums = WindowCounts::default();
        expected.iter().for_each(|(&(key, begin), &count)| sums.add(key, begin, count));
        for threads in [1, 2, 3] {
            assert_eq!(count(&path, threads).unwrap(), sums, "{threads}");
        }
    }
}
