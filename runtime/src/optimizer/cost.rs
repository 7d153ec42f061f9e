//! The cost model: computes seconds from the rows and bytes that operators report.
//!
//! A cost is the elapsed time in seconds if nothing else runs. Work that tasks share is divided by
//! their number. State that does not fit in memory is charged for spilling. Weights are those of
//! one core. Between nodes, the network is charged for shipped bytes.

use crate::memory::limits::{OPERATOR_MEMORY_SHARE, SPILL_PARTS};
use crate::strategy::{Estimate, InputEdge, Properties, Ship, Strategy, Work};

use super::profile::Profile;

/// Computes the seconds of strategies.
#[derive(Clone, Debug)]
pub(super) struct CostModel {
    pub(super) profile: Profile,
    /// The memory budget of a node in bytes.
    pub(super) memory_bytes: usize,
}

impl CostModel {
    /// The seconds of one round of an operator with this strategy, for inputs with these
    /// properties. `hottest` returns the share of an input's rows that have the most frequent value
    /// of some leaves. If rows are placed by a hash of these leaves, one task has all of them, and
    /// the other tasks wait for it.
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
            // A combiner sends at most one row per key and task.
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

    /// The seconds of an input's edge: its combiner or filter, and its exchange.
    fn edge(&self, edge: &InputEdge, input: Estimate, from: usize, to: usize) -> f64 {
        let rows = edge.shipped_rows.unwrap_or(input.rows);
        self.work(edge.work, from) + self.ship(&edge.ship, Estimate { rows, ..input }, from, to)
    }

    /// The seconds of an exchange from `from` to `to` tasks. The sender writes each row once, and
    /// the receiver reads it.
    pub(super) fn ship(&self, ship: &Ship, rows: Estimate, from: usize, to: usize) -> f64 {
        let weights = &self.profile.weights;
        let written = (rows.rows * weights.row + rows.bytes() * weights.byte) / from as f64;
        let read = rows.bytes() * weights.byte / to as f64;
        let picked = rows.rows * weights.pick / from as f64;
        let local = match ship {
            Ship::Forward => return 0.0,
            Ship::Hash(_) | Ship::Number(_) | Ship::Rebalance => written + picked + read,
            // All receivers share the same pages.
            Ship::Broadcast => written + read * to as f64,
            Ship::Gather => written + read,
        };
        local + self.profile.network_seconds(ship, rows.bytes(), from.max(to))
    }

    /// The seconds of work that `tasks` tasks share.
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

    /// Returns `true` if the state of a strategy fits in memory.
    pub(super) fn fits(&self, work: Work) -> bool {
        self.spilled_bytes(work) == 0.0
    }

    /// The bytes that are spilled and read back: the share that does not fit in memory. Parts that
    /// do not fit either are spilled again.
    fn spilled_bytes(&self, work: Work) -> f64 {
        let memory = (self.memory_bytes as f64 * self.profile.nodes as f64 * OPERATOR_MEMORY_SHARE).max(1.0);
        let kept = work.kept_bytes.max(1.0);
        let spilled_share = (1.0 - memory / kept).max(0.0);
        let passes = (kept / memory).log(SPILL_PARTS as f64).max(1.0);
        spilled_share * passes * (work.kept_bytes + work.following_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(memory_bytes: usize) -> CostModel {
        CostModel { profile: Profile::default(), memory_bytes }
    }

    #[test]
    fn state_beyond_memory_is_charged_for_spilling() {
        let work = Work { inserts: 1e6, following_bytes: 1e9, ..Work::default() }.keeping(100e6);
        let (ample, half, little) = (model(1 << 30), model(100_000_000), model(1 << 20));
        assert!(ample.work(work, 2) < half.work(work, 2));
        assert!(half.work(work, 2) < little.work(work, 2));
        assert_eq!(ample.spilled_bytes(work), 0.0);
        assert_eq!(half.spilled_bytes(work), 0.5 * 1.1e9);
    }

    #[test]
    fn lookups_beyond_the_caches_take_longer() {
        let (work, model) = (Work::lookups(1e6), model(1 << 40));
        assert!(model.work(work.in_tables(1e4, 1), 1) * 2.0 < model.work(work.in_tables(1e9, 1), 1));
        assert!(model.work(work.in_tables(1e8, 8), 8) < model.work(work.in_tables(1e8, 1), 8));
    }

    #[test]
    fn network_cost_counts_shipped_bytes_and_broadcasts_per_node() {
        let rows = Estimate { rows: 1e6, row_bytes: 100.0, ..Estimate::NOTHING };
        let network = |nodes: usize| Profile { nodes, ..Profile::default() };
        let seconds =
            |nodes, ship: &Ship| CostModel { profile: network(nodes), memory_bytes: 1 << 30 }.ship(ship, rows, 8, 8);
        assert!(seconds(8, &Ship::Hash(vec![0])) > seconds(1, &Ship::Hash(vec![0])));
        assert!(seconds(8, &Ship::Broadcast) > 6.0 * seconds(8, &Ship::Hash(vec![0])));
        assert_eq!(seconds(8, &Ship::Forward), 0.0);
    }
}
