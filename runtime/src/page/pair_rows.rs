//! Pairs of rows of two batches, as joins hand them to kernels.

use std::marker::PhantomData;
use std::ops::Range;

use crate::row::LeafType;

use super::batch::{Batch, LeafReader, Row};

/// Pairs of a row that was looked up and one that a table has.
pub struct RowPairs<'b> {
    probe: Batch<'b>,
    stored: Batch<'b>,
    /// By pair: the row of the batch that was looked up, and of the table's.
    rows: [&'b [usize]; 2],
    is_stored_left: bool,
}

/// Where a record lies that pairs are seen with ([`RowPairs::seen`]).
#[derive(Clone, Copy)]
pub enum PairSource<'p> {
    /// In the records of the left side, 0, or of the right one.
    Side(usize),
    /// In a batch that has a row for each pair: for the first pair that is seen its first one.
    Batch(&'p Batch<'p>),
}

/// A record that pairs are seen with ([`RowPairs::seen`]): where it lies, and its leaves as [`Batch::arranged`] takes them.
pub type SeenRecord<'p, 'l> = (PairSource<'p>, &'l [(Option<usize>, LeafType)]);

impl<'b> RowPairs<'b> {
    /// Pairs of rows of `probe` and of `stored`, by number. `is_stored_left` says which side of a join the table is.
    ///
    /// # Safety
    /// The rows are rows of their batches.
    pub(crate) unsafe fn new(sides: [Batch<'b>; 2], rows: [&'b [usize]; 2], is_stored_left: bool) -> Self {
        let [probe, stored] = sides;
        RowPairs { probe, stored, rows, is_stored_left }
    }

    /// Pairs of rows of a left and a right batch, by number; none where a number is no row of its batch.
    #[must_use]
    pub fn any<'r>(left: Batch<'r>, right: Batch<'r>, rows: &'r [Vec<usize>; 2]) -> Option<RowPairs<'r>> {
        let [of_left, of_right] = rows;
        let fits = |rows: &[usize], batch: &Batch<'_>| rows.iter().all(|&row| row < batch.rows());
        let is_right = of_left.len() == of_right.len() && fits(of_left, &left) && fits(of_right, &right);
        // SAFETY: the rows are rows of their batches.
        is_right.then(|| unsafe { RowPairs::new([left, right], [of_left, of_right], false) })
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows[0].len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `f` with the leaves of the join's left and right side, and the pairs: so the user's closure is compiled once, whichever side is stored.
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'l, 'r> FnOnce(LeafReader<'l>, LeafReader<'r>, PairRows<'l, 'r>) -> R) -> R {
        let (probe, stored) = ((&self.probe, self.rows[0]), (&self.stored, self.rows[1]));
        let (left, right) = if self.is_stored_left { (stored, probe) } else { (probe, stored) };
        f(LeafReader::new(left.0), LeafReader::new(right.0), PairRows::new(left.1, right.1))
    }

    /// Some of the pairs as pairs of other records: the left and the right one.
    /// `numbers` are 0, 1, 2 and so on, as many as pairs are asked for; where they are not, or a batch has fewer rows, there are no pairs.
    #[must_use]
    pub fn seen<'p>(
        &'p self,
        range: Range<usize>,
        records: [SeenRecord<'p, '_>; 2],
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
        // SAFETY: the rows of a side are rows of its batch, which these pairs were made of; those of another batch were held against it.
        unsafe { RowPairs::new([left, right], [&left_rows[..pairs], &right_rows[..pairs]], false) }
    }

    /// The records of the left side, 0, or of the right one, and by pair which of them.
    pub(super) fn side(&self, side: usize) -> (&Batch<'b>, &'b [usize]) {
        if (side == 0) == self.is_stored_left { (&self.stored, self.rows[1]) } else { (&self.probe, self.rows[0]) }
    }

    /// The left and the right record of one pair, as batches of one row: for messages.
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
pub struct PairRows<'l, 'r> {
    left: &'l [usize],
    right: &'r [usize],
    #[allow(clippy::type_complexity, reason = "two brands")]
    brands: PhantomData<(fn(&'l ()) -> &'l (), fn(&'r ()) -> &'r ())>,
}

impl<'l, 'r> PairRows<'l, 'r> {
    pub(crate) fn new(left: &'l [usize], right: &'r [usize]) -> Self {
        PairRows { left, right, brands: PhantomData }
    }

    /// How many.
    #[inline(always)]
    #[must_use]
    pub fn len(self) -> usize {
        self.left.len()
    }

    /// Whether there is none.
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
