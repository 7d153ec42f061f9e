//! Loops in a plan: the nodes that run in each round.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::plan::{LoopOperator, LoopOperatorPart, Node};
use crate::strategy::LoopId;

/// The nodes that run in the rounds of loops, by their sequence numbers. These are all nodes that
/// depend on the beginning of a loop, up to its end, which is not included.
#[derive(Debug, Default)]
pub struct Loops(HashMap<u64, LoopId>);

impl Loops {
    /// Finds the loops of a plan. The nodes are in topological order, inputs before consumers.
    #[must_use]
    pub fn of(nodes: &[Arc<Node>]) -> Self {
        let mut loops = HashMap::new();
        for node in nodes {
            let inside = match node.operator.as_loop() {
                Some(LoopOperator { loop_id, part: LoopOperatorPart::Begin { .. } }) => Some(loop_id),
                Some(LoopOperator { part: LoopOperatorPart::End { .. }, .. }) => None,
                _ => node.inputs.iter().find_map(|input| loops.get(&input.sequence).copied()),
            };
            if let Some(of) = inside {
                loops.insert(node.sequence, of);
            }
        }
        Loops(loops)
    }

    /// Returns `true` if the plan has no loop.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The loop in which a node runs. `None` outside of loops.
    #[must_use]
    pub fn loop_of(&self, node: &Node) -> Option<LoopId> {
        self.0.get(&node.sequence).copied()
    }

    /// Checks that the loops can run.
    ///
    /// # Errors
    /// Fails for a loop in a loop, for a body that does not read the loop's rows, and if rows leave
    /// a body before its end. The error has the operator.
    pub fn check(&self, nodes: &[Arc<Node>]) -> Result<()> {
        let read: HashSet<u64> = nodes.iter().flat_map(|node| &node.inputs).map(|input| input.sequence).collect();
        let mut sets: HashMap<LoopId, usize> = HashMap::new();
        for node in nodes {
            if let Some(of) = node.operator.as_loop().filter(|of| of.part.is_solution_set()) {
                *sets.entry(of.loop_id).or_default() += 1;
            }
        }
        for node in nodes {
            if let Some(mistake) = self.mistake(node, &sets, &read) {
                return Err(Error::Plan(mistake.to_owned()).at(&node.origin));
            }
        }
        Ok(())
    }

    /// The mistake of a program at a node. `sets` has the number of joins with the solution set of
    /// each loop, and `read` the nodes that have a reader.
    fn mistake(&self, node: &Node, sets: &HashMap<LoopId, usize>, read: &HashSet<u64>) -> Option<&'static str> {
        let inputs = || node.inputs.iter().filter_map(|input| self.loop_of(input));
        match node.operator.as_loop().map(|of| (of.part, of.loop_id)) {
            Some((LoopOperatorPart::Begin { .. }, _)) if inputs().next().is_some() => {
                Some("a loop in the body of another is not there yet: run the inner one first, or unroll it")
            }
            Some((LoopOperatorPart::End { .. }, of))
                if inputs().filter(|&inside| inside == of).count() < node.inputs.len() =>
            {
                Some(
                    "the body gives rows that do not depend on those that it is given, so each round would be the same",
                )
            }
            Some((LoopOperatorPart::End { .. }, of)) if node.inputs.len() > 1 => match sets.get(&of) {
                Some(1) => None,
                None => Some("the body does not join the solution set: without it, `iterate` is the word"),
                Some(_) => Some(
                    "the body joins the solution set more than once: bring the rows together with `union`, and join them once",
                ),
            },
            Some((LoopOperatorPart::Begin { .. } | LoopOperatorPart::End { .. }, _)) => None,
            _ if inputs().any(|inside| inputs().any(|other| other != inside)) => Some(
                "rows of two loops meet before either has come to its end: give the loop's result on, not a flow of its body",
            ),
            _ if self.loop_of(node).is_some() && !read.contains(&node.sequence) => Some(
                "rows leave a loop's body otherwise than as what the body gives: write, or keep, the loop's result",
            ),
            _ => None,
        }
    }
}
