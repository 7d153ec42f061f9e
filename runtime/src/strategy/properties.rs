//! Placement and order of rows: at the inputs of a strategy, and at its output.

use std::sync::Arc;

use crate::row::OrderKey;
use crate::strategy::{InputEdge, RowOrder, Ship, Strategy};

/// The placement and order of an operator's rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Properties {
    /// The number of tasks that hold them.
    pub tasks: usize,
    /// Which task holds which row.
    pub placement: Placement,
    /// The order of the rows in each task; empty if it is not known. It only estimates the time of
    /// a sort: a sort always compares its rows.
    pub order: Arc<[OrderKey]>,
}

/// Which task holds which row.
///
/// Rows that are in all tasks have no placement: a broadcast ([`Ship::Broadcast`]) is an edge to
/// one join.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Not known.
    Anywhere,
    /// Each row is in the task of its key group, which the hash of these leaves in this order
    /// selects. Rows of two inputs are together if the leaves have the same types in the same
    /// order.
    Hashed(Arc<[usize]>),
    /// The rows of each task come before those of the next task in one order, as after a sort over
    /// all tasks.
    InOrder,
}

impl Placement {
    /// Placement by the hash of these leaves; [`Placement::Anywhere`] without leaves.
    #[must_use]
    pub fn hashed(leaves: &[usize]) -> Self {
        if leaves.is_empty() { Placement::Anywhere } else { Placement::Hashed(leaves.into()) }
    }

    /// The leaves whose hash selects the task of a row.
    #[must_use]
    pub fn hashed_by(&self) -> Option<&[usize]> {
        match self {
            Placement::Hashed(leaves) => Some(leaves),
            Placement::Anywhere | Placement::InOrder => None,
        }
    }

    /// The placement of rows that stay in their tasks and whose leaf `i` has the value of the leaf
    /// `forwards[i]` of these rows. A hash is not known any more if one of its leaves is dropped.
    /// An order of tasks stays.
    #[must_use]
    pub fn renumbered(&self, forwards: &[Option<usize>]) -> Self {
        let Placement::Hashed(leaves) = self else { return self.clone() };
        let copied = |&leaf: &usize| forwards.iter().position(|&from| from == Some(leaf));
        leaves.iter().map(copied).collect::<Option<Arc<[usize]>>>().map_or(Placement::Anywhere, Placement::Hashed)
    }
}

impl Properties {
    /// Rows in `tasks` tasks, with no known placement.
    #[must_use]
    pub fn anywhere(tasks: usize) -> Self {
        Properties::placed(tasks, Placement::Anywhere)
    }

    /// Rows in `tasks` tasks, in no known order.
    #[must_use]
    pub fn placed(tasks: usize, placement: Placement) -> Self {
        Properties { tasks, placement, order: Arc::default() }
    }

    /// The leaves whose hash selects the task of a row.
    #[must_use]
    pub fn hashed_by(&self) -> Option<&[usize]> {
        self.placement.hashed_by()
    }

    /// Whether rows with the same values of these leaves are in one task. A hash of some of them is
    /// enough.
    #[must_use]
    pub fn has_together(&self, key: &[usize]) -> bool {
        self.tasks == 1 || self.hashed_by().is_some_and(|leaves| leaves.iter().all(|leaf| key.contains(leaf)))
    }

    /// Whether these properties include all of `other`: the tasks, the hash, and the order.
    #[must_use]
    pub fn has(&self, other: &Properties) -> bool {
        self.tasks == other.tasks
            && other.hashed_by().is_none_or(|leaves| self.hashed_by() == Some(leaves))
            && self.is_sorted_by(&other.order)
    }

    /// Whether the rows of each task are in this order.
    #[must_use]
    pub fn is_sorted_by(&self, order: &[OrderKey]) -> bool {
        self.order.starts_with(order)
    }

    /// Whether the tasks are [in order](Placement::InOrder).
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.placement == Placement::InOrder
    }
}

impl Strategy {
    /// The properties of its output, for inputs with these properties. `forwards` returns, for an
    /// input, the [leaves that the output copies](crate::plan::Operator::forwards).
    #[must_use]
    pub fn delivered_properties(
        &self,
        inputs: &[&Properties],
        forwards: impl Fn(usize) -> Option<Vec<Option<usize>>>,
    ) -> Properties {
        let order = match &self.driver.order {
            RowOrder::Lost => Arc::default(),
            RowOrder::Kept => self.edges[self.streamed].order(inputs[self.streamed]),
            RowOrder::Of(order) => order.clone(),
        };
        let order = match order.is_empty() {
            true => order,
            false => forwards(self.streamed).map_or_else(Arc::default, |forwards| renumbered(&order, &forwards)),
        };
        Properties { tasks: self.tasks, placement: self.placement(inputs, forwards), order }
    }

    fn placement(&self, inputs: &[&Properties], forwards: impl Fn(usize) -> Option<Vec<Option<usize>>>) -> Placement {
        let arrives = |input: usize| self.edges[input].placement(&inputs[input].placement);
        if self.driver.orders_tasks || arrives(self.streamed) == Placement::InOrder {
            return Placement::InOrder;
        }
        let others = (0..inputs.len()).filter(|&input| input != self.streamed);
        let hashed = |input: usize| {
            let placement = arrives(input);
            placement.hashed_by()?;
            Some(placement.renumbered(&forwards(input)?)).filter(|placement| placement.hashed_by().is_some())
        };
        std::iter::once(self.streamed).chain(others).find_map(hashed).unwrap_or(Placement::Anywhere)
    }
}

/// The order of rows whose leaf `i` has the value of the leaf `forwards[i]` of rows in `order`, up
/// to the first leaf of the order that is dropped.
pub(crate) fn renumbered(order: &[OrderKey], forwards: &[Option<usize>]) -> Arc<[OrderKey]> {
    let copied = |key: &OrderKey| {
        let leaf = forwards.iter().position(|&from| from == Some(key.leaf))?;
        Some(OrderKey { leaf, ..*key })
    };
    order.iter().map_while(copied).collect()
}

impl InputEdge {
    /// The placement of rows after the edge, by the leaves that they have before it.
    #[must_use]
    pub fn placement(&self, before: &Placement) -> Placement {
        match &self.ship {
            Ship::Forward => before.clone(),
            Ship::Hash(leaves) => Placement::hashed(self.key.as_deref().unwrap_or(leaves)),
            Ship::Broadcast | Ship::Gather | Ship::Rebalance | Ship::Number(_) => Placement::Anywhere,
        }
    }

    /// The order in which a task receives rows. Rows of several senders mix, except for senders
    /// that are in order.
    fn order(&self, before: &Properties) -> Arc<[OrderKey]> {
        match self.ship {
            Ship::Forward if self.before.is_none() => before.order.clone(),
            Ship::Gather if self.before.is_none() && before.is_in_order() => before.order.clone(),
            _ => Arc::default(),
        }
    }
}

/// For EXPLAIN.
impl std::fmt::Display for Properties {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.placement {
            _ if self.tasks == 1 => f.write_str("one task"),
            Placement::Anywhere => f.write_str("anywhere"),
            Placement::InOrder => f.write_str("in ranges"),
            Placement::Hashed(leaves) => {
                f.write_str("hashed by")?;
                leaves.iter().try_for_each(|leaf| write!(f, " {leaf}"))
            }
        }?;
        if !self.order.is_empty() {
            f.write_str(", sorted by")?;
        }
        let part = |key: &OrderKey| write!(f, " {}{}", key.leaf, if key.descending { " descending" } else { "" });
        self.order.iter().try_for_each(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_of_part_of_a_key_keeps_its_rows_together() {
        let by = |leaves: &[usize]| Properties::placed(2, Placement::hashed(leaves));
        assert!(by(&[1]).has_together(&[0, 1]));
        assert!(by(&[1, 0]).has_together(&[0, 1]));
        assert!(!by(&[0, 2]).has_together(&[0, 1]));
        assert!(!by(&[]).has_together(&[0]));
        assert!(Properties::anywhere(1).has_together(&[]));
        assert!(!Properties::placed(2, Placement::InOrder).has_together(&[0]));
    }

    #[test]
    fn hash_is_known_if_all_its_leaves_are_copied() {
        let placement = Placement::hashed(&[3, 1]);
        assert_eq!(placement.renumbered(&[Some(1), None, Some(3), Some(1)]), Placement::hashed(&[2, 0]));
        assert_eq!(placement.renumbered(&[Some(1), None]), Placement::Anywhere);
        assert_eq!(Placement::InOrder.renumbered(&[]), Placement::InOrder);
    }

    #[test]
    fn order_is_known_up_to_the_first_dropped_leaf() {
        let order: Vec<OrderKey> = OrderKey::ascending(&[3, 1, 2]).collect();
        let expected: Vec<OrderKey> = OrderKey::ascending(&[1, 0]).collect();
        assert_eq!(*renumbered(&order, &[Some(1), Some(3)]), expected);
        assert!(renumbered(&order, &[Some(1)]).is_empty());
        let sorted = Properties { order: expected.into(), ..Properties::anywhere(2) };
        assert!(sorted.is_sorted_by(&OrderKey::ascending(&[1]).collect::<Vec<_>>()));
        assert!(!sorted.is_sorted_by(&OrderKey::ascending(&[0]).collect::<Vec<_>>()));
        assert!(!sorted.is_sorted_by(&[OrderKey { leaf: 1, descending: true }]));
    }

    #[test]
    fn only_gathered_ranges_keep_their_order_over_an_exchange() {
        let order: Arc<[OrderKey]> = OrderKey::ascending(&[0]).collect();
        let sorted = |tasks, placement| Properties { order: order.clone(), ..Properties::placed(tasks, placement) };
        let order_length = |ship: Ship, before: &Properties| InputEdge::ship(ship).order(before).len();
        assert_eq!(order_length(Ship::Forward, &sorted(2, Placement::Anywhere)), 1);
        assert_eq!(order_length(Ship::Gather, &sorted(2, Placement::InOrder)), 1);
        for ship in [Ship::Gather, Ship::Hash(vec![0]), Ship::Broadcast, Ship::Rebalance, Ship::Number(0)] {
            assert_eq!(order_length(ship, &sorted(2, Placement::Anywhere)), 0);
        }
    }
}
