//! Finds the join order whose intermediate results have the fewest bytes: exactly for up to ten
//! relations, greedily for more.
//!
//! The exact search is dynamic programming over sets of relations (*DPsub*; Moerkotte and Neumann,
//! *Analysis of Two Existing and One New Dynamic Programming Algorithm*, 2006). Each set is split
//! in all ways into two sets that have a key in common. Ten relations have at most 29,000 splits,
//! which take a fraction of a millisecond. An algorithm that visits only the splits with a key
//! would save little.
//!
//! The greedy search joins the two sets first whose join has the fewest bytes, and repeats this
//! (*GOO*; Fegaras, *A New Heuristic for Optimizing Large Queries*, 1998). No order has a join
//! without a key.

use std::collections::HashMap;

use super::region::Relations;
use super::sizes::{Sizes, members};

/// The greatest number of relations for which the best order is found exactly.
const MAX_ENUMERATED: u32 = 10;

/// An order of joins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Order {
    /// A relation.
    Relation(usize),
    /// Two orders, joined.
    Join(Box<[Order; 2]>),
}

impl Order {
    /// The set of relations of this order.
    pub(super) fn set(&self) -> Relations {
        match self {
            Order::Relation(relation) => 1 << relation,
            Order::Join(sides) => sides[0].set() | sides[1].set(),
        }
    }

    /// The number of its relations. A relation that occurs twice counts twice.
    pub(super) fn relations(&self) -> usize {
        match self {
            Order::Relation(_) => 1,
            Order::Join(sides) => sides[0].relations() + sides[1].relations(),
        }
    }

    /// For each of its joins, the relations below the join.
    pub(super) fn sets_joined(&self) -> Vec<Relations> {
        match self {
            Order::Relation(_) => Vec::new(),
            Order::Join(sides) => {
                let below = sides.iter().flat_map(Order::sets_joined);
                below.chain([self.set()]).collect()
            }
        }
    }

    /// Returns `true` if each of its joins has a key.
    pub(super) fn is_linked(&self, sizes: &Sizes) -> bool {
        match self {
            Order::Relation(_) => true,
            Order::Join(sides) => {
                sizes.linked(sides[0].set()) & sides[1].set() != 0 && sides.iter().all(|side| side.is_linked(sizes))
            }
        }
    }
}

/// Returns the best order of these relations, and the bytes of its intermediate results. The
/// uppermost join has the same result in each order and is not counted. `None` if every order has a
/// join without a key.
pub(super) fn best(all: Relations, sizes: &Sizes) -> Option<(Order, f64)> {
    if all.count_ones() <= MAX_ENUMERATED { of_all(all, sizes) } else { greedy(all, sizes) }
}

/// The best way to join a set.
#[derive(Clone, Copy)]
struct Best {
    bytes: f64,
    /// One of the two sets that are joined. 0 for a relation.
    left: Relations,
}

/// The best of all orders, by dynamic programming.
fn of_all(all: Relations, sizes: &Sizes) -> Option<(Order, f64)> {
    let sets = all as usize + 1;
    let linked: Vec<Relations> = (0..=all).map(|set| sizes.linked(set)).collect();
    let mut rows = vec![1.0; sets];
    let mut best: Vec<Option<Best>> = vec![None; sets];
    for set in 1..=all {
        let (last, others) = sizes.without_last(set);
        rows[set as usize] = rows[others as usize] * sizes.factor(others, last);
        if others == 0 {
            best[set as usize] = Some(Best { bytes: 0.0, left: 0 });
            continue;
        }
        let lowest = set & set.wrapping_neg();
        let rest = set & !lowest;
        // The left set always has the lowest relation of the set. So each pair of sets is visited
        // once.
        let mut some = rest;
        let mut found: Option<Best> = None;
        while some != 0 {
            some = (some - 1) & rest;
            let (left, right) = (some | lowest, rest & !some);
            let (Some(of_left), Some(of_right)) = (best[left as usize], best[right as usize]) else { continue };
            let bytes = of_left.bytes + of_right.bytes;
            if linked[left as usize] & right != 0 && found.is_none_or(|found| bytes < found.bytes) {
                found = Some(Best { bytes, left });
            }
        }
        let own = if set == all { 0.0 } else { sizes.bytes_of(set, rows[set as usize]) };
        best[set as usize] = found.map(|found| Best { bytes: found.bytes + own, ..found });
    }
    let bytes = best[all as usize]?.bytes;
    Some((order_of(all, &best)?, bytes))
}

/// The order that was found for a set.
fn order_of(set: Relations, best: &[Option<Best>]) -> Option<Order> {
    let left = best.get(set as usize).copied().flatten()?.left;
    if left == 0 {
        return members(set).next().map(Order::Relation);
    }
    let sides = [order_of(left, best)?, order_of(set & !left, best)?];
    Some(Order::Join(Box::new(sides)))
}

/// Repeatedly joins the two sets whose join has the fewest bytes.
fn greedy(all: Relations, sizes: &Sizes) -> Option<(Order, f64)> {
    let mut bytes_of: HashMap<Relations, f64> = HashMap::new();
    let mut orders: Vec<(Relations, Order)> =
        members(all).map(|relation| (1 << relation, Order::Relation(relation))).collect();
    let mut bytes = 0.0;
    while orders.len() > 1 {
        let mut least: Option<(f64, usize, usize)> = None;
        for left in 0..orders.len() {
            let linked = sizes.linked(orders[left].0);
            for right in left + 1..orders.len() {
                if linked & orders[right].0 == 0 {
                    continue;
                }
                let set = orders[left].0 | orders[right].0;
                let of_both = *bytes_of.entry(set).or_insert_with(|| sizes.bytes(set));
                if least.is_none_or(|(least, ..)| of_both < least) {
                    least = Some((of_both, left, right));
                }
            }
        }
        let (of_both, left, right) = least?;
        let (set, of_right) = orders.remove(right);
        let (of, of_left) = &mut orders[left];
        *of |= set;
        bytes += if *of == all { 0.0 } else { of_both };
        let first = std::mem::replace(of_left, Order::Relation(0));
        *of_left = Order::Join(Box::new([first, of_right]));
    }
    orders.pop().map(|(_, order)| (order, bytes))
}
