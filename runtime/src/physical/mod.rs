//! The physical plan: stages of steps that run in one task each, and the exchanges between them.
//!
//! A *stage* runs in some parallel tasks. Its head is a source or an inbox; its *steps* are drivers, each with the filters and views
//! that stand before it; its *outputs* ship what the last step gives to other stages' inboxes. Inside a stage rows move by reference:
//! a page, or the source's columns, and a selection.
//!
//! **Filters are not operators at run time.** They are attached to what follows them, so moving one along an edge is moving a list entry.

mod decisions;
mod join_order;

use std::sync::Arc;

use crate::error::Origin;
use crate::plan::SizeHint;
use crate::row::{LeafSet, RowLayout};
use crate::source::{Scan, Source};
use crate::strategy::{DriverFactory, Estimate, RequiredKey, RowFilter, RowOrder, Ship, TumblingWindows};

pub use decisions::{Candidate, Choice, Decisions};
pub(crate) use decisions::{choice_value, identities, ship_text, without_number};
pub use join_order::{JoinOrder, JoinRegion, OrderEstimate};

/// An operator as the plan shows it; steps, filters and views name it by index.
pub struct OperatorInfo {
    /// What the user wrote, and where.
    pub origin: Origin,
    /// Path and name, and a number where others have the same; see [`Node::identity`](crate::plan::Node::identity).
    pub identity: String,
    /// The operator's word and details: `join on a = b`.
    pub description: String,
    /// The user's source text.
    pub text: Arc<str>,
    /// What was chosen: `hash join, build right`.
    pub strategy: String,
    /// The ways to run it that there were, the cheapest first; none, where there is nothing to choose.
    pub candidates: Vec<Candidate>,
    /// Which of them it is.
    pub chosen: Option<Choice>,
    /// The operators that it reads, and how their rows are shipped.
    pub inputs: Vec<(usize, Ship)>,
    /// The planner added it and found no need for it: rows go past it, and EXPLAIN leaves it out.
    pub is_passed_by: bool,
    /// Its part in the loop around it.
    pub in_loop: Option<LoopMember>,
    /// Parallel tasks.
    pub tasks: usize,
    /// What it is expected to give.
    pub estimate: Estimate,
    /// The fields that are read, and those of its input that they take over.
    pub fields: String,
    /// The names of its record's leaves, which choices refer to by number.
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

/// What happens to rows in place, before a step or an output.
#[derive(Clone)]
pub enum InlineStepPlan {
    /// Rows are dropped by a filter, of this operator, behind which these leaves are read.
    Filter(usize, RowFilter, LeafSet),
    /// Leaves are picked.
    Project(usize, Arc<[usize]>),
    /// The event times of rows are noted, from this leaf: the stage's head makes watermarks of them.
    EventTime(usize),
    /// A leaf is added: where the window of a row begins. Nothing follows it but what reads that.
    WindowStart(usize, TumblingWindows, usize),
    /// Rows are dropped that have no partner in the join with this runtime filter, by its number and
    /// the leaves of the key: once it is complete, and only while it drops enough. The input would
    /// have received them.
    RuntimeFilter(usize, Arc<[usize]>, InputOf),
}

impl InlineStepPlan {
    /// The operator that it belongs to. A runtime filter and a note of event times belong to none: they change no result.
    #[must_use]
    pub fn operator(&self) -> Option<usize> {
        match self {
            InlineStepPlan::Filter(operator, ..)
            | InlineStepPlan::Project(operator, _)
            | InlineStepPlan::WindowStart(operator, ..) => Some(*operator),
            InlineStepPlan::RuntimeFilter(..) | InlineStepPlan::EventTime(_) => None,
        }
    }

    /// Whether it is to see all rows, also those that nobody wants.
    #[must_use]
    pub fn counts(&self) -> bool {
        matches!(self, InlineStepPlan::Filter(_, filter, _) if filter.predicate.has_effects())
    }
}

/// A driver in a stage.
pub struct StepPlan {
    /// The operator that it belongs to.
    pub operator: usize,
    /// What happens before.
    pub inline: Vec<InlineStepPlan>,
    /// The driver.
    pub driver: Arc<DriverFactory>,
    /// The driver's port that the step before feeds.
    pub port: usize,
    /// The driver's other ports, each with the inbox that feeds it.
    pub sides: Vec<(usize, usize)>,
    /// The ports that need the rows of a key in one task.
    pub keys: Vec<(usize, RequiredKey)>,
    /// Which part of its operator it is.
    pub part: Part,
    /// It runs in each round of a loop.
    pub in_loop: bool,
    /// Where its outputs beside the main one go: pages as they are.
    pub others: Vec<OutputPlan>,
    /// The runtime filters that its tasks fill: the port whose rows they drop, and their number.
    pub fills: Vec<(usize, usize)>,
}

impl StepPlan {
    /// Whether a task of it may end before its input does: its driver, and the filters before it.
    #[must_use]
    pub fn may_stop(&self) -> bool {
        // What nobody wants in one round may be wanted in the next.
        self.driver.may_stop && !self.in_loop && !self.inline.iter().any(InlineStepPlan::counts)
    }
}

/// Which part of an operator a driver is: its counters show what goes into the first and comes out of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// What runs on the sending side, such as a combiner.
    First,
    /// What runs behind that.
    Last,
}

/// Where a stage's rows come from.
pub enum Head {
    /// A source: its operator.
    Source(usize, Arc<dyn Source>, Scan),
    /// An inbox of the stage.
    Inbox(usize),
    /// An inbox whose pages wait where they cannot be sent on, in memory or on disk: the operator whose rows they are, the inbox, and how rows are
    /// written. No step follows.
    SpillQueue(usize, usize, Arc<RowLayout>),
}

/// An exchange, seen from the sending stage.
pub struct OutputPlan {
    /// The operator whose rows are shipped.
    pub operator: usize,
    /// What happens before rows are written.
    pub inline: Vec<InlineStepPlan>,
    /// Which task gets which rows.
    pub ship: Ship,
    /// How rows are written.
    pub layout: Arc<RowLayout>,
    /// The receiving stage, and its inbox.
    pub to: (usize, usize),
    /// Whether a receiver takes all that one task sends before what the next one does: the tasks' rows are in one order.
    pub in_order: bool,
    /// Of a side output: the other operators that read it. Their counters count its rows, too.
    pub also_counted: Vec<usize>,
}

impl OutputPlan {
    /// An output beside the main one of a step.
    pub(crate) fn of_step(operator: usize, ship: Ship, layout: Arc<RowLayout>, to: (usize, usize)) -> Self {
        OutputPlan { operator, inline: Vec::new(), ship, layout, to, in_order: false, also_counted: Vec::new() }
    }
}

/// Steps that run in the same task.
pub struct StagePlan {
    /// Where rows come from.
    pub head: Head,
    /// What happens to them.
    pub steps: Vec<StepPlan>,
    /// Where they go.
    pub outputs: Vec<OutputPlan>,
    /// Parallel tasks.
    pub tasks: usize,
    /// Inboxes, of the head and of side ports.
    pub inboxes: usize,
    /// If the head makes watermarks: how.
    pub watermarks: Option<Watermarks>,
    /// Of a source: runtime filters of keys that are one of its leaves each, by their numbers. Splits whose statistics exclude all keys are not read.
    pub skips: Vec<(usize, usize)>,
}

impl StagePlan {
    /// Whether each row leaves the steps before the head gives the rows of another split. A row
    /// with an event time is then one of the split that was read last.
    pub(crate) fn keeps_splits_apart(&self) -> bool {
        self.steps.iter().all(|step| step.driver.order == RowOrder::Kept)
    }
}

/// How the head of a stage makes watermarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// The leaf of a source's rows that holds event time. Without it, an
    /// [inline step](InlineStepPlan::EventTime) of the stage notes the times.
    pub leaf: Option<usize>,
    /// How much earlier than those read before it a record may be.
    pub lateness_micros: i64,
}

/// A filter that the build side of a join gives for its probe rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuntimeFilterPlan {
    /// The join.
    pub join: usize,
    /// The port whose rows are filtered.
    pub port: usize,
    /// Number of tasks that fill it: all if each has a part of the build side, otherwise the first.
    pub tasks: usize,
    /// Expected rows of all tasks, which size the filter. `None` if it has only the least and the
    /// greatest key, which leave out splits.
    pub rows: Option<usize>,
}

/// A plan that can be run.
#[derive(Default)]
pub struct PhysicalPlan {
    /// The operators, inputs before consumers.
    pub operators: Vec<OperatorInfo>,
    /// The stages.
    pub stages: Vec<StagePlan>,
    /// The operators that are sinks, in the order in which these were given.
    pub sinks: Vec<usize>,
    /// The runtime filters of its joins.
    pub runtime_filters: Vec<RuntimeFilterPlan>,
    /// The operators of which the program says how much they give, outside of loops.
    pub size_hints: Vec<(usize, SizeHint)>,
    /// The inner joins that may be made in any order, and in which they are made.
    pub join_regions: Vec<JoinRegion>,
}

impl PhysicalPlan {
    /// What was chosen, to be given back for the same plan.
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

    /// Of each operator, in how many tasks some part of it runs: a combiner runs in those of the
    /// rows that it combines, and a join's runtime filter in those that send.
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

    /// Of each stage, whether some of its rows come from a source without end.
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

/// Where a node's rows can be picked up while the plan is built: behind a stage's last step, after a prelude.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) stage: usize,
    pub(crate) operator: usize,
    pub(crate) inline: Vec<InlineStepPlan>,
    /// Several consumers pick rows up here, so no step may follow in this stage.
    pub(crate) forked: bool,
    /// Who takes the rows may wait for another branch of a fork meanwhile, which must not be held back: the rows are spooled.
    pub(crate) meets: bool,
    /// The rows of the tasks are in one order, task by task.
    pub(crate) ordered: bool,
}

impl Place {
    /// Behind the last step of a stage, whose rows are an operator's.
    pub(crate) fn behind(stage: usize, operator: usize) -> Self {
        Place { stage, operator, inline: Vec::new(), forked: false, meets: false, ordered: false }
    }
}

/// What EXPLAIN says of an operator whose rows wait for another branch.
const SPOOL: &str = "spool";

/// Builds stages.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) plan: PhysicalPlan,
}

impl Builder {
    /// A new stage without steps.
    pub(crate) fn stage(&mut self, head: Head, tasks: usize) -> usize {
        let inboxes = usize::from(!matches!(head, Head::Source(..)));
        self.plan.stages.push(StagePlan {
            head,
            steps: Vec::new(),
            outputs: Vec::new(),
            tasks,
            inboxes,
            watermarks: None,
            skips: Vec::new(),
        });
        self.plan.stages.len() - 1
    }

    /// Tasks that a place's rows lie in.
    pub(crate) fn tasks(&self, place: &Place) -> usize {
        self.plan.stages[place.stage].tasks
    }

    /// Ships a place's rows to a new inbox of a stage. `types` and `live` say how rows are written.
    pub(crate) fn ship(&mut self, place: Place, ship: Ship, layout: Arc<RowLayout>, to_stage: usize) -> usize {
        let inbox = self.plan.stages[to_stage].inboxes;
        self.plan.stages[to_stage].inboxes += 1;
        self.ship_to(place, ship, layout, (to_stage, inbox));
        inbox
    }

    /// Ships a place's rows to an inbox.
    pub(crate) fn ship_to(&mut self, place: Place, ship: Ship, layout: Arc<RowLayout>, to: (usize, usize)) {
        if place.meets {
            return self.ship_spooled(place, ship, layout, to);
        }
        let Place { stage, operator, inline, ordered, .. } = place;
        let in_order = ordered && matches!(ship, Ship::Gather | Ship::Broadcast);
        self.plan.stages[stage].outputs.push(OutputPlan {
            inline,
            in_order,
            ..OutputPlan::of_step(operator, ship, layout, to)
        });
    }

    /// As [`Builder::ship_to`], by a stage in which rows wait. It passes whole pages on: what picks rows happens before it, what brings tasks together
    /// behind it.
    fn ship_spooled(&mut self, place: Place, ship: Ship, layout: Arc<RowLayout>, to: (usize, usize)) {
        let (operator, ordered) = (place.operator, place.ordered);
        let (before, behind, tasks) = match ship {
            Ship::Forward | Ship::Gather | Ship::Broadcast => (Ship::Forward, ship, self.tasks(&place)),
            Ship::Hash(_) | Ship::Rebalance | Ship::Number(_) => (ship, Ship::Forward, self.plan.stages[to.0].tasks),
        };
        let stage = self.stage(Head::SpillQueue(operator, 0, layout.clone()), tasks);
        let strategy = &mut self.plan.operators[operator].strategy;
        if !strategy.ends_with(SPOOL) {
            *strategy = if strategy.is_empty() { SPOOL.to_owned() } else { format!("{strategy}, {SPOOL}") };
        }
        self.ship_to(Place { meets: false, ..place }, before, layout.clone(), (stage, 0));
        let spooled = Place { ordered, ..Place::behind(stage, operator) };
        self.ship_to(spooled, behind, layout, to);
    }

    /// The same place where a step may follow: a stage of its own behind a fork.
    pub(crate) fn open(&mut self, place: Place, types: &[crate::row::LeafType], live: &LeafSet) -> Place {
        if place.forked { self.behind(place, types, live) } else { place }
    }

    /// A stage of its own, whose tasks get a place's rows each from one.
    pub(crate) fn behind(&mut self, place: Place, types: &[crate::row::LeafType], live: &LeafSet) -> Place {
        let (tasks, behind) =
            (self.tasks(&place), Place { inline: Vec::new(), forked: false, meets: false, ..place.clone() });
        let stage = self.stage(Head::Inbox(0), tasks);
        let layout = Arc::new(RowLayout::new(types, live));
        self.ship_to(place, Ship::Forward, layout, (stage, 0));
        Place { stage, ..behind }
    }

    /// Appends a step behind a place.
    pub(crate) fn step(
        &mut self,
        place: Place,
        operator: usize,
        driver: Arc<DriverFactory>,
        port: usize,
        part: Part,
    ) -> Place {
        let Place { stage, inline, ordered, .. } = place;
        let ordered = ordered || driver.orders_tasks;
        self.plan.stages[stage].steps.push(StepPlan {
            operator,
            inline,
            driver,
            port,
            sides: Vec::new(),
            keys: Vec::new(),
            part,
            in_loop: false,
            others: Vec::new(),
            fills: Vec::new(),
        });
        Place { ordered, ..Place::behind(stage, operator) }
    }
}
