//! The physical plan: stages of steps that run in one task each, and the exchanges between them.
//!
//! A *stage* runs in parallel tasks. Its head is a source or an inbox. Its *steps* are drivers,
//! each with the filters and projections before it. Its *outputs* send the rows of the last step to
//! the inboxes of other stages. Within a stage, rows are passed by reference: a page, or the
//! source's columns, and a selection.
//!
//! Filters are no operators at run time. They are entries in the list of
//! [inline steps](InlineStepPlan) before a step or an output.

mod builder;
mod decisions;
mod join_order;

use std::sync::Arc;

use crate::error::Origin;
use crate::plan::SizeHint;
use crate::row::{LeafSet, RowLayout};
use crate::source::{Scan, Source};
use crate::strategy::{DriverFactory, Estimate, RequiredKey, RowFilter, RowOrder, Ship, TumblingWindows};

pub(crate) use builder::{Builder, Place};
pub use decisions::{Candidate, Choice, Decisions};
pub(crate) use decisions::{choice_value, identities, ship_text, without_number};
pub use join_order::{JoinOrder, JoinRegion, OrderEstimate};

/// An operator as EXPLAIN shows it. Steps and inline steps refer to it by index.
pub struct OperatorInfo {
    /// The name in the program, and its place.
    pub origin: Origin,
    /// Path and name, with a number if they are not unique. See
    /// [`Node::identity`](crate::plan::Node::identity).
    pub identity: String,
    /// The operator's word and details: `join on a = b`.
    pub description: String,
    /// The user's source text.
    pub text: Arc<str>,
    /// The chosen strategy: `hash join, build right`.
    pub strategy: String,
    /// Its strategies, the cheapest first. Empty if it has no strategies.
    pub candidates: Vec<Candidate>,
    /// The chosen strategy. `None` if it has no strategies.
    pub chosen: Option<Choice>,
    /// The operators that it reads, each with its exchange.
    pub inputs: Vec<(usize, Ship)>,
    /// Whether it is left out: the planner added it and did not need it. Its readers read its
    /// input. EXPLAIN does not show it.
    pub is_left_out: bool,
    /// Its part in the loop around it.
    pub in_loop: Option<LoopMember>,
    /// Parallel tasks.
    pub tasks: usize,
    /// The estimated output.
    pub estimate: Estimate,
    /// The fields that are read, and the input's fields that they copy.
    pub fields: String,
    /// The names of its record's leaves. Choices refer to leaves by number.
    pub leaves: Vec<String>,
}

/// An operator's part in a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopMember {
    /// The operator that begins the loop.
    pub begin: usize,
    /// The operator's own part.
    pub part: LoopPart,
}

/// Parts of a loop. All but the end count the rows of all rounds; the end counts those of the
/// result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopPart {
    /// Emits the rows of each round.
    Begin,
    /// Runs in each round.
    Body,
    /// The join of a delta iteration that also holds its solution set.
    SolutionSet,
    /// Receives the rows of the next round, and emits the result.
    End,
}

impl LoopPart {
    /// Its name in EXPLAIN.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LoopPart::Begin => "begin",
            LoopPart::Body => "body",
            LoopPart::SolutionSet => "solution set",
            LoopPart::End => "end",
        }
    }
}

/// An input of an operator: the operator, and the number of the input.
pub type InputOf = (usize, usize);

/// Work on rows in their pages, before a step or an output.
#[derive(Clone)]
pub enum InlineStepPlan {
    /// Drops rows by the filter of this operator. The leaves are read after it.
    Filter(usize, RowFilter, LeafSet),
    /// Selects leaves.
    Project(usize, Arc<[usize]>),
    /// Reports the event times in this leaf to the stage's head, which makes watermarks of them.
    EventTime(usize),
    /// Adds a leaf: the start of a row's window. No inline step follows it.
    WindowStart(usize, TumblingWindows, usize),
    /// Drops rows without a partner, by the runtime filter of this number and the leaves of the
    /// key. It starts when the filter is complete, and runs while it drops enough rows. The last
    /// value is the input that would have received the rows.
    RuntimeFilter(usize, Arc<[usize]>, InputOf),
}

impl InlineStepPlan {
    /// The operator that it belongs to. Runtime filters and reports of event times change no
    /// result, and belong to none.
    #[must_use]
    pub fn operator(&self) -> Option<usize> {
        match self {
            InlineStepPlan::Filter(operator, ..)
            | InlineStepPlan::Project(operator, _)
            | InlineStepPlan::WindowStart(operator, ..) => Some(*operator),
            InlineStepPlan::RuntimeFilter(..) | InlineStepPlan::EventTime(_) => None,
        }
    }

    /// Returns `true` if it has to receive all rows, even if no later step needs them.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self, InlineStepPlan::Filter(_, filter, _) if filter.predicate.has_effects())
    }
}

/// A driver in a stage.
pub struct StepPlan {
    /// The operator that it belongs to.
    pub operator: usize,
    /// The work on rows before it.
    pub inline: Vec<InlineStepPlan>,
    /// The driver.
    pub driver: Arc<DriverFactory>,
    /// The driver's port that the step before feeds.
    pub port: usize,
    /// The driver's other ports, each with the inbox that feeds it.
    pub sides: Vec<(usize, usize)>,
    /// The ports that need the rows of a key in one task.
    pub keys: Vec<(usize, RequiredKey)>,
    /// The part of its operator.
    pub part: Part,
    /// Whether it runs in each round of a loop.
    pub in_loop: bool,
    /// Its outputs other than the main one. They send whole pages.
    pub others: Vec<OutputPlan>,
    /// The runtime filters that its tasks fill: the port whose rows they drop, and the filter's
    /// number.
    pub fills: Vec<(usize, usize)>,
}

impl StepPlan {
    /// Returns `true` if a task may end before its input does, by its driver and the filters before
    /// it.
    #[must_use]
    pub fn may_stop(&self) -> bool {
        // A later round may need rows that this round does not.
        self.driver.may_stop && !self.in_loop && !self.inline.iter().any(InlineStepPlan::counts)
    }
}

/// Parts of an operator. Its counters show the input of the first and the output of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole operator.
    Whole,
    /// A driver on the sending side, such as a combiner.
    First,
    /// The driver after it.
    Last,
}

/// The origin of a stage's rows.
pub enum Head {
    /// A source: its operator.
    Source(usize, Arc<dyn Source>, Scan),
    /// An inbox of the stage.
    Inbox(usize),
    /// An inbox whose pages wait in memory or on disk until they can be sent: the operator of the
    /// rows, the inbox, and the layout of the rows. No step follows.
    SpillQueue(usize, usize, Arc<RowLayout>),
}

/// An exchange, seen from the sending stage.
pub struct OutputPlan {
    /// The operator whose rows are shipped.
    pub operator: usize,
    /// The work on rows before they are written.
    pub inline: Vec<InlineStepPlan>,
    /// The exchange.
    pub ship: Ship,
    /// The layout of rows in pages.
    pub layout: Arc<RowLayout>,
    /// The receiving stage, and its inbox.
    pub to: (usize, usize),
    /// Whether a receiver reads the tasks one after the other, because their rows are in one order.
    pub in_order: bool,
    /// For a side output: its other readers, whose counters also count its rows.
    pub also_counted: Vec<usize>,
}

impl OutputPlan {
    /// An output of a step that is not its main one.
    pub(crate) fn of_step(operator: usize, ship: Ship, layout: Arc<RowLayout>, to: (usize, usize)) -> Self {
        OutputPlan { operator, inline: Vec::new(), ship, layout, to, in_order: false, also_counted: Vec::new() }
    }
}

/// Steps that run in the same task.
pub struct StagePlan {
    /// The origin of the rows.
    pub head: Head,
    /// The steps, in order.
    pub steps: Vec<StepPlan>,
    /// The exchanges after the last step.
    pub outputs: Vec<OutputPlan>,
    /// Parallel tasks.
    pub tasks: usize,
    /// The number of inboxes, of the head and of side ports.
    pub inboxes: usize,
    /// The origin of the head's watermarks. `None` if it makes none.
    pub watermarks: Option<Watermarks>,
    /// For a source: the numbers of runtime filters, and the leaf that is their key. Splits whose
    /// statistics exclude all keys are not read.
    pub skips: Vec<(usize, usize)>,
}

impl StagePlan {
    /// Returns `true` if each row leaves the steps before the head emits rows of another split.
    /// Event times then belong to the split that was read last.
    pub(crate) fn keeps_splits_apart(&self) -> bool {
        self.steps.iter().all(|step| step.driver.order == RowOrder::Kept)
    }
}

/// The origin of the watermarks of a stage's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// The leaf of a source's rows that holds event time. Without it, an
    /// [inline step](InlineStepPlan::EventTime) of the stage notes the times.
    pub leaf: Option<usize>,
    /// The maximum time by which a record may be earlier than the records before it, in
    /// microseconds.
    pub lateness_micros: i64,
}

/// A filter that the build side of a join fills, for the rows of the probe side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuntimeFilterPlan {
    /// The join.
    pub join: usize,
    /// The port whose rows are filtered.
    pub port: usize,
    /// The number of tasks that fill it: all tasks if each has a part of the build side, otherwise
    /// only the first.
    pub tasks: usize,
    /// The expected number of rows of all tasks, which sizes the filter. `None` if it has only the
    /// smallest and the greatest key, to exclude splits.
    pub rows: Option<usize>,
}

/// An executable plan.
#[derive(Default)]
pub struct PhysicalPlan {
    /// The operators, inputs before consumers.
    pub operators: Vec<OperatorInfo>,
    /// The stages.
    pub stages: Vec<StagePlan>,
    /// The sinks, in the order of the program.
    pub sinks: Vec<usize>,
    /// The runtime filters of its joins.
    pub runtime_filters: Vec<RuntimeFilterPlan>,
    /// The operators outside of loops whose size the program states.
    pub size_hints: Vec<(usize, SizeHint)>,
    /// The inner joins that can run in any order, with the chosen order.
    pub join_regions: Vec<JoinRegion>,
}

impl PhysicalPlan {
    /// The decisions of this plan, for a later plan of the same program.
    #[must_use]
    pub fn decisions(&self) -> Decisions {
        let chosen = |operator: &OperatorInfo| Some((operator.identity.clone(), operator.chosen.clone()?));
        let operators = Decisions::of(self.operators.iter().filter_map(chosen));
        let with_order = |decisions: Decisions, region: &JoinRegion| {
            decisions.with_join_order(region.join.as_str(), region.chosen.order.clone())
        };
        let filters = self
            .runtime_filters
            .iter()
            .map(|filter| ((self.operators[filter.join].identity.clone(), filter.port), filter.rows));
        self.join_regions.iter().fold(operators, with_order).with_runtime_filters(filters)
    }

    /// For each operator, the maximum number of tasks of its parts. A combiner runs in the sending
    /// tasks, and so does a join's runtime filter.
    #[must_use]
    pub fn tasks_of_operators(&self) -> Vec<usize> {
        let mut tasks = vec![0; self.operators.len()];
        for stage in &self.stages {
            let mut runs = |operator: usize| tasks[operator] = stage.tasks.max(tasks[operator]);
            match stage.head {
                Head::Source(operator, ..) | Head::SpillQueue(operator, ..) => runs(operator),
                Head::Inbox(_) => {}
            }
            let operator = |inline: &InlineStepPlan| match inline {
                InlineStepPlan::RuntimeFilter(filter, ..) => {
                    self.runtime_filters.get(*filter).map(|filter| filter.join)
                }
                _ => inline.operator(),
            };
            let mut run_inline = |inline: &[InlineStepPlan]| inline.iter().filter_map(operator).for_each(&mut runs);
            stage.steps.iter().for_each(|step| run_inline(&step.inline));
            let outputs = stage.steps.iter().flat_map(|step| &step.others).chain(&stage.outputs);
            outputs.clone().for_each(|output| run_inline(&output.inline));
            stage.steps.iter().for_each(|step| runs(step.operator));
            outputs
                .for_each(|output| output.also_counted.iter().chain([&output.operator]).for_each(|&each| runs(each)));
        }
        tasks
    }

    /// For each stage, whether some of its rows come from an endless source.
    #[must_use]
    pub fn endless_stages(&self) -> Vec<bool> {
        let begins = |stage: &StagePlan| matches!(&stage.head, Head::Source(_, source, _) if source.is_endless());
        let mut endless: Vec<bool> = self.stages.iter().map(begins).collect();
        let mut open: Vec<usize> = (0..endless.len()).filter(|&stage| endless[stage]).collect();
        while let Some(stage) = open.pop() {
            let StagePlan { outputs, steps, .. } = &self.stages[stage];
            for output in outputs.iter().chain(steps.iter().flat_map(|step| &step.others)) {
                if !std::mem::replace(&mut endless[output.to.0], true) {
                    open.push(output.to.0);
                }
            }
        }
        endless
    }
}
