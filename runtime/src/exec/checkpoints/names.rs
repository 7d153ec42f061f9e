//! The names of operators and state files in manifests.
//!
//! The name of an operator is its identity, which comes from the program's text. So a rebuilt
//! program finds its state, and a changed program finds the state of the operators that it still
//! has. Operators with the same identity are numbered in their order. Their numbers are valid only
//! in the same program.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};
use crate::physical::{Head, InlineStepPlan, OutputPlan, PhysicalPlan, StagePlan, identities, without_number};
use crate::plan::{Node, topological};
use crate::snapshot::Manifest;
use crate::strategy::Recovery;

/// A hash of the identities of all operators of a program.
///
/// Operators with state and the same identity differ only by their order. So the hash also includes
/// the operators and source texts before these. It changes if two of them are swapped.
pub(super) fn program_of(sinks: &[Arc<Node>]) -> u64 {
    let nodes = topological(sinks);
    let mut lines = identities(&nodes);
    let mut with_state: HashMap<(String, &str), Vec<&Arc<Node>>> = HashMap::new();
    for node in nodes.iter().filter(|node| node.operator.state_definition().is_some()) {
        with_state.entry((node.identity(), node.operator.name())).or_default().push(node);
    }
    let ambiguous = with_state.into_values().filter(|nodes| nodes.len() > 1).flatten();
    let mut ambiguous: Vec<&Arc<Node>> = ambiguous.collect();
    ambiguous.sort_by_key(|node| node.program_sequence);
    for node in ambiguous {
        let before = topological(&node.inputs);
        lines.extend(before.iter().map(|node| format!("{}: {}", node.identity(), node.text)));
    }
    xxh3_64(lines.join("\n").as_bytes())
}

/// The name of the file for one state of an operator in one task.
pub(in crate::exec) fn state_file(operator: usize, state: &str, subtask: usize) -> String {
    format!("{operator}-{state}-{subtask}.state")
}

/// The names of the operators that take part in snapshots, by their numbers in the plan.
pub(super) struct OperatorNames(HashMap<usize, String>);

impl OperatorNames {
    /// Names the operators of a plan that take part in snapshots.
    ///
    /// # Errors
    /// Fails if an operator has state that snapshots cannot hold, or if a finite flow feeds an
    /// endless one. The error has the origin of the operator.
    pub(super) fn of(plan: &PhysicalPlan) -> Result<Self> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let name = |operator: usize| {
            let identity = without_number(&plan.operators[operator].identity);
            let count = seen.entry(identity).or_default();
            *count += 1;
            (operator, if *count == 1 { identity.to_owned() } else { format!("{identity}#{count}") })
        };
        Ok(OperatorNames(participants(plan)?.into_iter().map(name).collect()))
    }

    /// The name of an operator. `None` if it does not take part.
    pub(super) fn get(&self, operator: usize) -> Option<&str> {
        self.0.get(&operator).map(String::as_str)
    }

    /// Checks that a program can resume from a snapshot.
    ///
    /// # Errors
    /// Fails if the snapshot has an operator that the program lacks. Also fails if operators share
    /// a name, and the snapshot is of another program.
    pub(super) fn check(&self, program: u64, manifest: &Manifest) -> Result<()> {
        let (known, found) = (BTreeSet::from_iter(self.0.values()), BTreeSet::from_iter(manifest.operators.keys()));
        if let Some(missing) = found.difference(&known).next() {
            let known: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
            return Err(Error::Plan(format!(
                "the snapshot has something of an operator `{missing}`, and this program has none of that name, but `{}`; give it its name back, or begin anew in another folder",
                known.join("`, `")
            )));
        }
        let mut numbered: BTreeSet<&str> = BTreeSet::new();
        for name in known.union(&found) {
            let name: &str = name;
            numbered.extend(Some(without_number(name)).filter(|&base| base != name));
        }
        if numbered.is_empty() || program == manifest.program {
            return Ok(());
        }
        let numbered: Vec<&str> = numbered.into_iter().collect();
        Err(Error::Plan(format!(
            "several operators are called `{}`, and the snapshot is of another program: their order does not say which state belongs to which; undo the change, or start over \
             with an empty folder of snapshots, after naming each of them with `let`: then the program may change",
            numbered.join("`, `")
        )))
    }
}

/// Rejects a finite flow that feeds an endless one: snapshots have no positions in finite flows.
fn reject_finite_into_endless(plan: &PhysicalPlan, endless: &[bool]) -> Result<()> {
    let finite = plan.stages.iter().zip(endless).filter(|&(_, &endless)| !endless).map(|(stage, _)| stage);
    match finite.flat_map(outputs_of).find(|output| endless[output.to.0]) {
        None => Ok(()),
        Some(output) => {
            let message = "snapshots are taken of this job, and none can say how far this flow was read, which ends and meets one that does not; collect it before the job, `let list = flow.collect()?`, and use the list in a closure, or start the job without \
                 `--snapshots`";
            Err(Error::Plan(message.to_owned()).at(&plan.operators[output.operator].origin))
        }
    }
}

/// The operators of a plan that take part in snapshots.
///
/// # Errors
/// Fails if an operator keeps state that snapshots cannot hold, or if a finite flow feeds an
/// endless one.
fn participants(plan: &PhysicalPlan) -> Result<BTreeSet<usize>> {
    let reject_lost_state = |operator: usize| {
        let word = &plan.operators[operator].origin.operator;
        let message = format!(
            "snapshots are taken of this job, and none can hold what `{word}` keeps from record to record; keep it by key in `.group_by(..).aggregate(|g| g.fold(..))`, which snapshots hold (two streams become \
             one by `.union(..)`), or start the job without `--snapshots`"
        );
        Err(Error::Plan(message).at(&plan.operators[operator].origin))
    };
    let (endless, mut participants) = (plan.endless_stages(), BTreeSet::new());
    reject_finite_into_endless(plan, &endless)?;
    for (_, stage) in plan.stages.iter().enumerate().filter(|&(number, _)| endless[number]) {
        if let Head::Source(operator, ..) = stage.head {
            participants.insert(operator);
        }
        let before_outputs = outputs_of(stage).flat_map(|output| &output.inline);
        let inlines = stage.steps.iter().flat_map(|step| &step.inline).chain(before_outputs);
        for inline in inlines {
            if let InlineStepPlan::Filter(operator, filter, _) = inline
                && filter.predicate.keeps_state()
            {
                reject_lost_state(*operator)?;
            }
        }
        for step in &stage.steps {
            match step.driver.recovery {
                Recovery::Stateless => {}
                // Two steps of an operator would write the same files.
                Recovery::Restored | Recovery::RestoredByImages if !participants.insert(step.operator) => {
                    return Err(Error::Internal(format!("`{}` keeps state in two places", step.driver.name)));
                }
                Recovery::Restored | Recovery::RestoredByImages => {}
                Recovery::Lost => reject_lost_state(step.operator)?,
            }
        }
    }
    Ok(participants)
}

/// All outputs of a stage.
fn outputs_of(stage: &StagePlan) -> impl Iterator<Item = &OutputPlan> {
    stage.outputs.iter().chain(stage.steps.iter().flat_map(|step| &step.others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::OperatorSnapshot;

    #[test]
    fn programs_find_their_state_or_are_rejected() {
        let named = |names: &[&str]| OperatorNames(names.iter().map(|name| (*name).to_owned()).enumerate().collect());
        let snapshot = |names: &[&str]| {
            let operator = |name: &&str| ((*name).to_owned(), OperatorSnapshot::default());
            Manifest { program: 1, operators: names.iter().map(operator).collect(), ..Manifest::default() }
        };
        let check = |names: &[&str], program, known: &[&str]| named(names).check(program, &snapshot(known));
        // A changed program may have new operators.
        check(&["clicks", "hits", "more"], 2, &["clicks", "hits"]).unwrap();
        check(&["clicks", "clicks#2"], 1, &["clicks", "clicks#2"]).unwrap();
        let error = check(&["clicks", "counts"], 2, &["clicks", "hits"]).unwrap_err().to_string();
        assert!(error.contains("an operator `hits`") && error.contains("but `clicks`, `counts`"), "{error}");
        let error = check(&["clicks", "clicks#2"], 2, &["clicks"]).unwrap_err().to_string();
        assert!(error.contains("several operators are called `clicks`"), "{error}");
    }
}
