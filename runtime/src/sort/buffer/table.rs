//! Large arrays of index entries.

use std::ops::{Deref, DerefMut};

use memmap2::{Advice, MmapMut, MmapOptions};

use crate::sort::key::WideKey;

/// Arrays of at least this size are mapped with large pages, because entries are written all over
/// them.
const LARGE_BYTES: usize = 4 << 20;

/// Types with a value of which all bytes are zero.
///
/// # Safety
/// All bytes zero are a value, it needs no `Drop`, and no more than 16 bytes of alignment.
pub(crate) unsafe trait Zeroable: Copy {}

// SAFETY: numbers.
unsafe impl Zeroable for (u64, usize) {}
// SAFETY: numbers.
unsafe impl Zeroable for (WideKey, usize) {}

/// An array of a fixed length.
pub(crate) struct Table<T> {
    memory: TableMemory<T>,
    len: usize,
}

enum TableMemory<T> {
    Small(Vec<T>),
    Large(MmapMut),
}

impl<T: Zeroable> Table<T> {
    /// `len` entries, all zero. The caller has reserved their memory.
    pub(crate) fn new(len: usize) -> Self {
        let bytes = len * size_of::<T>();
        let large = (bytes >= LARGE_BYTES).then(|| MmapOptions::new().len(bytes).map_anon().ok()).flatten();
        let memory = match large {
            Some(map) => {
                // Large pages cause fewer page faults. If the system declines, it only takes
                // longer.
                let _ = map.advise(Advice::HugePage);
                TableMemory::Large(map)
            }
            // SAFETY: a value of zero bytes is there for each.
            None => TableMemory::Small(vec![unsafe { std::mem::zeroed() }; len]),
        };
        Table { memory, len }
    }

    /// Drops the entries from `len` on. Their memory is not freed.
    pub(crate) fn truncate(&mut self, len: usize) {
        if let TableMemory::Small(entries) = &mut self.memory {
            entries.truncate(len);
        }
        self.len = self.len.min(len);
    }
}

impl<T> Deref for Table<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.memory {
            TableMemory::Small(entries) => entries,
            // SAFETY: the map has room for `len` entries, as `new` made it; it is aligned as a page
            // is; its bytes were zero, which are values, or are entries that were written since.
            TableMemory::Large(map) => unsafe { std::slice::from_raw_parts(map.as_ptr().cast(), self.len) },
        }
    }
}

impl<T> DerefMut for Table<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.memory {
            TableMemory::Small(entries) => entries,
            // SAFETY: as `deref`; `&mut self` is the only way to it.
            TableMemory::Large(map) => unsafe { std::slice::from_raw_parts_mut(map.as_mut_ptr().cast(), self.len) },
        }
    }
}
