//! Checks that exchanges have the inboxes and the numbers of tasks that they need.

use super::{Finished, Sender};
use crate::error::{Error, Result};
use crate::physical::{Head, StagePlan};
use crate::strategy::Ship;

/// Checks each output, and that each inbox is read.
pub(super) fn check(plan: &Finished<'_>) -> Result<()> {
    for (number, stage) in plan.stages() {
        if stage.tasks == 0 {
            return Err(Error::Internal(format!("stage {number} has no tasks")));
        }
        for Sender { output, .. } in Sender::of(number, stage) {
            let target = plan.plan.stages.get(output.to.0).filter(|target| output.to.1 < target.inboxes);
            let target = target.ok_or_else(|| plan.broken(output.operator, "its rows have no inbox"))?;
            let fits = match output.ship {
                Ship::Forward => target.tasks == stage.tasks,
                Ship::Gather => target.tasks == 1,
                Ship::Hash(_) | Ship::Broadcast | Ship::Rebalance | Ship::Number(_) => true,
            };
            if !fits {
                let problem = format!("{} from {} to {} tasks", output.ship, stage.tasks, target.tasks);
                return Err(plan.broken(output.operator, &problem));
            }
        }
        if matches!(stage.head, Head::SpillQueue(..)) && !stage.steps.is_empty() {
            return Err(Error::Internal(format!("stage {number} has steps after a spool")));
        }
        if !(0..stage.inboxes).all(|inbox| is_read(plan, number, stage, inbox)) {
            return Err(Error::Internal(format!("stage {number} has an inbox without a reader")));
        }
    }
    Ok(())
}

fn is_read(plan: &Finished<'_>, number: usize, stage: &StagePlan, inbox: usize) -> bool {
    let mut sides = stage.steps.iter().flat_map(|step| &step.sides);
    plan.head_inbox(number) == Some(inbox) || sides.any(|side| side.1 == inbox)
}
