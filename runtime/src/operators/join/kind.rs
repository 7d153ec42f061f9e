//! The kinds of joins that call a closure for pairs.

use super::BuildRows;

/// How a join treats records without a partner, and the definition of a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Records without a partner are dropped.
    Inner,
    /// Left records without a partner are kept, and the closure gets no right record.
    Left,
    /// Right records without a partner are kept, and the closure gets no left record.
    Right,
    /// Records of both sides without a partner are kept.
    Full,
    /// Every right record is a partner.
    Cross,
    /// The right side is one record, the partner of all. Any other number is an error.
    With,
}

impl JoinKind {
    /// Whether records of a side without a partner are kept. Side 0 is left.
    #[must_use]
    pub fn keeps(self, side: usize) -> bool {
        match self {
            JoinKind::Left => side == 0,
            JoinKind::Right => side == 1,
            JoinKind::Full => true,
            JoinKind::Inner | JoinKind::Cross | JoinKind::With => false,
        }
    }

    /// Whether the record of a side may be missing. The closure gets an `Option` of it then.
    #[must_use]
    pub fn may_miss(self, side: usize) -> bool {
        self.keeps(1 - side)
    }

    /// Whether filters must not drop a side's records before the join. Otherwise their partners
    /// would seem to have none.
    pub(super) fn must_keep(self, side: usize) -> bool {
        self.may_miss(side) || (self == JoinKind::With && side == 1)
    }

    /// The number of records of the build side.
    pub(super) fn build_rows(self) -> BuildRows {
        if self == JoinKind::With { BuildRows::One } else { BuildRows::Any }
    }

    /// For EXPLAIN: the words of the join, of its hash join and of its merge join. A join without
    /// keys is never merged.
    pub(super) fn words(self) -> [&'static str; 3] {
        match self {
            JoinKind::Inner => ["join", "hash join", "merge join"],
            JoinKind::Left => ["left_join", "hash left join", "merge left join"],
            JoinKind::Right => ["right_join", "hash right join", "merge right join"],
            JoinKind::Full => ["full_join", "hash full join", "merge full join"],
            JoinKind::Cross => ["cross", "cross", "merge join"],
            JoinKind::With => ["with", "value", "merge join"],
        }
    }
}
