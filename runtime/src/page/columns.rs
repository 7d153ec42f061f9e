//! Batches over decoded columns. Sources return these without building rows.

#[cfg(feature = "arrow")]
mod arrow;

use std::marker::PhantomData;

use bytes::Bytes;
use smallvec::SmallVec;

use super::batch::{Batch, LeafPtr};
use super::list_column::ListColumn;
use super::plain::Plain;
use super::slot::{self, INLINE_BYTES, Slot};
use crate::error::{Error, Result};
use crate::row::{LeafType, Physical};
#[cfg(feature = "arrow")]
pub use arrow::empty_where_null;

/// Bytes that were checked to be UTF-8.
#[derive(Clone, Debug, Default)]
pub struct Utf8(Bytes);

impl Utf8 {
    /// Checks the bytes.
    ///
    /// # Errors
    /// Returns the offset of the first byte that is not UTF-8.
    pub fn check(bytes: Bytes) -> Result<Self, usize> {
        match simdutf8::basic::from_utf8(&bytes) {
            Ok(_) => Ok(Utf8(bytes)),
            Err(_) => Err(std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len)),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // SAFETY: checked when it was made; `Bytes` does not change.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }
}

/// A column of texts under construction. Texts are ranges of shared buffers, or copies in the
/// column's own buffer.
#[derive(Debug, Default)]
pub struct TextColumn {
    views: Vec<Slot>,
    /// Buffer 0: copied texts.
    own: String,
    /// Buffers 1, 2, …
    buffers: Vec<Utf8>,
    /// Texts are longer than views can address. No batch can be made of them.
    too_long: bool,
}

impl TextColumn {
    /// Removes all texts and buffers.
    pub fn clear(&mut self) {
        self.views.clear();
        self.own.clear();
        self.too_long = false;
        self.buffers.clear();
    }

    /// Reserves memory for `texts` more texts.
    pub fn reserve(&mut self, texts: usize) {
        self.views.reserve(texts);
    }

    /// Keeps the first `texts` texts, and all buffers.
    pub fn truncate(&mut self, texts: usize) {
        self.views.truncate(texts);
    }

    /// Removes each text from position `first` on for which `keep` is `false`. `keep[0]` is for
    /// text `first`. Texts after the end of `keep` stay.
    pub fn retain(&mut self, first: usize, keep: &[bool]) {
        let mut index = 0;
        self.views.retain(|_| {
            index += 1;
            index <= first || keep.get(index - 1 - first).is_none_or(|&kept| kept)
        });
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Returns `true` if there are no texts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// Allocated bytes of views and copied texts.
    #[must_use]
    pub fn capacity_bytes(&self) -> usize {
        self.views.capacity() * size_of::<Slot>() + self.own.capacity()
    }

    /// Adds a buffer for the next calls of [`push_range`](TextColumn::push_range).
    pub fn add_buffer(&mut self, buffer: Utf8) {
        self.buffers.push(buffer);
    }

    /// Adds a range of the last buffer as a text. Adds the empty text if the range is not within
    /// the buffer, or splits a character.
    #[inline]
    pub fn push_range(&mut self, range: std::ops::Range<usize>) {
        let index = self.buffers.len() as u32;
        let text = self.buffers.last().and_then(|buffer| buffer.as_str().get(range.clone())).unwrap_or_default();
        let view = match u32::try_from(range.start) {
            _ if text.len() <= INLINE_BYTES => slot::inline(text.as_bytes()),
            Ok(start) if u32::try_from(text.len()).is_ok() => slot::outside(text.as_bytes(), index, start),
            _ => return self.push_str_at(range),
        };
        self.views.push(view);
    }

    #[cold]
    fn push_str_at(&mut self, range: std::ops::Range<usize>) {
        let text = self.buffers.last().and_then(|buffer| buffer.as_str().get(range)).unwrap_or_default().to_owned();
        self.push_str(&text);
    }

    /// Adds texts of another column, by position. That column must have no copied texts. Its
    /// buffers must be the first ones of this column, or begin with them.
    ///
    /// Returns `None` if one of these does not hold, or a position is out of range.
    pub fn look_up(&mut self, texts: &TextColumn, positions: &[u32]) -> Option<()> {
        let same = |(left, right): (&Utf8, &Utf8)| left.0.as_ptr() == right.0.as_ptr() && left.0.len() == right.0.len();
        let begin_alike = self.buffers.iter().zip(&texts.buffers).all(same);
        if !begin_alike || !texts.own.is_empty() || texts.too_long {
            return None;
        }
        let known = self.buffers.len().min(texts.buffers.len());
        self.buffers.extend_from_slice(&texts.buffers[known..]);
        look_up(&texts.views, positions, &mut self.views)
    }

    /// Adds a copy of a text.
    pub fn push_str(&mut self, text: &str) {
        let view = if text.len() <= INLINE_BYTES {
            slot::inline(text.as_bytes())
        } else {
            let place = u32::try_from(self.own.len()).ok().filter(|_| u32::try_from(text.len()).is_ok());
            match place {
                Some(place) => {
                    self.own.push_str(text);
                    slot::outside(text.as_bytes(), 0, place)
                }
                None => {
                    self.too_long = true;
                    0
                }
            }
        };
        self.views.push(view);
    }
}

/// Appends `values[position]` for each position. Returns `None` if a position is out of range.
///
/// Checks four positions together before it looks them up: 0.3 to 0.7 ns a value. A check for each
/// value takes twice as long. Output memory that is cleared first takes up to twice as long, too.
pub fn look_up<T: Copy>(values: &[T], positions: &[u32], out: &mut Vec<T>) -> Option<()> {
    out.reserve(positions.len());
    let room = out.spare_capacity_mut().get_mut(..positions.len())?;
    let (fours, rest) = room.as_chunks_mut::<4>();
    let (position_fours, position_rest) = positions.as_chunks::<4>();
    for (out, positions) in fours.iter_mut().zip(position_fours) {
        if positions.iter().any(|&position| position as usize >= values.len()) {
            return None;
        }
        out.iter_mut().zip(positions).for_each(|(out, &position)| _ = out.write(values[position as usize]));
    }
    for (out, &position) in rest.iter_mut().zip(position_rest) {
        out.write(*values.get(position as usize)?);
    }
    // SAFETY: a value was written for each position, into capacity reserved after the existing
    // values.
    unsafe { out.set_len(out.len() + positions.len()) };
    Some(())
}

/// Columns of equal length, one for each leaf of a record, that become a [`Batch`].
pub struct Columns<'a> {
    rows: usize,
    leaves: SmallVec<[LeafPtr; 8]>,
    buffer_lists: Vec<Box<[*const u8]>>,
    lifetime: PhantomData<&'a ()>,
}

impl<'a> Columns<'a> {
    /// Columns of `rows` rows, without leaves yet.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Columns { rows, leaves: SmallVec::new(), buffer_lists: Vec::new(), lifetime: PhantomData }
    }

    /// Adds a leaf that is never read.
    pub fn dead(&mut self, ty: LeafType) {
        self.leaves.push(LeafPtr::dead(ty));
    }

    /// Adds a validity leaf that is "valid" for every row.
    pub fn all_valid(&mut self) {
        self.leaves.push(LeafPtr::valid());
    }

    /// Adds a leaf of plain values. Their bits are read as values of `ty`, so `P` must be its Rust
    /// type, or an integer with the same bits: `f64::to_bits`, 0 or 1 for a `bool`, days of a
    /// `Date`.
    ///
    /// # Errors
    /// Fails if there are fewer `values` than rows, or if they have another width than `ty`.
    pub fn plain<P: Plain>(&mut self, ty: LeafType, values: &'a [P]) -> Result<()> {
        if ty.physical() == Physical::Slot || ty.width() != size_of::<P>() || values.len() < self.rows {
            return Err(Error::Connector(format!(
                "column {} has {} values of {} bytes, and the batch {} rows of {ty}; pass one value per row, with the width of the leaf's type",
                self.leaves.len() + 1,
                values.len(),
                size_of::<P>(),
                self.rows
            )));
        }
        self.leaves.push(LeafPtr::rows(values.as_ptr().cast(), size_of::<P>(), ty));
        Ok(())
    }

    /// Adds a leaf of plain values within records of one width. Row `i` begins at `i * stride +
    /// offset`. Any bytes are a value.
    ///
    /// # Errors
    /// Fails if `bytes` are too few, or if `ty` is not a plain type.
    pub fn within(&mut self, ty: LeafType, bytes: &'a [u8], offset: usize, stride: usize) -> Result<()> {
        let end = self.rows.checked_sub(1).map(|last| last.saturating_mul(stride).saturating_add(offset + ty.width()));
        if ty.physical() == Physical::Slot || end.is_some_and(|end| end > bytes.len()) {
            let (rows, length) = (self.rows, bytes.len());
            return Err(Error::Internal(format!(
                "a column of {length} bytes, {stride} a row, for {rows} rows of {ty}"
            )));
        }
        self.leaves.push(LeafPtr::rows(bytes.as_ptr().wrapping_add(offset), stride, ty));
        Ok(())
    }

    /// Adds a leaf of texts.
    ///
    /// # Errors
    /// Fails if there are fewer texts than rows, or if they have more than 4 GiB.
    pub fn text(&mut self, column: &'a TextColumn) -> Result<()> {
        if column.too_long {
            return Err(too_long("text"));
        }
        let own = std::iter::once(column.own.as_ptr());
        let starts = own.chain(column.buffers.iter().map(|buffer| buffer.0.as_ptr())).collect();
        // Views were made by `TextColumn`: each is inside its buffer, at character boundaries.
        self.views(LeafType::Text, &column.views, starts)
    }

    /// Adds a leaf of byte strings or lists.
    ///
    /// # Errors
    /// Fails if there are fewer values than rows, or if they have more than 4 GiB.
    pub fn list(&mut self, column: &'a ListColumn) -> Result<()> {
        if column.too_long {
            return Err(too_long("lists"));
        }
        // Views were made by `ListColumn`: each is inside its words, and begins at one.
        self.views(column.ty, &column.views, [column.own.as_ptr().cast()].into())
    }

    fn views(&mut self, ty: LeafType, views: &'a [Slot], starts: Box<[*const u8]>) -> Result<()> {
        if views.len() < self.rows {
            return Err(Error::Connector(format!(
                "column {} has {} texts or lists, and the batch {} rows; pass one value per row",
                self.leaves.len() + 1,
                views.len(),
                self.rows
            )));
        }
        let base = views.as_ptr().cast();
        // A box's bytes do not move with the box.
        let buffers = if starts.is_empty() { std::ptr::NonNull::dangling().as_ptr() } else { starts.as_ptr() };
        self.leaves.push(LeafPtr { base, stride: size_of::<Slot>(), buffers, ty });
        self.buffer_lists.push(starts);
        Ok(())
    }

    /// The batch.
    #[must_use]
    pub fn finish(self) -> Batch<'a> {
        // SAFETY: each leaf was checked to hold `rows` values of its type and is borrowed for 'a;
        // views point into buffers that are borrowed for 'a, through `buffer_lists`, which the
        // batch keeps.
        unsafe { Batch::from_leaves(self.rows, self.leaves) }.with_buffer_lists(self.buffer_lists)
    }
}

fn too_long(what: &str) -> Error {
    let message = format!("one batch has more than 4 GiB of {what}");
    Error::Data { path: "a column".into(), place: String::new(), message }
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Input, Selection};
    use super::*;

    #[test]
    fn values_within_records_are_read_in_place() {
        // Records of a byte and an integer, without padding.
        let bytes = [1, 10, 0, 0, 0, 2, 20, 0, 0, 0, 3, 30, 0, 0, 0];
        let mut columns = Columns::new(3);
        columns.within(LeafType::U8, &bytes, 0, 5).unwrap();
        columns.within(LeafType::U32, &bytes, 1, 5).unwrap();
        let batch = columns.finish();
        let read: Vec<_> = (0..3).map(|row| (batch.leaf_bits(0, row), batch.leaf_bits(1, row))).collect();
        assert_eq!(read, [(1, 10), (2, 20), (3, 30)]);
        assert!(Columns::new(3).within(LeafType::U32, &bytes, 2, 5).is_err());
        assert!(Columns::new(4).within(LeafType::U8, &bytes, 0, 5).is_err());
        assert!(Columns::new(1).within(LeafType::Text, &bytes, 0, 5).is_err());
        assert!(Columns::new(0).within(LeafType::U32, &[], 2, 5).is_ok());
    }

    #[test]
    fn windows_of_columns_are_limited_by_bytes() {
        let mut column = TextColumn::default();
        let lengths = [10, 40_000, 40_000, 40_000, 40_000, 400_000, 10, 10];
        lengths.iter().for_each(|&length| column.push_str(&"x".repeat(length)));
        let mut columns = Columns::new(column.len());
        columns.text(&column).unwrap();
        let batch = columns.finish();
        let ends = std::iter::successors(Some(0), |&start| (start < 8).then(|| batch.window_end(start)));
        assert_eq!(ends.collect::<Vec<_>>(), [0, 4, 5, 6, 8]);
    }

    #[test]
    fn texts_are_read_from_buffers_slots_and_copies() {
        let mut column = TextColumn::default();
        column.add_buffer(Utf8::check(Bytes::from_static(b"first buffer, with a long text")).unwrap());
        column.push_range(0..5);
        column.push_range(6..30);
        column.push_str("a text that stands nowhere else");
        column.add_buffer(Utf8::check(Bytes::from("zwei, ebenfalls mit äöü".as_bytes().to_vec())).unwrap());
        column.push_range(0..24);
        // The last character has the bytes 24 and 25.
        column.push_range(0..25);
        let mut columns = Columns::new(5);
        columns.text(&column).unwrap();
        let batch = columns.finish();
        let mut selection = Selection::default();
        selection.fill(0..5);
        let read = Input::new(&batch, &selection).visit(|mut leaves, rows| {
            let text = leaves.text();
            (0..rows.len()).map(|row| text.read(rows.get(row)).to_owned()).collect::<Vec<_>>()
        });
        let expected =
            ["first", "buffer, with a long text", "a text that stands nowhere else", "zwei, ebenfalls mit äö", ""];
        assert_eq!(read, expected);
        assert_eq!(Utf8::check(Bytes::from_static(b"ab\xffcd")).unwrap_err(), 2);
    }
}
