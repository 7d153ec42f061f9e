//! [`RowLayout`]: offsets of the leaves in a row.

use super::{LeafSet, LeafType};

/// Version of the row and page format. Every page that leaves the process contains it.
pub const LAYOUT_VERSION: u16 = 1;

/// Byte offsets of the live leaves in the fixed part of a row.
///
/// Leaves are ordered by descending width, then as the fields, without gaps. The row's width is
/// rounded up to its widest leaf, at most 8. So a row of `(i64, f64)` has 16 bytes, and one of
/// `(u8, u32)` has
/// 8. Dead leaves take no bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowLayout {
    types: Box<[LeafType]>,
    offsets: Box<[u32]>,
    width: usize,
}

const DEAD: u32 = u32::MAX;

impl RowLayout {
    /// The layout of rows with these leaves. Only the leaves in `live` are stored.
    #[must_use]
    pub fn new(types: impl Into<Box<[LeafType]>>, live: &LeafSet) -> Self {
        let types = types.into();
        let mut order: Vec<usize> = (0..types.len()).filter(|&leaf| live.contains(leaf)).collect();
        order.sort_by_key(|&leaf| std::cmp::Reverse(types[leaf].width()));
        let mut offsets = vec![DEAD; types.len()].into_boxed_slice();
        let (mut end, mut widest) = (0, 1);
        for leaf in order {
            offsets[leaf] = end as u32;
            end += types[leaf].width();
            widest = widest.max(types[leaf].width().min(8));
        }
        // A row without leaves takes one byte, because rows are counted by their place.
        RowLayout { types, offsets, width: end.max(1).next_multiple_of(widest) }
    }

    /// The layout with all leaves live.
    #[must_use]
    pub fn full(types: impl Into<Box<[LeafType]>>) -> Self {
        let types = types.into();
        let live = LeafSet::all(types.len());
        Self::new(types, &live)
    }

    /// The same layout with its width rounded up to a multiple of `bytes`.
    #[must_use]
    pub fn aligned(mut self, bytes: usize) -> Self {
        self.width = self.width.next_multiple_of(bytes);
        self
    }

    /// The layout of the same bytes with other types. Each live leaf must keep its type, or be
    /// plain before and after, and not wider than before. `None` if the types do not fit.
    ///
    /// Rows are little-endian, so a narrower integer is the low end of the wider one.
    #[must_use]
    pub fn retyped(&self, types: impl Into<Box<[LeafType]>>) -> Option<Self> {
        let types = types.into();
        let fits = |leaf: usize| {
            let (old, new) = (self.types[leaf], types[leaf]);
            old == new
                || (old.physical() != super::Physical::Slot
                    && new.physical() != super::Physical::Slot
                    && new.width() <= old.width())
        };
        (types.len() == self.types.len() && (0..types.len()).all(|leaf| self.offset(leaf).is_none() || fits(leaf)))
            .then(|| RowLayout { types, offsets: self.offsets.clone(), width: self.width })
    }

    /// The types of all leaves, including dead ones.
    #[must_use]
    pub fn types(&self) -> &[LeafType] {
        &self.types
    }

    /// Offset of a leaf in a row. `None` if the leaf is dead.
    #[must_use]
    pub fn offset(&self, leaf: usize) -> Option<usize> {
        self.offsets.get(leaf).copied().filter(|&offset| offset != DEAD).map(|offset| offset as usize)
    }

    /// The live leaves.
    #[must_use]
    pub fn live(&self) -> LeafSet {
        (0..self.types.len()).filter(|&leaf| self.offset(leaf).is_some()).collect()
    }

    /// Bytes of the fixed part of one row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns `true` if a live leaf is a slot, which may point outside of the fixed part.
    #[must_use]
    pub fn has_slots(&self) -> bool {
        (0..self.types.len())
            .any(|leaf| self.offset(leaf).is_some() && self.types[leaf].physical() == super::Physical::Slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_leaves_come_first_without_needless_padding() {
        let layout = RowLayout::full([LeafType::U8, LeafType::Text, LeafType::U64, LeafType::U32]);
        let offsets: Vec<_> = (0..4).map(|leaf| layout.offset(leaf)).collect();
        assert_eq!((offsets, layout.width()), (vec![Some(28), Some(0), Some(16), Some(24)], 32));
        assert_eq!(RowLayout::full([LeafType::I64, LeafType::F64]).width(), 16);
        assert_eq!(RowLayout::full([LeafType::U8, LeafType::U8]).width(), 2);
        assert_eq!(RowLayout::full([]).width(), 1);
    }

    #[test]
    fn dead_leaves_take_no_bytes() {
        let layout = RowLayout::new([LeafType::Text, LeafType::U64, LeafType::Date], &[1].into_iter().collect());
        assert_eq!((layout.offset(0), layout.offset(1), layout.width()), (None, Some(0), 8));
    }
}
