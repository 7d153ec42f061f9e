//! The last rule: what the executor relies on, with the edge that breaks it.

use crate::error::{Error, Result};
use crate::physical::{Head, PhysicalPlan};
use crate::strategy::Ship;

/// Checks a finished plan.
pub(super) fn check(plan: &PhysicalPlan) -> Result<()> {
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
