//! Who would make use of it that rows lie in some way: from the sinks up.
//!
//! What operators ship by, they ask for. It is asked of all before them that copy the leaves of the key, so that a candidate which has it is kept where it costs more.

use std::sync::Arc;

use crate::plan::{Node, unchanged};
use crate::strategy::{Placement, Role};

/// The most keys that are asked for of one operator.
const MOST_KEYS: usize = 16;

/// The keys that are asked for of each operator, as leaves of its output.
#[derive(Default)]
pub(super) struct Interests(Vec<Vec<Vec<usize>>>);

impl Interests {
    /// Of these nodes; `wants` are the keys that a node ships its inputs by, each with the number of the input.
    pub(super) fn of(
        nodes: &[Arc<Node>],
        inputs: &[Vec<usize>],
        wants: impl Fn(usize) -> Vec<(usize, Vec<usize>)>,
    ) -> Self {
        let mut interests: Vec<Vec<Vec<usize>>> = vec![Vec::new(); nodes.len()];
        for node in (0..nodes.len()).rev() {
            for (input, key) in wants(node) {
                add(&mut interests[inputs[node][input]], key);
            }
            if interests[node].is_empty() {
                continue;
            }
            let of_this = interests[node].clone();
            for (number, &input) in inputs[node].iter().enumerate() {
                let Some(forwards) = copied(&nodes[node], number) else { continue };
                for key in &of_this {
                    // A hash of some leaves of a key is enough.
                    let of_input = key.iter().filter_map(|&leaf| forwards.get(leaf).copied().flatten()).collect();
                    add(&mut interests[input], of_input);
                }
            }
        }
        Interests(interests)
    }

    /// Whether somebody behind a node would make use of it that its rows lie like this.
    pub(super) fn wants(&self, node: usize, placement: &Placement) -> bool {
        let Some(leaves) = placement.hashed_by() else { return false };
        self.0.get(node).is_some_and(|keys| keys.iter().any(|key| leaves.iter().all(|leaf| key.contains(leaf))))
    }
}

/// For each leaf of a node's output, the leaf of an input that it is a copy of.
fn copied(node: &Node, input: usize) -> Option<Vec<Option<usize>>> {
    match node.operator.role() {
        Role::Project(leaves) | Role::EventTime(leaves, _) => Some(leaves.into_iter().map(Some).collect()),
        Role::Filter(..) | Role::WindowStart(_) => Some(unchanged(node.schema())),
        _ => node.operator.forwards(input),
    }
}

fn add(keys: &mut Vec<Vec<usize>>, mut key: Vec<usize>) {
    key.sort_unstable();
    key.dedup();
    if !key.is_empty() && !keys.contains(&key) && keys.len() < MOST_KEYS {
        keys.push(key);
    }
}
