//! The embedded engine: one thread, plain vectors, the logical plan as it is written. The oracle of the tests, and enough for small
//! data.
//!
//! No rule runs, nothing is pruned or fused; closures are shown leaves that their read sets forget as valid but wrong values.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::catching;
use crate::plan::{self, LoopOperator, LoopOperatorPart, Loops, Node, Table, check, remove_abandoned, topological};
use crate::row::Datum;
use crate::strategy::LoopId;

/// Runs everything that these sinks need.
///
/// # Errors
/// What the operators and the user's closures give, with the operator.
pub fn run(sinks: &[Arc<Node>]) -> Result<()> {
    let nodes = topological(sinks);
    check(&nodes)?;
    remove_abandoned(&nodes);
    plan::prepare(&nodes)?;
    let result = evaluate(&nodes);
    let finished = plan::finish(&nodes, result.is_ok());
    result.and(finished)
}

/// The records of each node, by its sequence number.
type Tables = HashMap<u64, Table>;

fn evaluate(nodes: &[Arc<Node>]) -> Result<()> {
    let loops = Loops::of(nodes);
    let mut tables = Tables::new();
    for node in nodes {
        match node.operator.as_loop() {
            Some(LoopOperator { loop_id, part: LoopOperatorPart::End { rounds } }) => {
                repeat(nodes, (&loops, loop_id), node, rounds, &mut tables)?;
            }
            Some(LoopOperator { part: LoopOperatorPart::Begin { .. }, .. }) => run_node(node, &mut tables)?,
            // The loop's end runs the body.
            _ if loops.loop_of(node).is_some() => {}
            _ => run_node(node, &mut tables)?,
        }
    }
    Ok(())
}

fn run_node(node: &Arc<Node>, tables: &mut Tables) -> Result<()> {
    let inputs: Vec<Table> = node.inputs.iter().filter_map(|input| tables.get(&input.sequence).cloned()).collect();
    let table = catching(|| node.operator.reference(&inputs)).map_err(|error| error.at(&node.origin))?;
    tables.insert(node.sequence, table);
    Ok(())
}

/// Runs the body of a loop over what it gave the time before: so many times, or while there are rows, and then what it comes to is its solution set.
fn repeat(
    nodes: &[Arc<Node>],
    (loops, of): (&Loops, LoopId),
    end: &Arc<Node>,
    rounds: u32,
    tables: &mut Tables,
) -> Result<()> {
    let body: Vec<&Arc<Node>> = nodes.iter().filter(|node| loops.loop_of(node) == Some(of)).collect();
    let [begin, body @ ..] = body.as_slice() else { return Ok(()) };
    let mut rows = tables.get(&begin.sequence).cloned().unwrap_or_default();
    let mut set = SolutionSet::of(body, tables);
    for _ in 0..rounds {
        if set.is_some() && rows.rows.is_empty() {
            break;
        }
        tables.insert(begin.sequence, rows);
        for node in body {
            match &set {
                Some(set) if set.sequence == node.sequence => set.probe(node, tables)?,
                _ => run_node(node, tables)?,
            }
        }
        let given = |input: usize| end.inputs.get(input).and_then(|tail| tables.get(&tail.sequence)).cloned();
        rows = given(0).unwrap_or_default();
        if let Some(set) = &mut set {
            set.change(given(1).unwrap_or_default());
        }
    }
    tables.insert(end.sequence, set.map_or(rows, |set| set.rows));
    Ok(())
}

/// The solution set of a delta iteration.
struct SolutionSet {
    /// The node that joins it.
    sequence: u64,
    key: Vec<usize>,
    rows: Table,
    /// Where the row of each key is.
    places: HashMap<Vec<Datum>, usize>,
}

impl SolutionSet {
    /// What it is at first, if a body joins one.
    fn of(body: &[&Arc<Node>], tables: &Tables) -> Option<Self> {
        let (node, key) = body.iter().find_map(|node| match node.operator.as_loop()?.part {
            LoopOperatorPart::SolutionSet { key } => Some((node, key)),
            _ => None,
        })?;
        let initial = node.inputs.get(LoopId::INITIAL).and_then(|initial| tables.get(&initial.sequence))?;
        let mut set = SolutionSet {
            sequence: node.sequence,
            key,
            rows: Table::new(initial.types.clone()),
            places: HashMap::new(),
        };
        set.change(initial.clone());
        Some(set)
    }

    /// Joins the rows of a round with it.
    fn probe(&self, node: &Arc<Node>, tables: &mut Tables) -> Result<()> {
        let probing = node.inputs.first().and_then(|input| tables.get(&input.sequence)).cloned().unwrap_or_default();
        let inputs = [probing, self.rows.clone()];
        let table = catching(|| node.operator.reference(&inputs)).map_err(|error| error.at(&node.origin))?;
        tables.insert(node.sequence, table);
        Ok(())
    }

    /// Puts rows: each takes the place of that of its key.
    fn change(&mut self, rows: Table) {
        for row in rows.rows {
            let key = self.key.iter().filter_map(|&leaf| row.get(leaf).cloned()).collect();
            let place = *self.places.entry(key).or_insert(self.rows.rows.len());
            match self.rows.rows.get_mut(place) {
                Some(known) => *known = row,
                None => self.rows.rows.push(row),
            }
        }
    }
}
