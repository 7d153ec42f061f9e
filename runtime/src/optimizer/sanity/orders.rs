//! Checks that rows arrive in the order that steps need or count on.

use super::{Arrival, Finished, Sender};
use crate::error::Result;
use crate::physical::{InlineStepPlan, OutputPlan, StagePlan, StepPlan};
use crate::strategy::{RowOrder, Ship};

/// Checks orders of tasks, and orders of rows in a task.
///
/// * An output that is read in the order of tasks follows a step that orders tasks. If
///   ordered tasks are gathered, their output is read in that order.
/// * After such a step, an operator that follows the order runs in one task.
/// * A step that keeps an order receives it over an exchange that keeps it.
pub(super) fn check(plan: &Finished<'_>) -> Result<()> {
    let begins = plan.stages().map(|(_, stage)| orders_tasks(stage) == Some(true)).collect();
    let keeps = |sender: &Sender<'_>| sender.is_main && sender.output.ship == Ship::Forward;
    let keeps_alone = |stage: usize| matches!(plan.head_senders(stage), [sender] if keeps(sender));
    let ends_in_order = plan.reached(begins, |sender| {
        keeps_alone(sender.output.to.0) && orders_tasks(&plan.plan.stages[sender.output.to.0]).is_none()
    });
    for (number, stage) in plan.stages() {
        let mut in_order = keeps_alone(number) && ends_in_order[plan.head_senders(number)[0].stage];
        for (at, step) in stage.steps.iter().enumerate() {
            check_followers(plan, stage, super::operators(step).filter(|_| in_order))?;
            check_kept(plan, number, at)?;
            in_order = orders(step.driver.orders_tasks, step.driver.properties.drives_rounds).unwrap_or(in_order);
        }
        for output in &stage.outputs {
            let inline = output.inline.iter().filter_map(InlineStepPlan::operator);
            check_followers(plan, stage, inline.filter(|_| in_order))?;
            if output.in_order && !in_order {
                return Err(plan.broken(output.operator, "its tasks are in no order, and are read in one"));
            }
            let gathers = matches!(output.ship, Ship::Gather | Ship::Broadcast);
            if in_order && gathers && !output.in_order && !is_of_rounds(plan, output) {
                return Err(plan.broken(output.operator, "the order of its tasks is lost"));
            }
        }
    }
    Ok(())
}

/// Whether an output sends rows back to an earlier step of a loop. These are in no order of tasks.
fn is_of_rounds(plan: &Finished<'_>, output: &OutputPlan) -> bool {
    let (target, inbox) = output.to;
    let mut steps = plan.plan.stages[target].steps.iter();
    steps.any(|step| step.driver.properties.drives_rounds && step.sides.iter().any(|side| side.1 == inbox))
}

/// Whether tasks are in order after a driver. `None` if that depends on its input.
fn orders(orders_tasks: bool, drives_rounds: bool) -> Option<bool> {
    (orders_tasks || drives_rounds).then_some(!drives_rounds)
}

/// As [`orders`], after the steps of a stage.
fn orders_tasks(stage: &StagePlan) -> Option<bool> {
    let of_step = |step: &StepPlan| orders(step.driver.orders_tasks, step.driver.properties.drives_rounds);
    stage.steps.iter().rev().find_map(of_step)
}

/// Checks operators whose rows are in the order of tasks.
fn check_followers(plan: &Finished<'_>, stage: &StagePlan, mut operators: impl Iterator<Item = usize>) -> Result<()> {
    let follows = |operator: &usize| plan.draft.nodes[*operator].operator.follows_order();
    match operators.find(|operator| stage.tasks > 1 && follows(operator)) {
        Some(operator) => Err(plan.broken(operator, "it follows an order of rows that are in several tasks")),
        None => Ok(()),
    }
}

/// Checks the order that a step keeps.
fn check_kept(plan: &Finished<'_>, stage: usize, number: usize) -> Result<()> {
    let step = &plan.plan.stages[stage].steps[number];
    if step.driver.order != RowOrder::Kept || plan.draft.properties[step.operator].order.is_empty() {
        return Ok(());
    }
    match plan.arrival(stage, number, step.port) {
        Arrival::Sent([Sender { output, .. }]) if output.ship == Ship::Forward || output.in_order => Ok(()),
        Arrival::Sent(_) => Err(plan.broken(step.operator, "the exchange before it loses the order of rows")),
        Arrival::InTask(_) => Ok(()),
    }
}
