//! A plan as JSON, for tools. `docs/explain.md` describes each field with its unit.

use std::sync::Arc;

use super::counts;
use crate::metrics::{JobMetrics, OperatorCounts, OperatorMetrics};
use crate::physical::{
    Candidate, Choice, JoinRegion, OperatorInfo, OrderEstimate, PhysicalPlan, choice_value, ship_text,
};
use crate::strategy::Ship;
use crate::value::json::Value;

/// The version of the format. New fields keep the version. It is incremented if a field changes its
/// meaning.
pub(super) const VERSION: u64 = 1;

/// The plan on one line: operators, inputs before their readers. With `metrics` also their counts.
/// `decisions` is read by [`Decisions::from_json`](crate::physical::Decisions::from_json).
#[must_use]
pub fn json(plan: &PhysicalPlan, metrics: Option<&JobMetrics>) -> String {
    let mut actual: Vec<Value> = metrics.map_or_else(Vec::new, |metrics| of_operators(plan, metrics));
    actual.resize(plan.operators.len(), Value::Null);
    let operators = plan.operators.iter().zip(actual);
    Value::object([
        ("version", VERSION.into()),
        ("run", metrics.map_or(Value::Null, of_run)),
        ("operators", operators.map(|(operator, actual)| of_operator(plan, operator, actual)).collect()),
        ("join_orders", plan.join_regions.iter().map(of_region).collect()),
        ("decisions", plan.decisions().value()),
    ])
    .to_string()
}

fn of_region(region: &JoinRegion) -> Value {
    let of_order = |estimate: &OrderEstimate| {
        Value::object([
            ("order", estimate.order.value()),
            ("rows", estimate.rows.into()),
            ("bytes", estimate.bytes.into()),
        ])
    };
    Value::object([
        ("join", region.join.as_str().into()),
        ("written", of_order(&region.written)),
        ("chosen", of_order(&region.chosen)),
        ("best", of_order(&region.best)),
    ])
}

fn of_run(metrics: &JobMetrics) -> Value {
    Value::object([
        ("seconds", seconds(metrics.elapsed_nanos.get())),
        ("source_rows", metrics.source_rows.get().into()),
        ("source_bytes", metrics.source_bytes.get().into()),
    ])
}

fn of_operator(plan: &PhysicalPlan, operator: &OperatorInfo, actual: Value) -> Value {
    let member = operator.in_loop;
    let input = |(input, ship): &(usize, Ship)| {
        let identity = plan.operators[*input].identity.as_str();
        Value::object([("operator", identity.into()), ("ship", ship_text(ship).as_str().into())])
    };
    let estimate =
        Value::object([("rows", operator.estimate.rows.into()), ("row_bytes", operator.estimate.row_bytes.into())]);
    Value::object([
        ("identity", operator.identity.as_str().into()),
        ("name", (&*operator.origin.name).into()),
        ("word", (&*operator.origin.operator).into()),
        ("description", operator.description.as_str().into()),
        ("text", (&*operator.text).into()),
        ("file", (&*operator.origin.file).into()),
        ("line", u64::from(operator.origin.line).into()),
        ("strategy", operator.strategy.as_str().into()),
        ("tasks", operator.tasks.into()),
        ("fields", operator.fields.as_str().into()),
        ("leaves", operator.leaves.iter().map(String::as_str).collect()),
        ("is_passed_by", Value::Bool(operator.is_left_out)),
        ("loop", member.map_or(Value::Null, |member| plan.operators[member.begin].identity.as_str().into())),
        ("loop_part", member.map_or(Value::Null, |member| member.part.name().into())),
        ("inputs", operator.inputs.iter().map(input).collect()),
        ("estimate", estimate),
        ("actual", actual),
        ("candidates", operator.candidates.iter().map(|way| of_candidate(way, operator.chosen.as_ref())).collect()),
    ])
}

fn of_candidate(candidate: &Candidate, chosen: Option<&Choice>) -> Value {
    Value::object([
        ("choice", choice_value(&candidate.choice)),
        ("seconds", candidate.seconds.into()),
        ("total_seconds", candidate.total_seconds.into()),
        ("gives", candidate.gives.as_str().into()),
        ("is_chosen", Value::Bool(Some(&candidate.choice) == chosen)),
    ])
}

/// The counts of each operator: over all of its tasks, and of each task.
fn of_operators(plan: &PhysicalPlan, metrics: &JobMetrics) -> Vec<Value> {
    let removed = |operator: usize| {
        let inputs = plan.operators.get(operator).map_or(0, |info| info.inputs.len());
        (0..inputs).map(|input| metrics.removed_rows(operator, input)).collect::<Value>()
    };
    let of_operator = |(operator, (all, tasks)): (usize, (OperatorCounts, &Vec<Arc<OperatorMetrics>>))| {
        Value::object([
            ("rows_in", all.rows_in.into()),
            ("rows_out", all.rows_out.into()),
            ("bytes", all.bytes.into()),
            ("seconds", seconds(all.busy_nanos)),
            ("memory_bytes", all.memory_bytes.into()),
            ("spilled_bytes", all.spilled_bytes.into()),
            ("spilled_parts", all.spilled_parts.into()),
            ("passes", all.passes.into()),
            ("late_rows", all.late_rows.into()),
            ("filtered_rows", all.filtered_rows.into()),
            ("removed_rows", removed(operator)),
            ("skipped_splits", all.skipped_splits.into()),
            ("reversals", all.reversals.into()),
            ("rounds", all.rounds.into()),
            ("tasks", tasks.iter().map(|task| of_task(&OperatorCounts::of([&**task]))).collect()),
        ])
    };
    counts(plan, metrics).into_iter().zip(&metrics.operators).enumerate().map(of_operator).collect()
}

fn of_task(task: &OperatorCounts) -> Value {
    Value::object([
        ("rows_in", task.rows_in.into()),
        ("rows_out", task.rows_out.into()),
        ("bytes", task.bytes.into()),
        ("seconds", seconds(task.busy_nanos)),
        ("memory_bytes", task.memory_bytes.into()),
        ("spilled_bytes", task.spilled_bytes.into()),
    ])
}

fn seconds(nanos: u64) -> Value {
    (nanos as f64 / 1e9).into()
}
