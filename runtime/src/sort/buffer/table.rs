//! Large arrays of entries.

use std::ops::{Deref, DerefMut};

use memmap2::{Advice, MmapMut, MmapOptions};

use crate::sort::key::WideKey;

/// Arrays from here on are memory of their own, in large pages: entries are written all over them.
const LARGE_BYTES: usize = 4 << 20;

/// What may be read where all bytes are zero.
///
/// # Safety
/// All bytes zero are a value, it needs no `Drop`, and no more than 16 bytes of alignment.
pub(crate) unsafe trait Blank: Copy {}

// SAFETY: numbers.
unsafe impl Blank for (u64, usize) {}
// SAFETY: numbers.
unsafe impl Blank for (WideKey, usize) {}

/// An array of a fixed length.
pub(crate) struct Table<T> {
    memory: Held<T>,
    len: usize,
}

enum Held<T> {
    Small(Vec<T>),
    Large(MmapMut),
}

impl<T: Blank> Table<T> {
    /// So many entries; whoever makes it has reserved them.
    pub(crate) fn new(len: usize) -> Self {
        let bytes = len * size_of::<T>();
        let large = (bytes >= LARGE_BYTES).then(|| MmapOptions::new().len(bytes).map_anon().ok()).flatten();
        let memory = match large {
            Some(map) => {
                // Fewer and larger page faults; the system may decline, which costs only time.
                let _ = map.advise(Advice::HugePage);
                Held::Large(map)
            }
            // SAFETY: a value of zero bytes is there for each.
            None => Held::Small(vec![unsafe { std::mem::zeroed() }; len]),
        };
        Table { memory, len }
    }

    /// Forgets the entries from a position on; their memory stays.
    pub(crate) fn truncate(&mut self, len: usize) {
        if let Held::Small(entries) = &mut self.memory {
            entries.truncate(len);
        }
        self.len = self.len.min(len);
    }
}

impl<T> Deref for Table<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.memory {
            Held::Small(entries) => entries,
            // SAFETY: the map has room for `len` entries, as `new` made it; it is aligned as a page is; its bytes were zero, which are
            // values, or are entries that were written since.
            Held::Large(map) => unsafe { std::slice::from_raw_parts(map.as_ptr().cast(), self.len) },
        }
    }
}

impl<T> DerefMut for Table<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.memory {
            Held::Small(entries) => entries,
            // SAFETY: as `deref`; `&mut self` is the only way to it.
            Held::Large(map) => unsafe { std::slice::from_raw_parts_mut(map.as_mut_ptr().cast(), self.len) },
        }
    }
}
