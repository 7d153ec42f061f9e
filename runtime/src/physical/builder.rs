//! Builds the stages of a physical plan.

use std::sync::Arc;

use crate::physical::{Head, InlineStepPlan, OutputPlan, Part, PhysicalPlan, StagePlan, StepPlan};
use crate::row::{LeafSet, LeafType, RowLayout};
use crate::strategy::{DriverFactory, Ship};

/// The place of a node's rows while the plan is built: after a stage's last step and some inline
/// steps.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) stage: usize,
    pub(crate) operator: usize,
    pub(crate) inline: Vec<InlineStepPlan>,
    /// Whether several consumers read the rows, so that no step may follow in this stage.
    pub(crate) forked: bool,
    /// Whether the rows are spooled. Their reader may read another branch of the same fork first,
    /// and must not hold the fork back.
    pub(crate) is_spooled: bool,
    /// Whether the rows of the tasks are in one order, task by task.
    pub(crate) ordered: bool,
}

impl Place {
    /// The place after the last step of a stage, which has an operator's rows.
    pub(crate) fn after_step(stage: usize, operator: usize) -> Self {
        Place { stage, operator, inline: Vec::new(), forked: false, is_spooled: false, ordered: false }
    }
}

/// The strategy in EXPLAIN of an operator whose rows are spooled.
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

    /// The number of tasks at a place.
    pub(crate) fn tasks(&self, place: &Place) -> usize {
        self.plan.stages[place.stage].tasks
    }

    /// Ships a place's rows to a new inbox of a stage.
    pub(crate) fn ship(&mut self, place: Place, ship: Ship, layout: Arc<RowLayout>, to_stage: usize) -> usize {
        let inbox = self.plan.stages[to_stage].inboxes;
        self.plan.stages[to_stage].inboxes += 1;
        self.ship_to(place, ship, layout, (to_stage, inbox));
        inbox
    }

    /// Ships a place's rows to an inbox.
    pub(crate) fn ship_to(&mut self, place: Place, ship: Ship, layout: Arc<RowLayout>, to: (usize, usize)) {
        if place.is_spooled {
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

    /// As [`Builder::ship_to`], through a spool. It passes whole pages on: rows are hashed before
    /// it, and tasks are gathered after it.
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
        self.ship_to(Place { is_spooled: false, ..place }, before, layout.clone(), (stage, 0));
        let spooled = Place { ordered, ..Place::after_step(stage, operator) };
        self.ship_to(spooled, behind, layout, to);
    }

    /// A place where a step may follow: after a fork, in a new stage.
    pub(crate) fn open(&mut self, place: Place, types: &[LeafType], live: &LeafSet) -> Place {
        if place.forked { self.in_new_stage(place, types, live) } else { place }
    }

    /// A new stage, each of whose tasks receives the rows of one task.
    pub(crate) fn in_new_stage(&mut self, place: Place, types: &[LeafType], live: &LeafSet) -> Place {
        let (tasks, behind) =
            (self.tasks(&place), Place { inline: Vec::new(), forked: false, is_spooled: false, ..place.clone() });
        let stage = self.stage(Head::Inbox(0), tasks);
        let layout = Arc::new(RowLayout::new(types, live));
        self.ship_to(place, Ship::Forward, layout, (stage, 0));
        Place { stage, ..behind }
    }

    /// Appends a step at a place.
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
        Place { ordered, ..Place::after_step(stage, operator) }
    }
}
