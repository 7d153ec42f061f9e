//! How rows lie: what a strategy finds at its inputs, and what it gives.

use std::sync::Arc;

use crate::row::OrderKey;
use crate::strategy::{RowOrder, Ship, Strategy, Way};

/// How the rows of an operator lie when they come to the next one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Properties {
    /// Parallel tasks that have them.
    pub tasks: usize,
    /// Which of these has which row.
    pub placement: Placement,
    /// In which order each of them has its rows; in none that is known, where this is empty. It says what a sort takes, and no more: a sort looks at its rows.
    pub order: Arc<[OrderKey]>,
}

/// Which task has which row.
///
/// That a side of a join is on all tasks is never seen by another operator: it is a way to a join ([`Ship::Broadcast`]), and ends there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Placement {
    /// Nothing is known.
    Anywhere,
    /// Each row is in the task that the hash of these leaves says, in this order: in that of its key group. So rows of two inputs are together where the leaves have
    /// the same types in the same order.
    Hashed(Arc<[usize]>),
    /// The tasks' rows are in one order, task by task: in ranges. What a sort over all tasks gives; who brings the tasks together takes them so.
    InOrder,
}

impl Placement {
    /// By the hash of these leaves; without any nothing is said.
    #[must_use]
    pub fn hashed(leaves: &[usize]) -> Self {
        if leaves.is_empty() { Placement::Anywhere } else { Placement::Hashed(leaves.into()) }
    }

    /// The leaves whose hash says in which task a row is.
    #[must_use]
    pub fn hashed_by(&self) -> Option<&[usize]> {
        match self {
            Placement::Hashed(leaves) => Some(leaves),
            Placement::Anywhere | Placement::InOrder => None,
        }
    }

    /// The same of rows whose leaf `i` has the value of the leaf `[i]` of these, as far as there is one, and which stay in their task. Where a leaf of the hash is in
    /// none, nothing is known; the order of tasks stays.
    #[must_use]
    pub fn renumbered(&self, forwards: &[Option<usize>]) -> Self {
        let Placement::Hashed(leaves) = self else { return self.clone() };
        let taken_over = |&leaf: &usize| forwards.iter().position(|&from| from == Some(leaf));
        leaves.iter().map(taken_over).collect::<Option<Arc<[usize]>>>().map_or(Placement::Anywhere, Placement::Hashed)
    }
}

impl Properties {
    /// So many tasks, and nothing is known of which row is where.
    #[must_use]
    pub fn anywhere(tasks: usize) -> Self {
        Properties::placed(tasks, Placement::Anywhere)
    }

    /// So many tasks with rows in no order.
    #[must_use]
    pub fn placed(tasks: usize, placement: Placement) -> Self {
        Properties { tasks, placement, order: Arc::default() }
    }

    /// The leaves whose hash says in which task a row is.
    #[must_use]
    pub fn hashed_by(&self) -> Option<&[usize]> {
        self.placement.hashed_by()
    }

    /// Whether rows with the same values of these leaves are in one task. A hash of some of them is enough.
    #[must_use]
    pub fn has_together(&self, key: &[usize]) -> bool {
        self.tasks == 1 || self.hashed_by().is_some_and(|leaves| leaves.iter().all(|leaf| key.contains(leaf)))
    }

    /// Whether all that is known of other rows is known of these: the tasks, the leaves that they are hashed by, the order.
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

    /// Whether the rows of the tasks are in one order, task by task.
    #[must_use]
    pub fn is_in_order(&self) -> bool {
        self.placement == Placement::InOrder
    }
}

impl Strategy {
    /// How the rows lie that it gives, over inputs that lie like these. `forwards` says for each input which of its leaves those of the output have the values of: a
    /// row that is made of another one stays in its task.
    #[must_use]
    pub fn gives(&self, inputs: &[&Properties], forwards: impl Fn(usize) -> Option<Vec<Option<usize>>>) -> Properties {
        let order = match &self.driver.order {
            RowOrder::Lost => Arc::default(),
            RowOrder::Kept => self.ways[self.streamed].order(inputs[self.streamed]),
            RowOrder::Of(order) => order.clone(),
        };
        let order = match order.is_empty() {
            true => order,
            false => forwards(self.streamed).map_or_else(Arc::default, |forwards| renumbered(&order, &forwards)),
        };
        Properties { tasks: self.tasks, placement: self.placement(inputs, forwards), order }
    }

    fn placement(&self, inputs: &[&Properties], forwards: impl Fn(usize) -> Option<Vec<Option<usize>>>) -> Placement {
        let arrives = |input: usize| self.ways[input].placement(&inputs[input].placement);
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

/// An order of rows whose leaf `i` has the value of the leaf `[i]` of those that are in it, as far as its leaves are taken over.
pub(crate) fn renumbered(order: &[OrderKey], forwards: &[Option<usize>]) -> Arc<[OrderKey]> {
    let taken_over = |key: &OrderKey| {
        let leaf = forwards.iter().position(|&from| from == Some(key.leaf))?;
        Some(OrderKey { leaf, ..*key })
    };
    order.iter().map_while(taken_over).collect()
}

impl Way {
    /// Where rows are behind it that lie like this before it, in the leaves that they have before it.
    #[must_use]
    pub fn placement(&self, before: &Placement) -> Placement {
        match &self.ship {
            Ship::Forward => before.clone(),
            Ship::Hash(leaves) => Placement::hashed(self.key.as_deref().unwrap_or(leaves)),
            Ship::Broadcast | Ship::Gather | Ship::Rebalance | Ship::Number(_) => Placement::Anywhere,
        }
    }

    /// In which order a task gets rows that are sent in this one. Where several tasks send to one, rows come as they come, but for tasks that are in one order.
    fn order(&self, before: &Properties) -> Arc<[OrderKey]> {
        match self.ship {
            Ship::Forward if self.before.is_none() => before.order.clone(),
            Ship::Gather if self.before.is_none() && before.is_in_order() => before.order.clone(),
            _ => Arc::default(),
        }
    }
}

/// For EXPLAIN: what is known.
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
    fn rows_of_a_key_are_together_where_a_part_of_it_says_where_they_are() {
        let by = |leaves: &[usize]| Properties::placed(2, Placement::hashed(leaves));
        assert!(by(&[1]).has_together(&[0, 1]));
        assert!(by(&[1, 0]).has_together(&[0, 1]));
        assert!(!by(&[0, 2]).has_together(&[0, 1]));
        assert!(!by(&[]).has_together(&[0]));
        assert!(Properties::anywhere(1).has_together(&[]));
        assert!(!Properties::placed(2, Placement::InOrder).has_together(&[0]));
    }

    #[test]
    fn a_hash_is_known_as_long_as_all_its_leaves_are_taken_over() {
        let placement = Placement::hashed(&[3, 1]);
        assert_eq!(placement.renumbered(&[Some(1), None, Some(3), Some(1)]), Placement::hashed(&[2, 0]));
        assert_eq!(placement.renumbered(&[Some(1), None]), Placement::Anywhere);
        assert_eq!(Placement::InOrder.renumbered(&[]), Placement::InOrder);
    }

    #[test]
    fn an_order_is_known_as_far_as_its_first_leaves_are_taken_over() {
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
    fn an_exchange_of_several_tasks_destroys_an_order_and_ranges_that_are_brought_together_keep_it() {
        let order: Arc<[OrderKey]> = OrderKey::ascending(&[0]).collect();
        let sorted = |tasks, placement| Properties { order: order.clone(), ..Properties::placed(tasks, placement) };
        let gives = |ship: Ship, before: &Properties| Way::ship(ship).order(before).len();
        assert_eq!(gives(Ship::Forward, &sorted(2, Placement::Anywhere)), 1);
        assert_eq!(gives(Ship::Gather, &sorted(2, Placement::InOrder)), 1);
        for ship in [Ship::Gather, Ship::Hash(vec![0]), Ship::Broadcast, Ship::Rebalance, Ship::Number(0)] {
            assert_eq!(gives(ship, &sorted(2, Placement::Anywhere)), 0);
        }
    }
}
