//! What a program says about how a join should run.

use crate::strategy::Ship;

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
    /// Whether a hash join that builds `build` and ships its sides like this runs as the program wants. Where there is one task, nothing is
    /// shipped, however it is wanted.
    pub(super) fn allows(&self, build: usize, ships: &[Ship; 2], tasks: usize) -> bool {
        let JoinHint::Hash { build: wanted, ship } = self else { return false };
        let by_hash = matches!(ships[build], Ship::Hash(_));
        let is_shipped = match ship {
            None => true,
            Some(_) if tasks == 1 => true,
            Some(JoinShip::Broadcast) => !by_hash,
            Some(JoinShip::Repartition) => by_hash,
        };
        wanted.is_none_or(|wanted| wanted == build) && is_shipped
    }
}
