//! A plan as JSON, for tools.

use crate::format::Value;
use crate::physical::{Candidate, OperatorInfo, PhysicalPlan, choice_value};
use crate::strategy::Ship;

/// The form, which grows by fields and is counted up where one changes its meaning.
const VERSION: u64 = 1;

/// The plan: operators, inputs before those that read them, and under `decisions` what
/// [`Decisions::from_json`](crate::physical::Decisions::from_json) reads.
#[must_use]
pub fn json(plan: &PhysicalPlan) -> String {
    let operators = plan.operators.iter().map(|operator| of_operator(plan, operator)).collect();
    let decisions = plan.decisions().value();
    Value::object([("version", VERSION.into()), ("operators", operators), ("decisions", decisions)]).to_string()
}

fn of_operator(plan: &PhysicalPlan, operator: &OperatorInfo) -> Value {
    let input = |(input, ship): &(usize, Ship)| {
        let identity = plan.operators[*input].identity.as_str();
        Value::object([("operator", identity.into()), ("ship", ship.to_string().as_str().into())])
    };
    Value::object([
        ("identity", operator.identity.as_str().into()),
        ("operator", operator.description.as_str().into()),
        ("text", (&*operator.text).into()),
        ("file", operator.origin.file.into()),
        ("line", u64::from(operator.origin.line).into()),
        ("how", operator.strategy.as_str().into()),
        ("inputs", operator.inputs.iter().map(input).collect()),
        ("tasks", operator.tasks.into()),
        ("rows", operator.estimate.rows.into()),
        ("row_bytes", operator.estimate.row_bytes.into()),
        ("candidates", operator.candidates.iter().map(of_candidate).collect()),
    ])
}

fn of_candidate(candidate: &Candidate) -> Value {
    Value::object([
        ("choice", choice_value(&candidate.choice)),
        ("seconds", candidate.seconds.into()),
        ("total_seconds", candidate.total_seconds.into()),
        ("gives", candidate.gives.as_str().into()),
    ])
}
