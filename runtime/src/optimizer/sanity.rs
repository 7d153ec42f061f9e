//! The last rule: what the executor relies on, with the edge that breaks it.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::physical::{Head, PhysicalPlan};
use crate::plan::{Node, check_hidden};
use crate::strategy::Ship;

/// Checks a finished plan, and the nodes that it was made of: rules may have put others in their places.
pub(super) fn check(plan: &PhysicalPlan, nodes: &[Arc<Node>]) -> Result<()> {
    check_hidden(nodes)?;
    let name = |operator: usize| plan.operators.get(operator).map_or_else(String::new, |info| info.origin.to_string());
    for (number, stage) in plan.stages.iter().enumerate() {
        if stage.tasks == 0 {
            return Err(Error::Internal(format!("stage {number} has no tasks")));
        }
        for output in stage.outputs.iter().chain(stage.steps.iter().flat_map(|step| &step.others)) {
            let target = plan
                .stages
                .get(output.to.0)
                .filter(|target| output.to.1 < target.inboxes)
                .ok_or_else(|| Error::Internal(format!("the rows of {} have no inbox", name(output.operator))))?;
            let fits = match output.ship {
                Ship::Forward => target.tasks == stage.tasks,
                Ship::Gather => target.tasks == 1,
                Ship::Hash(_) | Ship::Broadcast | Ship::Rebalance | Ship::Number(_) => true,
            };
            if !fits {
                return Err(Error::Internal(format!(
                    "{} rows of {} from {} to {} tasks",
                    output.ship,
                    name(output.operator),
                    stage.tasks,
                    target.tasks
                )));
            }
        }
        let mut fed = vec![false; stage.inboxes];
        if let Head::Inbox(inbox) | Head::SpillQueue(_, inbox, _) = stage.head {
            fed[inbox] = true;
        }
        if matches!(stage.head, Head::SpillQueue(..)) && !stage.steps.is_empty() {
            return Err(Error::Internal(format!("stage {number} has steps behind a spool")));
        }
        stage.steps.iter().flat_map(|step| &step.sides).for_each(|&(_, inbox)| fed[inbox] = true);
        if fed.contains(&false) {
            return Err(Error::Internal(format!("stage {number} has an inbox that nobody reads")));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Origin;
    use crate::operators::{Project, Sample, WindowStart};
    use crate::plan::Operator;
    use crate::row::{HiddenLeaf, LeafType, Schema, SchemaBuilder};
    use crate::strategy::TumblingWindows;

    fn node(name: &str, line: u32, operator: impl Operator + 'static, inputs: Vec<Arc<Node>>) -> Arc<Node> {
        let origin = Origin { name: name.into(), operator: name.into(), file: "job.rs".into(), line, column: 1 };
        Node::new("".into(), origin, "".into(), Arc::new(operator), inputs)
    }

    fn sampled(schema: Schema) -> Arc<Node> {
        node("sample", 3, Sample { schema, fraction: 1.0, seed: 0 }, Vec::new())
    }

    #[test]
    fn a_plan_without_the_event_time_that_it_needs_is_rejected() {
        let record = SchemaBuilder::build(|builder| builder.leaf(LeafType::Timestamp));
        let window = |input: Arc<Node>| {
            let schema = input.schema().with_hidden(HiddenLeaf::WindowStart);
            node(
                "window",
                4,
                WindowStart {
                    schema,
                    windows: TumblingWindows { time: 1, micros: 60 },
                    length: Duration::from_micros(60),
                },
                vec![input],
            )
        };
        let view = |input: Arc<Node>| {
            let (input_schema, output) = (input.schema().clone(), record.with_event_time());
            let project = Project { word: "project", input: input_schema, output, leaves: vec![0, 1] };
            node("project", 5, project, vec![input])
        };
        let checked = |node: Arc<Node>| check(&PhysicalPlan::default(), &[node.inputs[0].clone(), node]);
        checked(window(sampled(record.with_event_time()))).unwrap();
        checked(view(sampled(record.with_event_time()))).unwrap();
        // A record's own field of the type does not count, and neither does another hidden leaf.
        for schema in [record.clone(), record.with_hidden(HiddenLeaf::WindowStart)] {
            for (node, place) in [
                (window(sampled(schema.clone())), "`window` at job.rs:4"),
                (view(sampled(schema)), "`project` at job.rs:5"),
            ] {
                let error = checked(node).unwrap_err().to_string();
                assert!(error.contains(place) && error.contains("`sample` at job.rs:3"), "{error}");
                assert!(error.contains("needs the event time"), "{error}");
            }
        }
    }
}
