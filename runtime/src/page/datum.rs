//! Boxed values in and out of batches. Slow and simple: for the reference interpreter and for
//! sources of single values.

use super::batch::Batch;
use super::run::FIRST_ROW;
use super::slot::{self, INLINE_BYTES};
use super::writer::{LIST_ALIGN, RowWriter};
use crate::error::{Error, Result};
use crate::row::{Datum, LeafType, Physical};

impl Batch<'_> {
    /// Returns one leaf of one row as a value.
    #[must_use]
    pub fn datum(&self, leaf: usize, ty: LeafType, row: usize) -> Datum {
        match ty.physical() {
            Physical::Slot => Datum::Bytes(self.leaf_bytes(leaf, row).into()),
            _ => Datum::Fixed(self.leaf_bits(leaf, row)),
        }
    }
}

impl RowWriter {
    /// Writes one row, leaf by leaf. Missing leaves are zero.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]. [`Error::Internal`] if a value is not of its leaf's type.
    pub fn append_datums(&mut self, row: &[Datum]) -> Result<()> {
        let layout = self.layout().clone();
        let mut heap = 0;
        for (&ty, datum) in layout.types().iter().zip(row) {
            if !datum.is_canonical(ty) {
                return Err(Error::Internal(format!("{datum:?} where {ty} is written")));
            }
            heap += match datum {
                Datum::Bytes(bytes) if ty.element_width() > 1 => bytes.len() + LIST_ALIGN,
                Datum::Bytes(bytes) if bytes.len() > INLINE_BYTES => bytes.len(),
                _ => 0,
            };
        }
        let Some(place) = self.claim(heap) else { return self.check() };
        let blank = Datum::Fixed(0);
        for (leaf, &ty) in layout.types().iter().enumerate() {
            let Some(offset) = layout.offset(leaf) else { continue };
            let bits = match (ty.physical(), row.get(leaf).unwrap_or(&blank)) {
                (Physical::Slot, Datum::Fixed(_)) => 0,
                (Physical::Slot, Datum::Bytes(bytes)) => self.datum_slot(ty, bytes),
                (_, datum) => datum.bits(),
            };
            self.put(place, offset, &bits.to_le_bytes()[..ty.width()]);
        }
        Ok(())
    }

    fn datum_slot(&mut self, ty: LeafType, bytes: &[u8]) -> u128 {
        let width = ty.element_width();
        match bytes.len() {
            0 => 0,
            length if width == 1 && length <= INLINE_BYTES => slot::inline(bytes),
            _ if width == 1 => self.push_heap(bytes, 1).map_or(0, |place| slot::outside(bytes, 0, place)),
            length => self.push_heap(bytes, LIST_ALIGN).map_or(0, |place| slot::list(length / width, place)),
        }
    }

    /// Writes bytes of a claimed row.
    fn put(&mut self, place: usize, offset: usize, bytes: &[u8]) {
        if let Some(run) = self.open_run() {
            let start = place - run.offset() + offset;
            debug_assert!(start >= FIRST_ROW);
            run.as_mut_slice()[start..start + bytes.len()].copy_from_slice(bytes);
        }
    }
}
