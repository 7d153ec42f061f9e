//! Pairs of rows of two batches, as joins hand them to kernels.

use std::marker::PhantomData;

use super::batch::Row;

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
