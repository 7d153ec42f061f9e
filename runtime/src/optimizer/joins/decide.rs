//! Decides on the order of a region: the best one, or the one of a decision.

use std::collections::HashMap;
use std::sync::Arc;

use super::enumerate::{self, Order};
use super::rebuild::rebuild;
use super::region::{Part, Region};
use super::sizes::Sizes;
use crate::error::{Error, Result};
use crate::physical::{JoinOrder, JoinRegion, OrderEstimate};
use crate::plan::Node;

/// A region, and the order that is chosen for it.
pub(super) struct RegionDecision<'r> {
    region: &'r Region,
    sizes: &'r Sizes,
    best: Order,
    /// The name of each relation: the identity of its operator. If an operator occurs more than
    /// once, a number follows.
    names: Vec<String>,
    info: JoinRegion,
}

impl<'r> RegionDecision<'r> {
    /// A region with the order as written.
    pub(super) fn new(region: &'r Region, sizes: &'r Sizes, identities: &HashMap<u64, String>) -> Self {
        let identity = |node: &Node| identities.get(&node.sequence).cloned().unwrap_or_default();
        let mut seen: HashMap<u64, usize> = HashMap::new();
        let name = |relation: &Arc<Node>| {
            let count = seen.entry(relation.sequence).or_default();
            *count += 1;
            if *count == 1 { identity(relation) } else { format!("{}@{count}", identity(relation)) }
        };
        let names: Vec<String> = region.relations.iter().map(name).collect();
        let as_written = order_of(region, Part::Join(0));
        let best = enumerate::best(region.all(), sizes).map_or_else(|| as_written.clone(), |best| best.0);
        let estimate = |order: &Order| estimated(order, &names, region, sizes);
        let (written, of_best) = (estimate(&as_written), estimate(&best));
        let join = region.joins.first().map(|root| identity(&root.node)).unwrap_or_default();
        let info = JoinRegion { join, chosen: written.clone(), written, best: of_best };
        RegionDecision { region, sizes, best, names, info }
    }

    /// The identity of the uppermost join.
    pub(super) fn join(&self) -> &str {
        &self.info.join
    }

    /// Returns the uppermost join in the best order. `None` if the order as written stays.
    /// `rewritten` has the rewritten nodes below the region.
    pub(super) fn choose(&mut self, rewritten: &HashMap<u64, Arc<Node>>) -> Option<Arc<Node>> {
        if !self.info.best.is_clearly_better_than(&self.info.written) {
            return None;
        }
        let node = rebuild(self.region, &self.best, rewritten)?;
        self.info.chosen = self.info.best.clone();
        Some(node)
    }

    /// As [`RegionDecision::choose`], with the order of a decision.
    pub(super) fn force(
        &mut self,
        order: &JoinOrder,
        rewritten: &HashMap<u64, Arc<Node>>,
    ) -> Result<Option<Arc<Node>>> {
        if *order == self.info.written.order {
            return Ok(None);
        }
        let known = order_named(order, &self.names);
        let known = known.filter(|order| order.relations() == self.names.len() && order.set() == self.region.all());
        let known = known.filter(|order| order.is_linked(self.sizes));
        let node = known.and_then(|order| Some((rebuild(self.region, &order, rewritten)?, order)));
        let (node, order) = node.ok_or_else(|| self.refused(order))?;
        self.info.chosen = estimated(&order, &self.names, self.region, self.sizes);
        Ok(Some(node))
    }

    fn refused(&self, order: &JoinOrder) -> Error {
        let (join, relations) = (&self.info.join, self.names.join("`, `"));
        Error::Plan(format!(
            "the joins of `{join}` were to be made as `{order}`, and cannot be: give an order of `{relations}`, each once, in which each join has a key"
        ))
    }

    /// The facts of the region for the plan.
    pub(super) fn finish(self) -> JoinRegion {
        self.info
    }
}

/// The order as written of a part of a region.
fn order_of(region: &Region, part: Part) -> Order {
    match part {
        Part::Relation(relation) => Order::Relation(relation),
        Part::Join(join) => {
            Order::Join(Box::new(region.joins[join].sides.each_ref().map(|side| order_of(region, side.of))))
        }
    }
}

/// The order of relations with these names. `None` for an unknown name.
fn order_named(order: &JoinOrder, names: &[String]) -> Option<Order> {
    Some(match order {
        JoinOrder::Relation(name) => Order::Relation(names.iter().position(|other| other == name)?),
        JoinOrder::Join(sides) => {
            Order::Join(Box::new([order_named(&sides[0], names)?, order_named(&sides[1], names)?]))
        }
    })
}

fn named(order: &Order, names: &[String]) -> JoinOrder {
    match order {
        Order::Relation(relation) => JoinOrder::Relation(names[*relation].clone()),
        Order::Join(sides) => JoinOrder::join(named(&sides[0], names), named(&sides[1], names)),
    }
}

fn estimated(order: &Order, names: &[String], region: &Region, sizes: &Sizes) -> OrderEstimate {
    let sets: Vec<_> = order.sets_joined().into_iter().filter(|set| *set != region.all()).collect();
    OrderEstimate {
        order: named(order, names),
        rows: sets.iter().map(|&set| sizes.cardinality(set)).sum(),
        bytes: sets.iter().map(|&set| sizes.bytes(set)).sum(),
    }
}
