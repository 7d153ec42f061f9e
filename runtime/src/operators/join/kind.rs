//! The kinds of joins that call a closure for pairs.

use super::BuildRows;

/// What happens to records without a partner, and what counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// They are dropped.
    Inner,
    /// Those of the left side are kept, with nothing on the right.
    Left,
    /// Those of the right side are kept, with nothing on the left.
    Right,
    /// Those of both sides are kept.
    Full,
    /// Every right record is a partner.
    Cross,
    /// The right side is one record, the partner of all: anything else is an error.
    With,
}

impl JoinKind {
    /// Whether records of a side (0 is left) are kept where they have no partner.
    #[must_use]
    pub fn keeps(self, side: usize) -> bool {
        match self {
            JoinKind::Left => side == 0,
            JoinKind::Right => side == 1,
            JoinKind::Full => true,
            JoinKind::Inner | JoinKind::Cross | JoinKind::With => false,
        }
    }

    /// Whether the closure may be given nothing of a side, and so sees an `Option`.
    #[must_use]
    pub fn may_miss(self, side: usize) -> bool {
        self.keeps(1 - side)
    }

    /// Whether a side's records must not be dropped before the join: what has no partner there would then count as missing.
    pub(super) fn must_keep(self, side: usize) -> bool {
        self.may_miss(side) || (self == JoinKind::With && side == 1)
    }

    /// How many records the side that is built has.
    pub(super) fn build_rows(self) -> BuildRows {
        if self == JoinKind::With { BuildRows::One } else { BuildRows::Any }
    }

    /// For EXPLAIN: its word, how its hash join is called, and how its merge join. Without keys it is never merged.
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
