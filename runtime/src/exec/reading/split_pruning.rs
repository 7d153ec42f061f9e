//! Skips splits of a source by the runtime filters of joins.

use std::sync::Arc;

use crate::hash::RuntimeFilter;
use crate::row::{Datum, LeafType};
use crate::source::{Bound, Comparison, Source, Split};

/// The runtime filters of joins whose keys are leaves of a source. A split is checked right before
/// it is opened, with the filters that are complete by then.
pub(in crate::exec) struct SplitPruning {
    source: Arc<dyn Source>,
    /// Each with the leaf of its key.
    filters: Vec<(Arc<RuntimeFilter>, usize)>,
}

impl SplitPruning {
    /// Returns `None` if there are no filters.
    pub(in crate::exec) fn of(source: &Arc<dyn Source>, filters: Vec<(Arc<RuntimeFilter>, usize)>) -> Option<Self> {
        (!filters.is_empty()).then(|| SplitPruning { source: source.clone(), filters })
    }

    /// Returns `true` if no record of a split has a partner in a join, by the statistics of the
    /// source.
    pub(super) fn excludes(&self, split: &Split) -> bool {
        self.filters.iter().any(|(filter, leaf)| {
            let limits = filter.complete().and_then(|keys| keys.limits());
            let ty = self.source.schema().leaves().get(*leaf).map(|leaf| leaf.ty);
            let bounds = limits.zip(ty).and_then(|(limits, ty)| bounds(*leaf, ty, limits));
            bounds.zip(self.source.as_table()).is_some_and(|(bounds, table)| table.excludes(split, &bounds))
        })
    }
}

/// The bounds of a leaf whose values lie between two limits. `None` if the order of its type
/// differs from that of signed integers.
fn bounds(leaf: usize, ty: LeafType, (least, greatest): (i64, i64)) -> Option<[Bound; 2]> {
    use LeafType as L;
    let is_exact = match ty {
        L::I32 | L::I64 | L::Date | L::Timestamp | L::Decimal(_) | L::TimeDelta => true,
        // Unsigned integers have the same order while all limits fit in signed ones.
        L::U32 | L::U64 => least >= 0,
        _ => false,
    };
    let bits = 8 * ty.width() as u32;
    let datum = |value: i64| Datum::Fixed(value as u128 & (u128::MAX >> (128 - bits)));
    let bound = |comparison, value| Bound { leaf, comparison, value: datum(value) };
    is_exact.then(|| [bound(Comparison::GreaterOrEqual, least), bound(Comparison::LessOrEqual, greatest)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_become_bounds_of_leaves_ordered_like_integers() {
        let values = |ty, limits| bounds(3, ty, limits).map(|bounds| bounds.map(|bound| bound.value));
        assert_eq!(values(LeafType::I32, (-1, 5)), Some([Datum::Fixed(0xFFFF_FFFF), Datum::Fixed(5)]));
        assert_eq!(values(LeafType::U64, (1, 5)), Some([Datum::Fixed(1), Datum::Fixed(5)]));
        assert_eq!(values(LeafType::U32, (-1, 5)), None);
        assert_eq!(values(LeafType::F64, (1, 5)), None);
    }
}
