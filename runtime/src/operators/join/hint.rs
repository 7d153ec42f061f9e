//! Hints of a program for a join.

/// A hint for a join. The optimizer decides what it leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinHint {
    /// As a hash join.
    Hash {
        /// The side to build: 0 is left.
        build: Option<usize>,
        /// How rows are sent to the join.
        ship: Option<JoinShip>,
    },
    /// As a merge join.
    Merge,
}

/// How rows are sent to a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinShip {
    /// The build side to every task. The other side is not sent.
    Broadcast,
    /// Both sides by the hash of their keys.
    Repartition,
}

impl JoinHint {
    /// Whether the hint allows a hash join that builds `build`. `is_partitioned` is whether both
    /// sides are partitioned by their keys. With one task nothing is sent, so any `ship` is
    /// allowed.
    pub(super) fn allows(&self, build: usize, is_partitioned: bool, tasks: usize) -> bool {
        let JoinHint::Hash { build: wanted, ship } = self else { return false };
        let is_shipped = match ship {
            None => true,
            Some(_) if tasks == 1 => true,
            Some(JoinShip::Broadcast) => !is_partitioned,
            Some(JoinShip::Repartition) => is_partitioned,
        };
        wanted.is_none_or(|wanted| wanted == build) && is_shipped
    }
}
