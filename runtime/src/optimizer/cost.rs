//! How long work takes: operators say rows and bytes, this says seconds.
//!
//! One number for all of it, the seconds that pass if nothing else runs: what tasks do at the same time is divided by them. What does not fit memory pays for its way to
//! disk and back. Weights are of one core of the machine at hand; between nodes there is a network, which has to carry what is shipped.

use crate::memory::limits::{OPERATOR_MEMORY_SHARE, SPILL_PARTS};
use crate::strategy::{Estimate, InputEdge, Properties, Ship, Strategy, Work};

use super::profile::Profile;

/// Says how long strategies take.
#[derive(Clone, Debug)]
pub(super) struct CostModel {
    pub(super) profile: Profile,
    /// The memory budget of a node.
    pub(super) memory_bytes: usize,
}

impl CostModel {
    /// A round of an operator that runs like this, over inputs that lie like these. `hottest` says of an input which share of its rows has the most frequent value of some
    /// leaves: where rows lie by the hash of these, one task has all of them, and the others wait for it.
    pub(super) fn seconds(
        &self,
        strategy: &Strategy,
        inputs: &[Estimate],
        properties: &[&Properties],
        hottest: impl Fn(usize, &[usize]) -> f64,
    ) -> f64 {
        let (mut shipped, mut rows, mut rows_of_slowest) = (0.0, 0.0, 0.0);
        for (number, ((edge, &input), from)) in strategy.edges.iter().zip(inputs).zip(properties).enumerate() {
            let placement = edge.placement(&from.placement);
            // A combiner leaves at most one row of a key to each task.
            let leaves = placement.hashed_by().filter(|_| edge.before.is_none() && strategy.tasks > 1);
            let hottest = leaves.map_or(0.0, |leaves| hottest(number, leaves));
            let times_slower = 1.0 + hottest * (strategy.tasks - 1) as f64;
            shipped += self.edge(edge, input, from.tasks, strategy.tasks);
            rows += input.rows;
            rows_of_slowest += input.rows * times_slower;
        }
        let times_slower = if rows > 0.0 { rows_of_slowest / rows } else { 1.0 };
        shipped + self.work(strategy.work, strategy.tasks) * times_slower
    }

    /// What happens to an input on its way.
    fn edge(&self, edge: &InputEdge, input: Estimate, from: usize, to: usize) -> f64 {
        let rows = edge.shipped_rows.unwrap_or(input.rows);
        self.work(edge.work, from) + self.ship(&edge.ship, Estimate { rows, ..input }, from, to)
    }

    /// Rows on their way from some tasks to others: who sends them writes each once, who gets them reads it.
    pub(super) fn ship(&self, ship: &Ship, rows: Estimate, from: usize, to: usize) -> f64 {
        let weights = &self.profile.weights;
        let written = (rows.rows * weights.row + rows.bytes() * weights.byte) / from as f64;
        let read = rows.bytes() * weights.byte / to as f64;
        let picked = rows.rows * weights.pick / from as f64;
        let local = match ship {
            Ship::Forward => return 0.0,
            Ship::Hash(_) | Ship::Number(_) | Ship::Rebalance => written + picked + read,
            // Pages are shared by all who get them.
            Ship::Broadcast => written + read * to as f64,
            Ship::Gather => written + read,
        };
        local + self.profile.network_seconds(ship, rows.bytes(), from.max(to))
    }

    /// What so many tasks do together.
    pub(super) fn work(&self, work: Work, tasks: usize) -> f64 {
        let (weights, tasks) = (&self.profile.weights, tasks as f64);
        let lookup = weights.lookup(work.table_bytes);
        let busy = work.rows * weights.row
            + work.lookups * lookup
            + work.misses * weights.miss
            + work.inserts * (lookup + weights.insert)
            + work.groups * weights.group
            + work.comparisons * weights.comparison;
        (busy + self.spilled_bytes(work) * weights.spilled_byte) / tasks
    }

    /// Whether memory holds all that a strategy keeps.
    pub(super) fn fits(&self, work: Work) -> bool {
        self.spilled_bytes(work) == 0.0
    }

    /// The bytes that go to disk and come back: as large a part as does not fit, and again where its parts do not fit either.
    fn spilled_bytes(&self, work: Work) -> f64 {
        let memory = (self.memory_bytes as f64 * self.profile.nodes as f64 * OPERATOR_MEMORY_SHARE).max(1.0);
        let kept = work.kept_bytes.max(1.0);
        let beyond = (1.0 - memory / kept).max(0.0);
        let passes = (kept / memory).log(SPILL_PARTS as f64).max(1.0);
        beyond * passes * (work.kept_bytes + work.following_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(memory_bytes: usize) -> CostModel {
        CostModel { profile: Profile::default(), memory_bytes }
    }

    #[test]
    fn what_does_not_fit_memory_pays_for_its_way_to_disk() {
        let work = Work { inserts: 1e6, following_bytes: 1e9, ..Work::default() }.keeping(100e6);
        let (ample, half, little) = (model(1 << 30), model(100_000_000), model(1 << 20));
        assert!(ample.work(work, 2) < half.work(work, 2));
        assert!(half.work(work, 2) < little.work(work, 2));
        assert_eq!(ample.spilled_bytes(work), 0.0);
        assert_eq!(half.spilled_bytes(work), 0.5 * 1.1e9);
    }

    #[test]
    fn lookups_in_a_table_beyond_the_caches_take_longer() {
        let (work, model) = (Work::lookups(1e6), model(1 << 40));
        assert!(model.work(work.in_tables(1e4, 1), 1) * 2.0 < model.work(work.in_tables(1e9, 1), 1));
        assert!(model.work(work.in_tables(1e8, 8), 8) < model.work(work.in_tables(1e8, 1), 8));
    }

    #[test]
    fn a_network_has_to_carry_what_is_shipped_and_a_broadcast_to_each_node() {
        let rows = Estimate { rows: 1e6, row_bytes: 100.0, ..Estimate::NOTHING };
        let network = |nodes: usize| Profile { nodes, ..Profile::default() };
        let seconds =
            |nodes, ship: &Ship| CostModel { profile: network(nodes), memory_bytes: 1 << 30 }.ship(ship, rows, 8, 8);
        assert!(seconds(8, &Ship::Hash(vec![0])) > seconds(1, &Ship::Hash(vec![0])));
        assert!(seconds(8, &Ship::Broadcast) > 6.0 * seconds(8, &Ship::Hash(vec![0])));
        assert_eq!(seconds(8, &Ship::Forward), 0.0);
    }
}
