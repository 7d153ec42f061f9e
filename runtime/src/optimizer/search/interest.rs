//! Who would make use of it that rows lie in some way: from the sinks up.
//!
//! What operators ship by, and sort by, they ask for. It is asked of all before them that copy those leaves, so that a candidate which has it is kept where it costs more.

use std::sync::Arc;

use crate::plan::{Node, unchanged};
use crate::row::OrderKey;
use crate::strategy::{InPlace, Properties, Role};

/// The most that is asked for of one operator.
const MOST_INTERESTS: usize = 16;

/// What an operator asks of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// Rows with the same values of these leaves are in one task; their order says nothing.
    Together(Vec<usize>),
    /// The rows of each task are in this order.
    Sorted(Vec<OrderKey>),
}

/// What is asked for of each operator, by leaves of its output.
#[derive(Default)]
pub(super) struct Interests(Vec<Vec<Interest>>);

impl Interests {
    /// Of these nodes; `wants` is what a node asks for, each with the number of the input.
    pub(super) fn of(
        nodes: &[Arc<Node>],
        inputs: &[Vec<usize>],
        wants: impl Fn(usize) -> Vec<(usize, Interest)>,
    ) -> Self {
        let mut interests: Vec<Vec<Interest>> = vec![Vec::new(); nodes.len()];
        for node in (0..nodes.len()).rev() {
            for (input, interest) in wants(node) {
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

    /// What somebody behind a node would make use of, of how its rows lie.
    pub(super) fn of_node(&self, node: usize, gives: &Properties) -> Properties {
        let mut wanted = Properties::anywhere(gives.tasks);
        for interest in self.0.get(node).into_iter().flatten() {
            match interest {
                Interest::Together(key) => {
                    if gives.hashed_by().is_some_and(|leaves| leaves.iter().all(|leaf| key.contains(leaf))) {
                        wanted.placement = gives.placement.clone();
                    }
                }
                Interest::Sorted(order) => {
                    if order.len() > wanted.order.len() && gives.is_sorted_by(order) {
                        wanted.order = order.as_slice().into();
                    }
                }
            }
        }
        wanted
    }
}

impl Interest {
    /// The same of rows before an operator, of whose output leaf `i` is the leaf `[i]` of them.
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

/// For each leaf of a node's output, the leaf of an input that it is a copy of.
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
    if !interest.is_empty() && !interests.contains(&interest) && interests.len() < MOST_INTERESTS {
        interests.push(interest);
    }
}
