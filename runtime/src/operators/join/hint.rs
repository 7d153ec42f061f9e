//! What a program says about how a join should run.

/// How the program wants a join to run. What it leaves open is decided by cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinHint {
    /// As a hash join.
    Hash {
        /// The side to build: 0 is left.
        build: Option<usize>,
        /// How rows get to the join.
        ship: Option<JoinShip>,
    },
    /// As a merge join.
    Merge,
}

/// How rows get to a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinShip {
    /// The build side to every task, the other side not at all.
    Broadcast,
    /// Both sides by the hash of their keys.
    Repartition,
}

impl JoinHint {
    /// Whether a hash join that builds `build`, and whose sides are partitioned by their keys or not, runs as the program wants. Where there is one task, nothing is
    /// shipped, however it is wanted.
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
