//! The logical plan: a DAG of operators as the user wrote them.
//!
//! One call of the builder makes a [`Node`], which never changes. A flow is a handle on a node.
//! Flows that share a node share its work, except for scans that are repeated.
//!
//! No traversal of a plan recurses: rules, EXPLAIN and the drop of nodes hold open nodes in
//! vectors. A program may build twenty thousand operators in a loop, and have a small stack.

mod forwards;
mod loop_regions;
mod operator;
mod reads;
mod table;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Origin, Result};
use crate::output::{self, Claim};
use crate::row::{HiddenLeaf, Schema};
use crate::strategy::Role;

pub use forwards::Forwards;
pub use loop_regions::Loops;
pub use operator::{
    Endpoint, FilterOperator, InnerJoin, LoopOperator, LoopOperatorPart, NewJoin, Operator, PairCall, PairRecord,
    PairRecords, RecordOf, SizeHint, unchanged,
};
pub use reads::Reads;
pub use table::{Table, unbounded_memory, unbounded_writer};

/// One operator of a plan.
pub struct Node {
    /// The number of the node, in the order in which nodes are made.
    pub sequence: u64,
    /// The sequence number of the node in the program that this node replaced. Its own number if it
    /// replaced none.
    pub program_sequence: u64,
    /// The place in the program: bindings and functions, from the outside in. Path and name are the
    /// node's identity.
    pub path: Arc<str>,
    /// The name in the program, and its line.
    pub origin: Origin,
    /// The user's source text, one line, for EXPLAIN.
    pub text: Arc<str>,
    /// The operator.
    pub operator: Arc<dyn Operator>,
    /// The nodes that it reads.
    pub inputs: Vec<Arc<Node>>,
}

impl Node {
    /// A new node.
    #[must_use]
    pub fn new(
        path: Arc<str>,
        origin: Origin,
        text: Arc<str>,
        operator: Arc<dyn Operator>,
        inputs: Vec<Arc<Node>>,
    ) -> Arc<Self> {
        Arc::new(Node::numbered(path, origin, text, operator, inputs))
    }

    fn numbered(
        path: Arc<str>,
        origin: Origin,
        text: Arc<str>,
        operator: Arc<dyn Operator>,
        inputs: Vec<Arc<Node>>,
    ) -> Self {
        static SEQUENCE: AtomicU64 = AtomicU64::new(0);
        let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
        Node { sequence, program_sequence: sequence, path, origin, text, operator, inputs }
    }

    /// The same node with other inputs.
    #[must_use]
    pub fn with_inputs(&self, inputs: Vec<Arc<Node>>) -> Arc<Self> {
        self.with_operator(self.operator.clone(), inputs)
    }

    /// As [`Node::with_inputs`]. Returns the node itself if it already has these inputs, which is
    /// the most frequent case.
    #[must_use]
    pub fn over(self: &Arc<Self>, inputs: Vec<Arc<Node>>) -> Arc<Self> {
        let is_same = inputs.iter().zip(&self.inputs).all(|(left, right)| Arc::ptr_eq(left, right));
        if is_same { self.clone() } else { self.with_inputs(inputs) }
    }

    /// The same node with another name.
    #[must_use]
    pub fn named(&self, name: Arc<str>) -> Arc<Self> {
        let origin = Origin { name, ..self.origin.clone() };
        Node::new(self.path.clone(), origin, self.text.clone(), self.operator.clone(), self.inputs.clone())
    }

    /// The same place in the program with another operator, and its inputs.
    #[must_use]
    pub fn with_operator(&self, operator: Arc<dyn Operator>, inputs: Vec<Arc<Node>>) -> Arc<Self> {
        let mut node = Node::numbered(self.path.clone(), self.origin.clone(), self.text.clone(), operator, inputs);
        node.program_sequence = self.program_sequence;
        Arc::new(node)
    }

    /// The records that it emits.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.operator.schema()
    }

    /// Its word in EXPLAIN: that of the engine, or that of the program if one operator of the
    /// engine has several words (`map`, `flat_map`, …).
    #[must_use]
    pub fn word(&self) -> &str {
        if self.operator.shows_program_word() { &self.origin.operator } else { self.operator.name() }
    }

    /// Its identity: path and name. Nodes with equal identities are distinguished by the order in
    /// which they were made.
    #[must_use]
    pub fn identity(&self) -> String {
        if self.path.is_empty() { self.origin.name.to_string() } else { format!("{}/{}", self.path, self.origin.name) }
    }
}

impl Drop for Node {
    /// Drops inputs without another owner one after the other: a plan may be deeper than the
    /// thread's stack.
    fn drop(&mut self) {
        let mut leaving = std::mem::take(&mut self.inputs);
        while let Some(node) = leaving.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                leaving.append(&mut node.inputs);
            }
        }
    }
}

/// The same plan without nodes whose records are kept from an earlier run. See
/// [`Operator::kept_source`].
#[must_use]
pub fn without_kept(sinks: &[Arc<Node>]) -> Vec<Arc<Node>> {
    let mut copies: HashMap<u64, Arc<Node>> = HashMap::new();
    for node in topological(sinks) {
        let inputs: Vec<Arc<Node>> = match node.operator.kept_source() {
            Some(source) => {
                let (path, origin, text) = (node.path.clone(), node.origin.clone(), node.text.clone());
                vec![Node::new(path, origin, text, source, Vec::new())]
            }
            None => node.inputs.iter().filter_map(|input| copies.get(&input.sequence).cloned()).collect(),
        };
        copies.insert(node.sequence, node.over(inputs));
    }
    sinks.iter().filter_map(|sink| copies.get(&sink.sequence)).cloned().collect()
}

/// The same plan for a job with snapshots: the outputs of endless flows become visible epoch by
/// epoch. See [`Endpoint::by_epochs`].
///
/// # Errors
/// Fails if a sink does not support that.
pub fn by_epochs(sinks: &[Arc<Node>]) -> Result<Vec<Arc<Node>>> {
    let endless = endless(&topological(sinks));
    let by_epochs = |sink: &Arc<Node>| {
        if !endless.contains(&sink.sequence) {
            return Ok(sink.clone());
        }
        let operator = sink.operator.as_endpoint().and_then(Endpoint::by_epochs).ok_or_else(|| {
            let word = sink.operator.name();
            let message = format!(
                "snapshots are taken of this job, and this `{word}` cannot show its records snapshot by snapshot: write a folder of files, `.write_csv(\"hits/\")`, whose path ends with `/`"
            );
            Error::Plan(message).at(&sink.origin)
        })?;
        let (path, origin, text) = (sink.path.clone(), sink.origin.clone(), sink.text.clone());
        Ok(Node::new(path, origin, text, operator, sink.inputs.clone()))
    };
    sinks.iter().map(by_epochs).collect()
}

/// The sequence numbers of those nodes whose records do not end. The nodes are in topological
/// order.
#[must_use]
pub fn endless(nodes: &[Arc<Node>]) -> HashSet<u64> {
    let mut endless = HashSet::new();
    for node in nodes {
        let begins = matches!(node.operator.role(), Role::Source(source) if source.is_endless());
        if begins || node.inputs.iter().any(|input| endless.contains(&input.sequence)) {
            endless.insert(node.sequence);
        }
    }
    endless
}

/// Checks nodes: each by itself, then hidden leaves, loops, and the places that they write to.
///
/// # Errors
/// Fails with the operator.
pub fn check(nodes: &[Arc<Node>]) -> Result<()> {
    nodes.iter().try_for_each(|node| node.operator.check().map_err(|error| error.at(&node.origin)))?;
    check_hidden(nodes)?;
    Loops::of(nodes).check(nodes)?;
    output::refuse_shared(&claims(nodes))
}

/// Checks that the rows of each operator's input have the [hidden leaf](Operator::needs_hidden)
/// that it needs.
///
/// # Errors
/// Fails with the operator, and names the operator whose rows lack the leaf.
pub fn check_hidden(nodes: &[Arc<Node>]) -> Result<()> {
    for node in nodes {
        let Some(((leaf, hidden), input)) = node.operator.needs_hidden().zip(node.inputs.first()) else { continue };
        if !input.schema().has_hidden(leaf, hidden) {
            let source = match hidden {
                HiddenLeaf::EventTime => "`.event_time(..)`",
                HiddenLeaf::WindowStart => "`.window(..)` after a grouping",
            };
            let message = format!(
                "it needs the {} of each record, and the rows of {} have none: it comes from {source}, and each operator in between has to keep it",
                hidden.name(),
                input.origin
            );
            return Err(Error::Plan(message).at(&node.origin));
        }
    }
    Ok(())
}

/// Prepares the [endpoints](Endpoint::prepare) of these nodes.
///
/// # Errors
/// The first error of an endpoint, with its origin. Endpoints prepared before it are then finished.
pub fn prepare(nodes: &[Arc<Node>]) -> Result<()> {
    for (index, node) in nodes.iter().enumerate() {
        let Some(endpoint) = node.operator.as_endpoint() else { continue };
        if let Err(error) = endpoint.prepare() {
            finish(&nodes[..index], false).unwrap_or_default();
            return Err(error.at(&node.origin));
        }
    }
    Ok(())
}

/// Finishes the [endpoints](Endpoint::finish) of these nodes: all of them, also after an error.
/// Those that [commit outside](Endpoint::commits_outside) are first, as they may fail: files then
/// get no names.
///
/// # Errors
/// The first error of an endpoint, with its origin. The endpoints after it finish without success.
pub fn finish(nodes: &[Arc<Node>], success: bool) -> Result<()> {
    let mut finished = Ok(());
    for is_outside in [true, false] {
        for node in nodes {
            let endpoint = node.operator.as_endpoint().filter(|endpoint| endpoint.commits_outside() == is_outside);
            if let Some(endpoint) = endpoint
                && let Err(error) = endpoint.finish(success && finished.is_ok())
            {
                finished = finished.and(Err(error.at(&node.origin)));
            }
        }
    }
    finished
}

/// Removes the unfinished outputs of these nodes that earlier processes left.
pub fn remove_abandoned(nodes: &[Arc<Node>]) {
    output::remove_abandoned(&claims(nodes));
}

fn claims(nodes: &[Arc<Node>]) -> Vec<(&Origin, Claim)> {
    nodes.iter().filter_map(|node| Some((&node.origin, node.operator.as_endpoint()?.claim()?))).collect()
}

/// All nodes that `roots` need, inputs before consumers, each once.
#[must_use]
pub fn topological(roots: &[Arc<Node>]) -> Vec<Arc<Node>> {
    let mut seen = HashSet::new();
    let mut order = Vec::new();
    // A plan may be deeper than the thread's stack.
    let mut stack: Vec<(Arc<Node>, usize)> = Vec::new();
    for root in roots {
        if seen.insert(root.sequence) {
            stack.push((root.clone(), 0));
        }
        while let Some((node, next)) = stack.pop() {
            match node.inputs.get(next) {
                Some(input) => {
                    let input = input.clone();
                    stack.push((node, next + 1));
                    if seen.insert(input.sequence) {
                        stack.push((input, 0));
                    }
                }
                None => order.push(node),
            }
        }
    }
    order
}
