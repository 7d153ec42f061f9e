//! The least memory that a plan runs with: known before it starts, so that too little is said at once and by operator.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::error::{Error, Mib, Result};
use crate::memory::limits::{CHANNEL_PAGES, IMAGE_BYTES, PAGE_BYTES, SLACK_SHARE, SPOOL_BYTES, STEP_PAGES};
use crate::memory::{Budget, Revocation};
use crate::page::{WINDOW_BYTES, WINDOW_ROWS};
use crate::physical::{Head, OutputPlan, PhysicalPlan, StagePlan};
use crate::strategy::{DriverFactory, Recovery, Ship};

/// What the operators of a plan need at least, over all their tasks.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// By operator: bytes that can be spilled, beyond which it spills, and bytes of pages on their way.
    by_operator: BTreeMap<usize, (usize, usize)>,
}

impl Needs {
    /// Of a plan, of which snapshots may be taken.
    pub(super) fn of(plan: &PhysicalPlan, takes_snapshots: bool) -> Result<Self> {
        let mut needs = Needs::default();
        for stage in &plan.stages {
            match &stage.head {
                Head::Source(operator, source, scan) => {
                    needs.by_operator.entry(*operator).or_default().1 += stage.tasks * source.reader_bytes(scan);
                }
                Head::SpillQueue(operator, ..) => {
                    needs.by_operator.entry(*operator).or_default().0 += stage.tasks * SPOOL_BYTES;
                }
                Head::Inbox(_) => {}
            }
            for step in &stage.steps {
                let (spilling, pinned) = needs.by_operator.entry(step.operator).or_default();
                *spilling += stage.tasks * step.driver.minimum_bytes.unwrap_or(0);
                *pinned += stage.tasks * pinned_bytes(&step.driver, takes_snapshots);
                for output in &step.others {
                    let receivers = plan.stages[output.to.0].tasks;
                    *pinned += (exchange_pages(stage, output, receivers) + stage.tasks) * PAGE_BYTES;
                }
            }
            for output in &stage.outputs {
                let (_, pinned) = needs.by_operator.entry(output.operator).or_default();
                *pinned += exchange_pages(stage, output, plan.stages[output.to.0].tasks) * PAGE_BYTES;
            }
        }
        Ok(needs)
    }

    /// Whether some operator may spill.
    pub(super) fn may_spill(&self) -> bool {
        self.by_operator.values().any(|&(spilling, _)| spilling > 0)
    }

    /// What cannot be spilled.
    pub(super) fn pinned(&self) -> usize {
        self.by_operator.values().map(|&(_, pinned)| pinned).sum()
    }

    /// All of it.
    pub(super) fn sum(&self) -> usize {
        let operators = self.of_operators();
        operators + slack(operators)
    }

    fn of_operators(&self) -> usize {
        self.by_operator.values().map(|&(spilling, pinned)| spilling + pinned).sum()
    }

    /// Has others give back what they hold until there is room, or nobody has more to give.
    ///
    /// What is kept from run to run is written by itself, so it is waited for, however long the disk takes. A task of another job gives back soon, unless
    /// it is in a closure of the user's, which may be the one that waits here: the plan begins without it then, since more may come back while it runs.
    /// What others hold beyond their leasts is meant: that the leasts fit together is seen to by `Admissions`.
    pub(super) fn wait_for_room(&self, budget: &Budget, is_cancelled: impl Fn() -> bool) {
        const PAUSE: Duration = Duration::from_millis(5);
        const PAUSES_FOR_TASKS: u32 = 200;
        let mut pauses = 0;
        while pauses < PAUSES_FOR_TASKS
            && !is_cancelled()
            && let Some(giver) = budget.request_revoke(self.sum())
        {
            // Nobody is asked again as long as something comes back.
            let mut used = budget.used_bytes();
            loop {
                std::thread::sleep(PAUSE);
                pauses += u32::from(giver == Revocation::Task);
                let before = std::mem::replace(&mut used, budget.used_bytes());
                if used >= before || pauses >= PAUSES_FOR_TASKS || is_cancelled() {
                    break;
                }
            }
        }
    }

    /// Whether the budget is enough.
    pub(super) fn check(&self, plan: &PhysicalPlan, budget: usize) -> Result<()> {
        let need = self.sum();
        if need <= budget {
            return Ok(());
        }
        /// Operators that a message names, at most: those that need most.
        const NAMED: usize = 30;
        let mut by_operator = String::new();
        let mut operators: Vec<_> = self.by_operator.iter().filter(|(_, needs)| **needs != (0, 0)).collect();
        operators.sort_by_key(|&(_, &(spilling, pinned))| std::cmp::Reverse(spilling + pinned));
        let others = operators.split_off(operators.len().min(NAMED));
        operators.sort();
        for (&operator, &(spilling, pinned)) in operators {
            let info = &plan.operators[operator];
            let tasks = if info.tasks == 1 { "one task".to_owned() } else { format!("{} tasks", info.tasks) };
            let _ = write!(
                by_operator,
                "\n  {}, {}, in {}: {}",
                info.description,
                info.origin,
                tasks,
                Mib(spilling + pinned)
            );
            if spilling > 0 {
                let _ = write!(by_operator, ", of which {} for {}", Mib(spilling), info.strategy);
            }
        }
        if !others.is_empty() {
            let bytes = others.iter().map(|&(_, &(spilling, pinned))| spilling + pinned).sum();
            let _ = write!(by_operator, "\n  {} other operators: {}", others.len(), Mib(bytes));
        }
        let _ =
            write!(by_operator, "\n  and for records that are larger than others: {}", Mib(slack(self.of_operators())));
        Err(Error::TooLittleMemory { need, budget, by_operator })
    }
}

/// For a plan that its budget was too little for: the same error with a memory that is enough. A
/// plan for more memory may be another one, which needs more again, so plans are made for the
/// memory that was stated last until one runs in it.
pub fn stating_enough_memory(
    mut refused: Error,
    takes_snapshots: bool,
    plan_for: impl Fn(usize) -> Result<PhysicalPlan>,
) -> Error {
    while let Error::TooLittleMemory { need, budget, .. } = refused {
        let planned = plan_for(need).and_then(|plan| Needs::of(&plan, takes_snapshots)?.check(&plan, need));
        refused = match planned {
            Ok(()) => return refused,
            Err(Error::TooLittleMemory { need, by_operator, .. }) => {
                Error::TooLittleMemory { need, budget, by_operator }
            }
            Err(error) => error,
        };
    }
    refused
}

/// What a task of a step holds and cannot spill.
fn pinned_bytes(driver: &DriverFactory, takes_snapshots: bool) -> usize {
    let pages = if driver.layout.is_some() { STEP_PAGES } else { 0 };
    // Read as a whole, more than it wants may be there.
    let images = if takes_snapshots && driver.recovery == Recovery::RestoredByImages { 2 } else { 0 };
    driver.pinned_bytes + pages * PAGE_BYTES + images * IMAGE_BYTES
}

/// What cannot be foreseen, such as a record that is larger than others, finds so much room beside what operators need.
fn slack(operators: usize) -> usize {
    operators / (SLACK_SHARE - 1)
}

/// Pages that an exchange holds when all of its channels are full: for each channel one that is written, one that is full already, since one window of rows may
/// close all that are written, and those in the channel; those that such a window fills by itself; and one that each receiver reads.
fn exchange_pages(stage: &StagePlan, output: &OutputPlan, receivers: usize) -> usize {
    let channels = match output.ship {
        Ship::Forward | Ship::Gather => 1,
        // Every receiver has the same pages.
        Ship::Broadcast => 1,
        Ship::Hash(_) | Ship::Rebalance | Ship::Number(_) => receivers,
    };
    // Rows of a source come in windows, those of a step in pages.
    let has_long_windows = output.layout.has_slots() && matches!(stage.head, Head::Source(..));
    let texts = if has_long_windows { WINDOW_BYTES } else { 0 };
    let filled = (WINDOW_ROWS * output.layout.width() + texts) / PAGE_BYTES;
    stage.tasks * (channels * (2 + CHANNEL_PAGES) + filled) + receivers
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use super::*;
    use crate::error::Origin;
    use crate::kernel::Outputs;
    use crate::memory::Memory;
    use crate::page::Input;
    use crate::physical::{Builder, OperatorInfo, Part, Place};
    use crate::row::{LeafType, RowLayout, Schema, SchemaBuilder};
    use crate::source::{ReaderContext, Scan, Source, SplitList, SplitReader};
    use crate::strategy::{Cursor, Driver, Estimate, Progress};

    struct NoRecords(Schema);

    impl Source for NoRecords {
        fn describe(&self) -> String {
            "no records".to_owned()
        }

        fn schema(&self) -> &Schema {
            &self.0
        }

        fn splits(&self, _: &Scan) -> Result<SplitList> {
            Ok(SplitList::default())
        }

        fn reader_bytes(&self, _: &Scan) -> usize {
            0
        }

        fn reader(&self, _: &Scan, _: ReaderContext) -> Result<Box<dyn SplitReader>> {
            Err(Error::Internal("there is nothing to read".to_owned()))
        }
    }

    /// Rows of steps come in pages, which are no longer than a page.
    #[test]
    fn an_exchange_after_a_source_has_room_for_the_texts_of_a_window() {
        let pages = |reads: bool, ty: LeafType| {
            let schema = SchemaBuilder::build(|builder| builder.leaf(ty));
            let source = Head::Source(0, Arc::new(NoRecords(schema)), Scan::default());
            let mut builder = Builder::default();
            let from = builder.stage(if reads { source } else { Head::Inbox(0) }, 3);
            let to = builder.stage(Head::Inbox(0), 3);
            builder.ship(Place::after_step(from, 0), Ship::Forward, Arc::new(RowLayout::full([ty])), to);
            exchange_pages(&builder.plan.stages[from], &builder.plan.stages[from].outputs[0], 3)
        };
        let of_step = pages(false, LeafType::Text);
        assert_eq!(pages(true, LeafType::Text), of_step + 3 * WINDOW_BYTES / PAGE_BYTES);
        assert_eq!(pages(true, LeafType::U64), pages(false, LeafType::U64));
    }

    struct Nothing;

    impl Driver for Nothing {
        fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
            Ok(Progress::Done)
        }
    }

    #[test]
    fn who_has_images_of_state_is_charged_for_their_buffers_and_a_sink_is_not() {
        let charged = |recovery| {
            let driver = DriverFactory::new("a step", |_| Ok(Nothing)).pinning(300).recovering(recovery);
            [false, true].map(|takes_snapshots| pinned_bytes(&driver, takes_snapshots))
        };
        assert_eq!(charged(Recovery::Stateless), [300, 300]);
        assert_eq!(charged(Recovery::Restored), [300, 300]);
        assert_eq!(charged(Recovery::RestoredByImages), [300, 300 + 2 * IMAGE_BYTES]);
    }

    /// A plan of one step with this minimum memory, in bytes.
    fn plan_needing(bytes: usize) -> PhysicalPlan {
        let mut builder = Builder::default();
        let stage = builder.stage(Head::Inbox(0), 1);
        let driver = DriverFactory::new("a step", |_| Ok(Nothing)).spilling_beyond(bytes);
        builder.step(Place::after_step(stage, 0), 0, Arc::new(driver), 0, Part::Whole);
        builder.plan.operators.push(OperatorInfo {
            origin: Origin {
                name: "kept".into(),
                operator: "sort".into(),
                file: "tests.rs".into(),
                line: 1,
                column: 1,
            },
            identity: "kept".to_owned(),
            description: "sort".to_owned(),
            text: "".into(),
            strategy: "a step".to_owned(),
            candidates: Vec::new(),
            chosen: None,
            inputs: Vec::new(),
            is_left_out: false,
            in_loop: None,
            tasks: 1,
            estimate: Estimate::NOTHING,
            fields: String::new(),
            leaves: Vec::new(),
        });
        builder.plan
    }

    /// The plan for more memory needs more, until it is the plan for plenty.
    #[test]
    fn a_stated_minimum_is_enough_for_the_plan_made_for_it() {
        let need = |memory: usize| if memory < 64 << 20 { (memory + (24 << 20)).max(32 << 20) } else { 40 << 20 };
        let plan_for = |memory: usize| Ok(plan_needing(need(memory)));
        let of_plan = |memory: usize| Needs::of(&plan_needing(need(memory)), false).unwrap().sum();
        let refused = Needs::of(&plan_needing(need(1)), false).unwrap().check(&plan_needing(need(1)), 1).unwrap_err();
        assert!(matches!(refused, Error::TooLittleMemory { need, .. } if of_plan(need) > need));
        let Error::TooLittleMemory { need, budget, .. } = stating_enough_memory(refused, false, plan_for) else {
            panic!("another error")
        };
        assert!(of_plan(need) <= need && budget == 1, "{need} bytes of a budget of {budget}");
    }

    #[test]
    fn what_gives_by_itself_is_waited_for_however_slow_it_is_and_a_busy_task_is_not() {
        let budget = Budget::new(16 << 20);
        let needs = Needs { by_operator: BTreeMap::from([(0, (8 << 20, 0))]) };
        let kept = Memory::spilling(budget.clone(), "kept", 0);
        assert!(kept.try_reserve(12 << 20));
        let held = Arc::new(Mutex::new(Some(kept.reserve(12 << 20).unwrap())));
        // A task that is in a closure.
        let begun = Instant::now();
        needs.wait_for_room(&budget, || false);
        assert!(budget.used_bytes() >= 12 << 20 && begun.elapsed() < Duration::from_secs(60));
        // A disk that takes longer than that.
        kept.set_revokes_by_itself();
        let is_asked = AtomicBool::new(false);
        let given = held.clone();
        kept.on_revoke_request(move || {
            if !is_asked.swap(true, Ordering::Relaxed) {
                let given = given.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_secs(3));
                    drop(given.lock().unwrap().take());
                });
            }
        });
        needs.wait_for_room(&budget, || false);
        assert_eq!((budget.request_revoke(needs.sum()), held.lock().unwrap().is_none()), (None, true));
    }
}
