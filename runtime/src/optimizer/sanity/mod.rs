//! The last rule: checks the facts of a finished plan that the executor relies on.
//!
//! Each check compares the stages with the facts that operators give to the planner. An error is an
//! internal one, and names the operator.

mod ends;
mod event_time;
mod exchanges;
mod keys;
mod orders;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::Draft;
use crate::error::{Error, Result};
use crate::physical::{Head, InlineStepPlan, OutputPlan, PhysicalPlan, StagePlan, StepPlan};
use crate::plan::check_hidden;

/// Checks the finished plan.
///
/// # Errors
/// Fails with the operator whose rows break an invariant of the executor.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    check_hidden(&draft.nodes)?;
    let plan = Finished::of(draft);
    exchanges::check(&plan)?;
    keys::check(&plan)?;
    orders::check(&plan)?;
    event_time::check(&plan)?;
    ends::check(&plan)
}

/// An output that sends to an inbox.
struct Sender<'p> {
    stage: usize,
    output: &'p OutputPlan,
    /// Whether its rows are those of the stage's last step.
    is_main: bool,
}

impl<'p> Sender<'p> {
    /// The outputs of a stage.
    fn of(stage: usize, plan: &'p StagePlan) -> impl Iterator<Item = Sender<'p>> {
        let others = plan.steps.iter().flat_map(|step| &step.others).map(|output| (output, false));
        let outputs = plan.outputs.iter().map(|output| (output, true)).chain(others);
        outputs.map(move |(output, is_main)| Sender { stage, output, is_main })
    }
}

/// The origin of the rows of a port.
enum Arrival<'a, 'p> {
    /// The rows of this operator, in the same task.
    InTask(usize),
    /// Other stages.
    Sent(&'a [Sender<'p>]),
}

/// A finished plan, with the senders of each inbox. The plan's operators are the nodes.
struct Finished<'p> {
    draft: &'p Draft,
    plan: &'p PhysicalPlan,
    senders: HashMap<(usize, usize), Vec<Sender<'p>>>,
}

impl<'p> Finished<'p> {
    fn of(draft: &'p Draft) -> Self {
        let mut senders: HashMap<(usize, usize), Vec<Sender<'p>>> = HashMap::new();
        let all = draft.plan.stages.iter().enumerate().flat_map(|(stage, plan)| Sender::of(stage, plan));
        all.for_each(|sender| senders.entry(sender.output.to).or_default().push(sender));
        Finished { draft, plan: &draft.plan, senders }
    }

    fn stages(&self) -> impl Iterator<Item = (usize, &'p StagePlan)> {
        self.plan.stages.iter().enumerate()
    }

    fn senders(&self, stage: usize, inbox: usize) -> &[Sender<'p>] {
        self.senders.get(&(stage, inbox)).map_or(&[], Vec::as_slice)
    }

    /// The inbox of a stage's head. A source has none.
    fn head_inbox(&self, stage: usize) -> Option<usize> {
        match self.plan.stages[stage].head {
            Head::Source(..) => None,
            Head::Inbox(inbox) | Head::SpillQueue(_, inbox, _) => Some(inbox),
        }
    }

    fn head_senders(&self, stage: usize) -> &[Sender<'p>] {
        self.head_inbox(stage).map_or(&[], |inbox| self.senders(stage, inbox))
    }

    /// The rows that arrive at a port of a step.
    fn arrival(&self, stage: usize, number: usize, port: usize) -> Arrival<'_, 'p> {
        let of_stage = &self.plan.stages[stage];
        let step = &of_stage.steps[number];
        if let Some(&(_, inbox)) = step.sides.iter().find(|(side, _)| *side == port) {
            return Arrival::Sent(self.senders(stage, inbox));
        }
        let before = number.checked_sub(1).map(|before| of_stage.steps[before].operator);
        match (step.inline.iter().rev().find_map(InlineStepPlan::operator).or(before), &of_stage.head) {
            (Some(operator), _) | (None, &Head::Source(operator, ..)) => Arrival::InTask(operator),
            _ => Arrival::Sent(self.head_senders(stage)),
        }
    }

    /// For each stage, whether it is in `reached`, or can be reached from such a stage. A path
    /// consists of outputs to the heads of stages that `passes` accepts.
    fn reached(&self, mut reached: Vec<bool>, passes: impl Fn(&Sender<'p>) -> bool) -> Vec<bool> {
        let mut open: Vec<usize> = (0..reached.len()).filter(|&stage| reached[stage]).collect();
        while let Some(stage) = open.pop() {
            for sender in Sender::of(stage, &self.plan.stages[stage]) {
                let (to, inbox) = sender.output.to;
                if self.head_inbox(to) == Some(inbox) && passes(&sender) && !std::mem::replace(&mut reached[to], true) {
                    open.push(to);
                }
            }
        }
        reached
    }

    /// An internal error about an operator.
    fn broken(&self, operator: usize, what: &str) -> Error {
        let name = self.plan.operators.get(operator).map_or_else(String::new, |info| info.origin.to_string());
        Error::Internal(format!("{name}: {what}"))
    }
}

/// The operators of a step and of its inline steps.
fn operators(step: &StepPlan) -> impl Iterator<Item = usize> {
    step.inline.iter().filter_map(InlineStepPlan::operator).chain([step.operator])
}
