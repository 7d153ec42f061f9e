//! A plan as JSON, for tools.

use serde_json::{Value, json as value};

use crate::physical::{Candidate, OperatorInfo, PhysicalPlan, choice_value};

/// The form, which grows by fields and is counted up where one changes its meaning.
const VERSION: u64 = 1;

/// The plan: operators, inputs before those that read them, and under `decisions` what
/// [`Decisions::from_json`](crate::physical::Decisions::from_json) reads.
#[must_use]
pub fn json(plan: &PhysicalPlan) -> String {
    let operators: Vec<Value> = plan.operators.iter().map(|operator| of_operator(plan, operator)).collect();
    let decisions: Value = serde_json::from_str(&plan.decisions().to_json()).unwrap_or_default();
    value!({ "version": VERSION, "operators": operators, "decisions": decisions }).to_string()
}

fn of_operator(plan: &PhysicalPlan, operator: &OperatorInfo) -> Value {
    let inputs: Vec<Value> = operator
        .inputs
        .iter()
        .map(|(input, ship)| value!({ "operator": plan.operators[*input].identity, "ship": ship.to_string() }))
        .collect();
    let candidates: Vec<Value> = operator.candidates.iter().map(of_candidate).collect();
    value!({
        "identity": operator.identity,
        "operator": operator.description,
        "text": &*operator.text,
        "file": operator.origin.file,
        "line": operator.origin.line,
        "how": operator.strategy,
        "inputs": inputs,
        "tasks": operator.tasks,
        "rows": operator.estimate.rows,
        "row_bytes": operator.estimate.row_bytes,
        "candidates": candidates,
    })
}

fn of_candidate(candidate: &Candidate) -> Value {
    value!({ "choice": choice_value(&candidate.choice), "seconds": candidate.seconds })
}
