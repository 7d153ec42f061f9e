//! Columns of byte strings and lists, under construction.

use std::ops::Range;

use crate::row::{Datum, LeafType, show_leaf};

use super::batch::Batch;
use super::slot;
use super::slot::{INLINE_BYTES, Slot};

/// A column of byte strings, or of lists, under construction.
#[derive(Debug)]
pub struct ListColumn {
    pub(crate) ty: LeafType,
    pub(crate) views: Vec<Slot>,
    /// The values that are not inline. Each begins at a word, so that lists are aligned.
    pub(crate) own: Vec<u128>,
    /// Values are longer than views can address. No batch can be made of them.
    pub(crate) too_long: bool,
}

impl ListColumn {
    /// An empty column of [`LeafType::Bytes`], [`LeafType::List`], or another type of lists.
    #[must_use]
    pub fn new(ty: LeafType) -> Self {
        ListColumn { ty, views: Vec::new(), own: Vec::new(), too_long: false }
    }

    /// Keeps the first `values` values.
    pub fn truncate(&mut self, values: usize) {
        self.views.truncate(values);
        if values == 0 {
            self.own.clear();
            self.too_long = false;
        }
    }

    /// Removes each value from position `first` on for which `keep` is `false`. `keep[0]` is for
    /// value `first`. Values after the end of `keep` stay.
    pub fn retain(&mut self, first: usize, keep: &[bool]) {
        let mut index = 0;
        self.views.retain(|_| {
            index += 1;
            index <= first || keep.get(index - 1 - first).is_none_or(|&kept| kept)
        });
    }

    /// Adds the records of a batch as a list, or as a map. The entries of a map may be in any
    /// order.
    ///
    /// # Errors
    /// Returns the first duplicate key of a map, as text.
    pub fn push_records(&mut self, batch: &Batch<'_>) -> Result<(), String> {
        self.push_records_of(batch, 0..batch.rows())
    }

    /// As [`ListColumn::push_records`], for a range of rows of the batch. Rows out of range are
    /// ignored.
    ///
    /// # Errors
    /// As there.
    pub fn push_records_of(&mut self, batch: &Batch<'_>, rows: Range<usize>) -> Result<(), String> {
        let LeafType::Items(items) = self.ty else {
            self.push(&[]);
            return Ok(());
        };
        let types = items.layout().types();
        let fits = types.iter().enumerate().all(|(leaf, &ty)| batch.leaf(leaf).ty == ty);
        debug_assert!(fits, "other leaves than those of {items}");
        let record = |row| types.iter().enumerate().map(|(leaf, &ty)| batch.datum(leaf, ty, row)).collect();
        let mut records: Vec<Vec<Datum>> = rows.filter(|&row| fits && row < batch.rows()).map(record).collect();
        if items.is_map() {
            records.sort_by(|left, right| items.compare_keys(left, right));
            if let Some(twice) = records.windows(2).find(|pair| items.compare_keys(&pair[0], &pair[1]).is_eq()) {
                let mut shown = String::new();
                show_leaf(types[0], &twice[0][0], &mut shown);
                return Err(shown);
            }
        }
        self.push_checked(&items.encode(records.iter().map(Vec::as_slice)));
        Ok(())
    }

    /// Adds a value: its bytes, or the little-endian bytes of its elements. An incomplete last
    /// element is dropped. Bytes that are not a valid list of records become the empty list.
    pub fn push(&mut self, bytes: &[u8]) {
        match self.ty {
            LeafType::Items(items) if !items.are_stored(bytes) => self.push_checked(&[]),
            _ => self.push_checked(bytes),
        }
    }

    fn push_checked(&mut self, bytes: &[u8]) {
        let width = self.ty.element_width();
        let elements = bytes.len() / width;
        let view = match u32::try_from(self.own.len() * size_of::<u128>()) {
            _ if elements == 0 => 0,
            _ if width == 1 && elements <= INLINE_BYTES => slot::inline(bytes),
            Ok(place) if u32::try_from(bytes.len()).is_ok() => {
                let word = |part: &[u8]| {
                    let mut word = [0; 16];
                    word[..part.len()].copy_from_slice(part);
                    u128::from_le_bytes(word)
                };
                self.own.extend(bytes.chunks(16).map(word));
                if width == 1 { slot::outside(bytes, 0, place) } else { slot::list(elements, place) }
            }
            _ => {
                self.too_long = true;
                0
            }
        };
        self.views.push(view);
    }
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Input, Selection};
    use super::super::columns::Columns;
    use super::*;
    use crate::row::Element;

    #[test]
    fn lists_are_aligned_and_short_byte_strings_are_inline() {
        let (mut lists, mut strings) =
            (ListColumn::new(LeafType::List(Element::I128)), ListColumn::new(LeafType::Bytes));
        let values: [&[i128]; 4] = [&[1], &[], &[-2, 3], &[4]];
        let bytes: [&[u8]; 4] = [b"a byte string of some length", b"", b"short", b"thirteen byte"];
        for (list, bytes) in values.iter().zip(bytes) {
            lists.push(&list.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>());
            strings.push(bytes);
        }
        strings.push(b"one that is taken back");
        strings.truncate(4);
        let mut columns = Columns::new(4);
        columns.list(&lists).unwrap();
        columns.list(&strings).unwrap();
        let batch = columns.finish();
        let mut selection = Selection::default();
        selection.fill(0..4);
        Input::new(&batch, &selection).visit(|mut leaves, rows| {
            let (list, string) = (leaves.list::<i128>(), leaves.bytes());
            for row in 0..4 {
                assert_eq!(list.read(rows.get(row)), values[row]);
                assert_eq!(string.read(rows.get(row)), bytes[row]);
            }
        });
        assert!(Columns::new(4).list(&strings).is_ok() && Columns::new(5).list(&strings).is_err());
    }
}
