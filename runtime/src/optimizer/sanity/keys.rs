//! Checks that all rows of a key are in one task if a driver needs that.

use super::{Arrival, Finished, Sender};
use crate::error::Result;
use crate::physical::Head;
use crate::strategy::{RequiredKey, Ship};

/// Checks the key of each step's ports against the hash of the rows that arrive there. Rows of two
/// ports must be hashed by the same part of their keys.
pub(super) fn check(plan: &Finished<'_>) -> Result<()> {
    for (number, stage) in plan.stages().filter(|(_, stage)| stage.tasks > 1) {
        for (at, step) in stage.steps.iter().enumerate() {
            let mut hashes: Vec<(&RequiredKey, Option<&[usize]>)> = Vec::new();
            for (port, key) in &step.keys {
                match plan.arrival(number, at, *port) {
                    Arrival::InTask(operator) => hashes.push((key, hash_of(plan, operator, step.operator))),
                    Arrival::Sent(senders) => {
                        hashes.extend(senders.iter().map(|sender| (key, hash_sent(plan, sender, step.operator))));
                    }
                }
            }
            if !are_together(&hashes) {
                return Err(plan.broken(step.operator, "the hash of its rows does not fit its key"));
            }
        }
    }
    Ok(())
}

/// The leaves whose hash places an operator's rows. `None` for the rows of the reader's own
/// combiner, whose properties are not known.
fn hash_of<'p>(plan: &Finished<'p>, operator: usize, reader: usize) -> Option<&'p [usize]> {
    plan.draft.properties[operator].hashed_by().filter(|_| operator != reader)
}

/// The leaves whose hash places the rows of an output.
fn hash_sent<'p>(plan: &Finished<'p>, sender: &Sender<'p>, reader: usize) -> Option<&'p [usize]> {
    match (&sender.output.ship, &plan.plan.stages[sender.stage].head) {
        (Ship::Hash(leaves), _) => Some(leaves),
        // A spool forwards rows that were hashed before it.
        (Ship::Forward, Head::SpillQueue(..)) => {
            plan.head_senders(sender.stage).first().and_then(|before| hash_sent(plan, before, reader))
        }
        (Ship::Forward, _) => hash_of(plan, sender.output.operator, reader),
        (Ship::Broadcast | Ship::Gather | Ship::Rebalance | Ship::Number(_), _) => None,
    }
}

/// Whether rows with equal keys are in one task: all are hashed by the same leaves of their keys.
pub(super) fn are_together(hashes: &[(&RequiredKey, Option<&[usize]>)]) -> bool {
    let length = |hash: Option<&[usize]>| hash.map_or(0, <[usize]>::len);
    let Some(&(key, first)) = hashes.first() else { return true };
    let is_of_keys = |at: usize| {
        let is_part =
            |part: usize| hashes.iter().all(|(key, hash)| hash.and_then(|hash| hash.get(at)) == key.leaves.get(part));
        (0..key.leaves.len()).any(is_part)
    };
    let fits = |&(key, hash): &(&RequiredKey, Option<&[usize]>)| {
        length(hash) == length(first) && (!key.in_key_group || hash == Some(&key.leaves))
    };
    first.is_some() && hashes.iter().all(fits) && (0..length(first)).all(is_of_keys)
}
