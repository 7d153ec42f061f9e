//! A query with its joins written in another order, simulated by decisions.

use dataflow::{Decisions, JoinOrder, JoinRegion, Plan};
use serde::Serialize;

use super::program::{Decided, Program};
use crate::data::random;
use crate::error::Result;

/// Number of random trees of relations to try, until all joins of one have keys.
const DRAWS: u64 = 2_000;

/// A query with joins written in a random order.
pub(super) struct WrittenOrder {
    orders: Vec<String>,
    /// The plan with its joins as written.
    as_written: Decided,
    /// The plan after the optimizer, which keeps a written order that is nearly the best.
    optimized: Decided,
}

/// The cost of a written order.
#[derive(Debug, Serialize)]
pub(super) struct Costs {
    orders: Vec<String>,
    /// The time with joins as written, relative to the chosen plan. `None` for a plan that was
    /// ended early.
    as_written: Option<f64>,
    /// The same for the optimized plan.
    pub(super) optimized: Option<f64>,
}

impl WrittenOrder {
    /// Draws random orders. Empty if no joins can be reordered.
    pub(super) fn draw(program: &Program, chosen: &Plan, count: usize, seed: u64) -> Result<Vec<Self>> {
        let mut draws = Draws { seed, count: 0 };
        let mut found = Vec::new();
        while found.len() < count && !chosen.join_regions().is_empty() {
            let (mut written, mut optimized) = (Decisions::default(), Decisions::default());
            let mut orders = Vec::new();
            for region in chosen.join_regions() {
                let Some(drawn) = draws.order(program, region) else { return Ok(found) };
                let is_left = !region.best.is_clearly_better_than(&drawn.chosen);
                let kept = if is_left { &drawn.chosen.order } else { &region.best.order };
                orders.push(drawn.chosen.order.to_string());
                written = written.with_join_order(region.join.as_str(), drawn.chosen.order.clone());
                optimized = optimized.with_join_order(region.join.as_str(), kept.clone());
            }
            let decided = |decisions| program.plan(decisions).map(|plan| Decided::of(&plan));
            found.push(Self { orders, as_written: decided(written)?, optimized: decided(optimized)? });
        }
        Ok(found)
    }

    /// Both plans of each order.
    pub(super) fn plans(all: &[Self]) -> Vec<Decided> {
        all.iter().flat_map(|written| [written.as_written.clone(), written.optimized.clone()]).collect()
    }

    /// The costs from the ratios of these plans' times to the chosen one's.
    pub(super) fn costs(all: Vec<Self>, ratios: &[Option<f64>]) -> Vec<Costs> {
        let costs = |(Self { orders, .. }, ratios): (Self, &[Option<f64>])| Costs {
            orders,
            as_written: ratios.first().copied().flatten(),
            optimized: ratios.get(1).copied().flatten(),
        };
        all.into_iter().zip(ratios.chunks(2)).map(costs).collect()
    }
}

impl Costs {
    /// The costs of an unnamed order.
    #[cfg(test)]
    pub(super) fn of_ratio(optimized: Option<f64>) -> Self {
        Self { orders: Vec::new(), as_written: None, optimized }
    }

    pub(super) fn print(&self) {
        let text = |ratio: Option<f64>| ratio.map_or("cut off".to_owned(), |ratio| format!("{ratio:.2}"));
        let orders = self.orders.join("; ");
        println!("      written {orders}: {} as it is, {} optimized", text(self.as_written), text(self.optimized));
    }
}

struct Draws {
    seed: u64,
    count: u64,
}

impl Draws {
    /// A region with a random order.
    fn order(&mut self, program: &Program, region: &JoinRegion) -> Option<JoinRegion> {
        (0..DRAWS).find_map(|_| {
            let order = self.tree(relations(&region.written.order));
            let plan = program.plan(Decisions::default().with_join_order(region.join.as_str(), order)).ok()?;
            plan.join_regions().iter().find(|drawn| drawn.join == region.join).cloned()
        })
    }

    /// Joins two random relations until one tree is left.
    fn tree(&mut self, mut orders: Vec<JoinOrder>) -> JoinOrder {
        while orders.len() > 2 {
            let left = self.remove(&mut orders);
            let right = self.remove(&mut orders);
            orders.push(JoinOrder::join(left, right));
        }
        let last = self.remove(&mut orders);
        orders.into_iter().fold(last, JoinOrder::join)
    }

    fn remove(&mut self, orders: &mut Vec<JoinOrder>) -> JoinOrder {
        self.count += 1;
        orders.swap_remove((random(self.seed, self.count) % orders.len() as u64) as usize)
    }
}

/// The relations of an order.
fn relations(order: &JoinOrder) -> Vec<JoinOrder> {
    match order {
        JoinOrder::Relation(_) => vec![order.clone()],
        JoinOrder::Join(sides) => sides.iter().flat_map(relations).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_trees_have_each_relation_once() {
        let names = ["a", "b", "c", "d", "e"];
        let all: Vec<JoinOrder> = names.map(|name| JoinOrder::Relation(name.to_owned())).into();
        let mut draws = Draws { seed: 1, count: 0 };
        let trees: Vec<JoinOrder> = (0..20).map(|_| draws.tree(all.clone())).collect();
        for tree in &trees {
            let mut found: Vec<String> = relations(tree).iter().map(JoinOrder::to_string).collect();
            found.sort_unstable();
            assert_eq!(found, names);
        }
        assert!(trees[1..].iter().any(|tree| *tree != trees[0]));
    }
}
