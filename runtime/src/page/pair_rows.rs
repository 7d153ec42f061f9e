//! Pairs of rows of two batches, as joins hand them to kernels.

use std::marker::PhantomData;

use super::batch::{Batch, LeafReader, Row};

/// Pairs of a row that was looked up and one that a table has.
pub struct RowPairs<'b> {
    probe: Batch<'b>,
    stored: Batch<'b>,
    /// By pair: the row of the batch that was looked up, and of the table's.
    rows: [&'b [usize]; 2],
    is_stored_left: bool,
}

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
