//! New groups.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::groups::Groups;
use crate::group::table::{GroupTable, NewGroups};
use crate::hash::{KeyShape, ROW_ALIGN, hash_rows, prefetch, with_shape};
use crate::page::{Batch, Input, LeafPtr, Part, heap_bytes, source};
use crate::row::Physical;

/// How far ahead new rows' lines are loaded: between looks at rows all over a table, the processor does not see that they follow each other.
const AHEAD_BYTES: usize = 1024;

/// How rows of a batch open groups: what of them is copied, and what begins as zeros. Made once for many rows.
pub(crate) struct Opening {
    /// Leaves of eight bytes, which most are.
    words: SmallVec<[Part; 8]>,
    /// The others.
    parts: SmallVec<[Part; 8]>,
    /// Those of them with variable parts.
    slots: SmallVec<[LeafPtr; 4]>,
    /// Offsets of the words of a row that copies do not fill.
    zeros: SmallVec<[usize; 8]>,
}

impl Opening {
    /// Copies some leaves (of the table, of the batch).
    pub(crate) fn of(table: &GroupTable, batch: &Batch<'_>, copied: &[(usize, usize)]) -> Self {
        let layout = &table.layout;
        let part = |&(to, from): &(usize, usize)| {
            Some(Part { from: source(batch, from, layout.types()[to]), offset: layout.offset(to)? })
        };
        let parts: SmallVec<[Part; 8]> = copied.iter().filter_map(part).collect();
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

impl GroupTable {
    /// Opens a group for each row, which no other row finds.
    pub(crate) fn open_each(
        &mut self,
        input: &Input<'_>,
        key: &[usize],
        opening: &Opening,
        groups: &mut Groups,
    ) -> Result<()> {
        groups.hashes.clear();
        if self.is_split() {
            hash_rows(input, key, &mut groups.hashes);
        }
        for (position, &row) in input.selection().rows().iter().enumerate() {
            let part = groups.hashes.get(position).map_or(0, |&hash| self.part_of(hash));
            // SAFETY: rows of an input are rows of its batch, which the opening was made for.
            let place = unsafe { self.open_row(opening, row as usize, part)? };
            let Some(place) = place else {
                // Where one was refused, others would be.
                groups.missed.extend(position as u32..input.len() as u32);
                break;
            };
            groups.places.push(place);
        }
        self.unindexed += groups.places.len();
        groups.fresh.extend(0..groups.places.len() as u32);
        Ok(())
    }

    /// A new group's row, in the index; `None` where memory is refused.
    ///
    /// # Safety
    /// `row` is a row of the batch that the opening was made for.
    #[inline]
    pub(crate) unsafe fn open(&mut self, opening: &Opening, row: usize, hash: u64) -> Result<Option<usize>> {
        if self.new_groups == NewGroups::Refused || self.index.is_full(hash) && !self.grow_index(hash)? {
            return Ok(None);
        }
        // SAFETY: the caller's promise.
        let place = unsafe { self.open_row(opening, row, self.part_of(hash))? };
        place.iter().for_each(|&place| self.index.insert(hash, place));
        Ok(place)
    }

    /// Makes room in the index for a row with this hash; whether there is memory for it.
    #[cold]
    fn grow_index(&mut self, hash: u64) -> Result<bool> {
        let (is_split, stored) = (self.is_split(), self.stored_key());
        let hash_of = |place| {
            // SAFETY: the index holds places of this table's rows.
            with_shape!(&stored, shape => unsafe { shape.hash(place) })
        };
        if !self.may_take(self.index.growth_bytes(hash, is_split, hash_of)) {
            return Ok(false);
        }
        self.index.grow(hash, is_split, hash_of)?;
        Ok(true)
    }

    /// A new group's row.
    ///
    /// # Safety
    /// As `open`.
    #[inline]
    unsafe fn open_row(&mut self, opening: &Opening, row: usize, part: usize) -> Result<Option<usize>> {
        // SAFETY: the caller's promise.
        let heap = if opening.slots.is_empty() { 0 } else { unsafe { heap_bytes(&opening.slots, row) } };
        let Some(place) = self.claim(part, heap)? else { return Ok(None) };
        prefetch(self.base.wrapping_add(place + AHEAD_BYTES));
        // SAFETY: the row was claimed just now: the layout's width, a multiple of the words', at `place` belongs to it; `row` is a row of the
        // batch, and the heap room that its slots need was claimed.
        unsafe {
            for &word in &opening.zeros {
                self.in_place.write(place + word, 0_u64);
            }
            for word in &opening.words {
                self.in_place.write::<u64>(place + word.offset, word.from.read(row));
            }
            if !opening.parts.is_empty() {
                self.parts[part].rows.copy_parts(&opening.parts, &[row], &[place]);
            }
        }
        self.collect(part, heap);
        Ok(Some(place))
    }
}
