//! Pairs of rows of two batches: the output of joins, and the input of kernels.

use std::marker::PhantomData;
use std::ops::Range;

use crate::row::LeafType;

use super::batch::{Batch, LeafReader, Row};

/// Pairs of a probe row and a stored row of a table.
pub struct RowPairs<'b> {
    probe: Batch<'b>,
    stored: Batch<'b>,
    /// By pair: the row of the probe batch, and of the stored batch.
    rows: [&'b [usize]; 2],
    is_stored_left: bool,
}

/// Source of a record of mapped pairs ([`RowPairs::mapped`]).
#[derive(Clone, Copy)]
pub enum PairSource<'p> {
    /// The records of the left side (0), or of the right side (1).
    Side(usize),
    /// A batch with one row for each pair. Its first row is for the first pair of the range.
    Batch(&'p Batch<'p>),
}

/// Source and leaves of a record of mapped pairs ([`RowPairs::mapped`]). The leaves are as in
/// [`Batch::arranged`].
pub type MappedRecord<'p, 'l> = (PairSource<'p>, &'l [(Option<usize>, LeafType)]);

impl<'b> RowPairs<'b> {
    /// Pairs of rows of `probe` and of `stored`, by number. `is_stored_left` states whether the
    /// stored rows are the left side of the join.
    ///
    /// # Safety
    /// The rows are rows of their batches.
    pub(crate) unsafe fn new(sides: [Batch<'b>; 2], rows: [&'b [usize]; 2], is_stored_left: bool) -> Self {
        let [probe, stored] = sides;
        RowPairs { probe, stored, rows, is_stored_left }
    }

    /// Pairs of rows of a left and a right batch, by number. `None` if a number is out of range.
    #[must_use]
    pub fn checked<'r>(left: Batch<'r>, right: Batch<'r>, rows: &'r [Vec<usize>; 2]) -> Option<RowPairs<'r>> {
        let [of_left, of_right] = rows;
        let fits = |rows: &[usize], batch: &Batch<'_>| rows.iter().all(|&row| row < batch.rows());
        let is_valid = of_left.len() == of_right.len() && fits(of_left, &left) && fits(of_right, &right);
        // SAFETY: the rows are rows of their batches.
        is_valid.then(|| unsafe { RowPairs::new([left, right], [of_left, of_right], false) })
    }

    /// Number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows[0].len()
    }

    /// Returns `true` if there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `f` with the leaves of the join's left and right side, and the pairs. So the user's
    /// closure is compiled once for both build sides.
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'l, 'r> FnOnce(LeafReader<'l>, LeafReader<'r>, BrandedPairs<'l, 'r>) -> R) -> R {
        let (probe, stored) = ((&self.probe, self.rows[0]), (&self.stored, self.rows[1]));
        let (left, right) = if self.is_stored_left { (stored, probe) } else { (probe, stored) };
        f(LeafReader::new(left.0), LeafReader::new(right.0), BrandedPairs::new(left.1, right.1))
    }

    /// Maps a range of the pairs to pairs of other records, the left and the right one. `numbers`
    /// must be 0, 1, 2 and so on, one for each pair of the range. Without them, or if a batch has
    /// fewer rows, the result has no pairs.
    #[must_use]
    pub fn mapped<'p>(
        &'p self,
        range: Range<usize>,
        records: [MappedRecord<'p, '_>; 2],
        numbers: &'p [usize],
    ) -> RowPairs<'p> {
        let sides = records.map(|(of, leaves)| {
            let (batch, rows) = match of {
                PairSource::Side(side) => {
                    let (batch, rows) = self.side(side);
                    (batch, rows.get(range.clone()).unwrap_or_default())
                }
                PairSource::Batch(batch) => (batch, numbers.get(..range.len()).unwrap_or_default()),
            };
            let is_known = matches!(of, PairSource::Side(_)) || rows.iter().all(|&row| row < batch.rows());
            (batch.arranged(leaves), if is_known { rows } else { &[] })
        });
        let [(left, left_rows), (right, right_rows)] = sides;
        let pairs = left_rows.len().min(right_rows.len());
        // SAFETY: the rows of a side are rows of its batch, which these pairs were made of; those
        // of another batch were checked against it.
        unsafe { RowPairs::new([left, right], [&left_rows[..pairs], &right_rows[..pairs]], false) }
    }

    /// The records of the left side (0) or the right side (1), and the row of each pair there.
    pub(super) fn side(&self, side: usize) -> (&Batch<'b>, &'b [usize]) {
        if (side == 0) == self.is_stored_left { (&self.stored, self.rows[1]) } else { (&self.probe, self.rows[0]) }
    }

    /// The left and the right record of one pair, as batches of one row. For messages. `None` if
    /// `position` is out of range.
    #[must_use]
    pub fn pair(&self, position: usize) -> Option<[Batch<'_>; 2]> {
        let [probed, stored] = self.rows;
        let rows = [(&self.probe, *probed.get(position)?), (&self.stored, *stored.get(position)?)];
        let [probe, stored] = rows.map(|(batch, row)| {
            let leaves = (0..batch.leaf_count()).map(|leaf| batch.leaf(leaf));
            // SAFETY: the leaves are the batch's, and the row is a row of it.
            unsafe { Batch::from_leaves(batch.rows(), leaves).only_row(row) }
        });
        Some(if self.is_stored_left { [stored, probe] } else { [probe, stored] })
    }
}

/// Pairs of rows under the brands of both sides.
#[derive(Clone, Copy)]
pub struct BrandedPairs<'l, 'r> {
    left: &'l [usize],
    right: &'r [usize],
    #[allow(clippy::type_complexity, reason = "two brands")]
    brands: PhantomData<(fn(&'l ()) -> &'l (), fn(&'r ()) -> &'r ())>,
}

impl<'l, 'r> BrandedPairs<'l, 'r> {
    pub(crate) fn new(left: &'l [usize], right: &'r [usize]) -> Self {
        BrandedPairs { left, right, brands: PhantomData }
    }

    /// Number of pairs.
    #[inline(always)]
    #[must_use]
    pub fn len(self) -> usize {
        self.left.len()
    }

    /// Returns `true` if there are no pairs.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.left.is_empty()
    }

    /// The left and the right row of one pair.
    #[inline(always)]
    #[must_use]
    pub fn get(self, pair: usize) -> (Row<'l>, Row<'r>) {
        let left = Row { index: self.left[pair], brand: PhantomData };
        (left, Row { index: self.right[pair], brand: PhantomData })
    }
}
