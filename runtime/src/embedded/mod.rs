//! The embedded engine: interprets the logical plan on one thread, over plain vectors.
//!
//! The oracle of the tests, and fast enough for small data. It applies no optimizer rules, pruning
//! or fusion. If a closure reads a leaf that its read set lacks, it gets a valid but wrong value.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::catching;
use crate::plan::{self, LoopOperator, LoopOperatorPart, Loops, Node, Table, check, remove_abandoned, topological};
use crate::row::Datum;
use crate::strategy::LoopId;

/// Runs all operators that these sinks depend on.
///
/// # Errors
/// Those of operators and of the user's closures, with the operator.
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
                run_loop(nodes, (&loops, loop_id), node, rounds, &mut tables)?;
            }
            Some(LoopOperator { part: LoopOperatorPart::Begin { .. }, .. }) => run_node(node, &mut tables)?,
            // The end of the loop runs its body.
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

/// Runs the rounds of a loop: the body reads the rows of the round before.
///
/// A bulk iteration runs `rounds` rounds and returns the last rows. A delta iteration runs at most
/// as many, ends when its workset is empty, and returns its solution set.
fn run_loop(
    nodes: &[Arc<Node>],
    (loops, loop_id): (&Loops, LoopId),
    end: &Arc<Node>,
    rounds: u32,
    tables: &mut Tables,
) -> Result<()> {
    let body: Vec<&Arc<Node>> = nodes.iter().filter(|node| loops.loop_of(node) == Some(loop_id)).collect();
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
        let output = |input: usize| end.inputs.get(input).and_then(|tail| tables.get(&tail.sequence)).cloned();
        rows = output(0).unwrap_or_default();
        if let Some(set) = &mut set {
            set.upsert(output(1).unwrap_or_default());
        }
    }
    tables.insert(end.sequence, set.map_or(rows, |set| set.rows));
    Ok(())
}

/// The solution set of a delta iteration.
struct SolutionSet {
    /// The sequence number of the node that joins it.
    sequence: u64,
    key: Vec<usize>,
    rows: Table,
    /// The index of each key's row.
    row_of_key: HashMap<Vec<Datum>, usize>,
}

impl SolutionSet {
    /// The initial solution set. `None` if the body joins none.
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
            row_of_key: HashMap::new(),
        };
        set.upsert(initial.clone());
        Some(set)
    }

    /// Joins the rows of a round with the solution set.
    fn probe(&self, node: &Arc<Node>, tables: &mut Tables) -> Result<()> {
        let probing = node.inputs.first().and_then(|input| tables.get(&input.sequence)).cloned().unwrap_or_default();
        let inputs = [probing, self.rows.clone()];
        let table = catching(|| node.operator.reference(&inputs)).map_err(|error| error.at(&node.origin))?;
        tables.insert(node.sequence, table);
        Ok(())
    }

    /// Inserts rows. Each replaces the row with its key.
    fn upsert(&mut self, rows: Table) {
        for row in rows.rows {
            let key = self.key.iter().filter_map(|&leaf| row.get(leaf).cloned()).collect();
            let index = *self.row_of_key.entry(key).or_insert(self.rows.rows.len());
            match self.rows.rows.get_mut(index) {
                Some(known) => *known = row,
                None => self.rows.rows.push(row),
            }
        }
    }
}
