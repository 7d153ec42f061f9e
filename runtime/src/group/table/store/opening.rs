//! The rows that groups begin with.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::store::RowStore;
use crate::hash::{ROW_ALIGN, prefetch};
use crate::page::{Batch, LeafCopy, LeafPtr, heap_bytes, source_leaf};
use crate::row::Physical;

/// How far ahead new rows' lines are loaded: between looks at rows all over a table, the processor
/// does not see that they follow each other.
const AHEAD_BYTES: usize = 1024;

/// How rows of a batch open groups: what of them is copied, and what begins as zeros. Made once for
/// many rows.
pub(in crate::group::table) struct Opening {
    /// Leaves of eight bytes, which most are.
    words: SmallVec<[LeafCopy; 8]>,
    /// The others.
    parts: SmallVec<[LeafCopy; 8]>,
    /// Those of them with variable parts.
    slots: SmallVec<[LeafPtr; 4]>,
    /// Offsets of the words of a row that copies do not fill.
    zeros: SmallVec<[usize; 8]>,
}

impl Opening {
    /// Copies some leaves (of the table, of the batch).
    pub(in crate::group::table) fn of(store: &RowStore, batch: &Batch<'_>, copied: &[(usize, usize)]) -> Self {
        let layout = &store.layout;
        let part = |&(to, from): &(usize, usize)| {
            Some(LeafCopy { from: source_leaf(batch, from, layout.types()[to]), offset: layout.offset(to)? })
        };
        let parts: SmallVec<[LeafCopy; 8]> = copied.iter().filter_map(part).collect();
        let is_filled =
            |byte: usize| parts.iter().any(|part| (part.offset..part.offset + part.width()).contains(&byte));
        let words = (0..layout.width()).step_by(ROW_ALIGN);
        let zeros = words.filter(|&word| !(word..word + ROW_ALIGN).all(is_filled)).collect();
        let slots: SmallVec<[LeafPtr; 4]> =
            parts.iter().map(|part| part.from).filter(|from| from.ty.physical() == Physical::Slot).collect();
        let (words, parts) = parts.into_iter().partition(|part| part.from.ty.physical() == Physical::W8);
        Opening { words, parts, slots, zeros }
    }
}

impl RowStore {
    /// A new group's row.
    ///
    /// # Safety
    /// `row` is a row of the batch that the opening was made for.
    #[inline]
    pub(in crate::group::table) unsafe fn open_row(
        &mut self,
        opening: &Opening,
        row: usize,
        part: usize,
    ) -> Result<Option<usize>> {
        // SAFETY: the caller's promise.
        let heap = if opening.slots.is_empty() { 0 } else { unsafe { heap_bytes(&opening.slots, row) } };
        let Some(place) = self.claim(part, heap)? else { return Ok(None) };
        prefetch(self.base.wrapping_add(place + AHEAD_BYTES));
        // SAFETY: the row was claimed just now: the layout's width, a multiple of the words', at
        // `place` belongs to it; `row` is a row of the batch, and the heap room that its slots need
        // was claimed.
        unsafe {
            for &word in &opening.zeros {
                self.in_place.write(place + word, 0_u64);
            }
            for word in &opening.words {
                self.in_place.write::<u64>(place + word.offset, word.from.read(row));
            }
            if !opening.parts.is_empty() {
                self.parts[part].rows.copy_leaves(&opening.parts, &[row], &[place]);
            }
        }
        self.collect(part, heap);
        Ok(Some(place))
    }
}
