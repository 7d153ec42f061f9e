//! Checks that no endless input arrives at a step that waits for its end.

use super::{Finished, Sender};
use crate::error::Result;
use crate::physical::Head;

/// Checks the ports that [wait](crate::strategy::DriverProperties::waits_for_end).
pub(super) fn check(plan: &Finished<'_>) -> Result<()> {
    let endless = plan.plan.endless_stages();
    let any = |senders: &[Sender<'_>]| senders.iter().any(|sender| endless[sender.stage]);
    for (number, stage) in plan.stages().filter(|&(number, _)| endless[number]) {
        let mut goes_on = match &stage.head {
            Head::Source(_, source, _) => source.is_endless(),
            Head::Inbox(_) | Head::SpillQueue(..) => any(plan.head_senders(number)),
        };
        for step in &stage.steps {
            let waits = step.driver.properties.waits_for_end;
            let is_endless = |inbox: usize| any(plan.senders(number, inbox));
            if goes_on && waits.contains(step.port)
                || step.sides.iter().any(|&(port, inbox)| waits.contains(port) && is_endless(inbox))
            {
                return Err(plan.broken(step.operator, "it waits for the end of an input that does not end"));
            }
            goes_on |= step.sides.iter().any(|&(_, inbox)| is_endless(inbox));
        }
    }
    Ok(())
}
