//! Interesting properties: the placements and orders that later operators can use.
//!
//! An operator is interested in the keys that it ships by and the orders that it sorts by. The
//! interest extends to all operators before it that copy these leaves. The search keeps a candidate
//! with an interesting property even if it costs more.

use std::sync::Arc;

use crate::plan::{Node, unchanged};
use crate::row::OrderKey;
use crate::strategy::{InPlace, Properties, Role};

/// The most interests in one operator.
const MAX_INTERESTS: usize = 16;

/// An interest of an operator in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// Rows with the same values of these leaves are in one task. The order of leaves does not
    /// matter.
    Together(Vec<usize>),
    /// The rows of each task are in this order.
    Sorted(Vec<OrderKey>),
}

/// The interests in each operator, by leaves of its output.
#[derive(Default)]
pub(super) struct Interests(Vec<Vec<Interest>>);

impl Interests {
    /// The interests in these nodes. `interests_of` returns those of a node, each with the number
    /// of the input.
    pub(super) fn of(
        nodes: &[Arc<Node>],
        inputs: &[Vec<usize>],
        interests_of: impl Fn(usize) -> Vec<(usize, Interest)>,
    ) -> Self {
        let mut interests: Vec<Vec<Interest>> = vec![Vec::new(); nodes.len()];
        for node in (0..nodes.len()).rev() {
            for (input, interest) in interests_of(node) {
                add(&mut interests[inputs[node][input]], interest);
            }
            if interests[node].is_empty() {
                continue;
            }
            let of_this = interests[node].clone();
            for (number, &input) in inputs[node].iter().enumerate() {
                let Some(forwards) = copied(&nodes[node], number) else { continue };
                of_this.iter().for_each(|interest| add(&mut interests[input], interest.of_input(&forwards)));
            }
        }
        Interests(interests)
    }

    /// Those properties of a node's rows that a later operator can use.
    pub(super) fn of_node(&self, node: usize, delivered: &Properties) -> Properties {
        let mut interesting = Properties::anywhere(delivered.tasks);
        for interest in self.0.get(node).into_iter().flatten() {
            match interest {
                Interest::Together(key) => {
                    if delivered.hashed_by().is_some_and(|leaves| leaves.iter().all(|leaf| key.contains(leaf))) {
                        interesting.placement = delivered.placement.clone();
                    }
                }
                Interest::Sorted(order) => {
                    if order.len() > interesting.order.len() && delivered.is_sorted_by(order) {
                        interesting.order = order.as_slice().into();
                    }
                }
            }
        }
        interesting
    }
}

impl Interest {
    /// The same interest in the input of an operator. Leaf `i` of the output is a copy of the
    /// input's leaf `forwards[i]`.
    fn of_input(&self, forwards: &[Option<usize>]) -> Interest {
        let of_input = |leaf: usize| forwards.get(leaf).copied().flatten();
        match self {
            // A hash of some leaves of a key is enough.
            Interest::Together(key) => Interest::Together(key.iter().filter_map(|&leaf| of_input(leaf)).collect()),
            Interest::Sorted(order) => {
                let key = |key: &OrderKey| Some(OrderKey { leaf: of_input(key.leaf)?, ..*key });
                Interest::Sorted(order.iter().map(key).collect::<Option<_>>().unwrap_or_default())
            }
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Interest::Together(key) => key.is_empty(),
            Interest::Sorted(order) => order.is_empty(),
        }
    }
}

/// For each leaf of a node's output, the leaf of the input that it copies.
fn copied(node: &Node, input: usize) -> Option<Vec<Option<usize>>> {
    match node.operator.role() {
        Role::InPlace(InPlace::Project(leaves) | InPlace::EventTime(leaves, _)) => {
            Some(leaves.into_iter().map(Some).collect())
        }
        Role::InPlace(InPlace::Filter(_) | InPlace::WindowStart(..)) => Some(unchanged(node.schema())),
        _ => node.operator.forwards(input),
    }
}

fn add(interests: &mut Vec<Interest>, mut interest: Interest) {
    if let Interest::Together(key) = &mut interest {
        key.sort_unstable();
        key.dedup();
    }
    if !interest.is_empty() && !interests.contains(&interest) && interests.len() < MAX_INTERESTS {
        interests.push(interest);
    }
}
