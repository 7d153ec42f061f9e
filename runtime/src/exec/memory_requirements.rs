//! The minimum memory of a plan. It is computed before the plan runs, so that a budget that is too
//! small is an immediate error, with the needs of each operator.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::error::{Error, Mib, Result};
use crate::memory::limits::{CHANNEL_PAGES, IMAGE_BYTES, PAGE_BYTES, SLACK_SHARE, SPOOL_BYTES, STEP_PAGES};
use crate::memory::{Budget, Revocation};
use crate::page::{WINDOW_BYTES, WINDOW_ROWS};
use crate::physical::{Head, OutputPlan, PhysicalPlan, StagePlan};
use crate::strategy::{DriverFactory, Recovery, Ship};

/// The minimum memory of the operators of a plan, over all their tasks.
#[derive(Debug, Default)]
pub(super) struct MemoryRequirements {
    /// By operator, in bytes: the minimum of memory that spills, and memory that cannot be spilled,
    /// such as pages in channels.
    by_operator: BTreeMap<usize, (usize, usize)>,
}

impl MemoryRequirements {
    /// Computes the requirements of a plan. `takes_snapshots` adds the buffers for images of state.
    pub(super) fn of(plan: &PhysicalPlan, takes_snapshots: bool) -> Result<Self> {
        let mut requirements = MemoryRequirements::default();
        for stage in &plan.stages {
            match &stage.head {
                Head::Source(operator, source, scan) => {
                    requirements.by_operator.entry(*operator).or_default().1 += stage.tasks * source.reader_bytes(scan);
                }
                Head::SpillQueue(operator, ..) => {
                    requirements.by_operator.entry(*operator).or_default().0 += stage.tasks * SPOOL_BYTES;
                }
                Head::Inbox(_) => {}
            }
            for step in &stage.steps {
                let (spilling, pinned) = requirements.by_operator.entry(step.operator).or_default();
                *spilling += stage.tasks * step.driver.minimum_bytes.unwrap_or(0);
                *pinned += stage.tasks * pinned_bytes(&step.driver, takes_snapshots);
                for output in &step.others {
                    let receivers = plan.stages[output.to.0].tasks;
                    *pinned += (exchange_pages(stage, output, receivers) + stage.tasks) * PAGE_BYTES;
                }
            }
            for output in &stage.outputs {
                let (_, pinned) = requirements.by_operator.entry(output.operator).or_default();
                *pinned += exchange_pages(stage, output, plan.stages[output.to.0].tasks) * PAGE_BYTES;
            }
        }
        Ok(requirements)
    }

    /// Returns `true` if an operator may spill.
    pub(super) fn may_spill(&self) -> bool {
        self.by_operator.values().any(|&(spilling, _)| spilling > 0)
    }

    /// The bytes that cannot be spilled.
    pub(super) fn pinned_bytes(&self) -> usize {
        self.by_operator.values().map(|&(_, pinned)| pinned).sum()
    }

    /// The total bytes, including the slack.
    pub(super) fn total_bytes(&self) -> usize {
        let operators = self.operator_bytes();
        operators + slack_bytes(operators)
    }

    fn operator_bytes(&self) -> usize {
        self.by_operator.values().map(|&(spilling, pinned)| spilling + pinned).sum()
    }

    /// Requests memory from other owners until the total is free, or no owner has more to give.
    ///
    /// It requests only memory beyond the minimums of other jobs: `Admissions` ensures that the
    /// minimums fit together.
    ///
    /// Persisted data sets are spilled without a task, so this waits for them as long as the disk
    /// takes. It waits for tasks of other jobs at most a second in all. A task may be in a closure
    /// that waits for this job, and then cannot give memory back. The plan then begins with less
    /// memory, and may get more while it runs.
    pub(super) fn wait_for_memory(&self, budget: &Budget, is_cancelled: impl Fn() -> bool) {
        const PAUSE: Duration = Duration::from_millis(5);
        const PAUSES_FOR_TASKS: u32 = 200;
        let mut pauses = 0;
        while pauses < PAUSES_FOR_TASKS
            && !is_cancelled()
            && let Some(owner) = budget.request_revoke(self.total_bytes())
        {
            // No further request is made while memory is being returned.
            let mut used = budget.used_bytes();
            loop {
                std::thread::sleep(PAUSE);
                pauses += u32::from(owner == Revocation::Task);
                let before = std::mem::replace(&mut used, budget.used_bytes());
                if used >= before || pauses >= PAUSES_FOR_TASKS || is_cancelled() {
                    break;
                }
            }
        }
    }

    /// Checks that the budget is enough.
    ///
    /// # Errors
    /// [`Error::TooLittleMemory`], with the needs of the largest operators.
    pub(super) fn check(&self, plan: &PhysicalPlan, budget: usize) -> Result<()> {
        let need = self.total_bytes();
        if need <= budget {
            return Ok(());
        }
        /// Most operators that the message names: those that need most.
        const NAMED: usize = 30;
        let mut by_operator = String::new();
        let mut operators: Vec<_> = self.by_operator.iter().filter(|(_, bytes)| **bytes != (0, 0)).collect();
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
        let _ = write!(
            by_operator,
            "\n  and for records that are larger than others: {}",
            Mib(slack_bytes(self.operator_bytes()))
        );
        Err(Error::TooLittleMemory { need, budget, by_operator })
    }
}

/// Raises the memory that an [`Error::TooLittleMemory`] states until it is enough.
///
/// A plan for more memory may be a different plan, which needs even more. So plans are made for the
/// stated memory until one runs in it. Returns other errors unchanged.
pub fn with_sufficient_memory(
    mut refused: Error,
    takes_snapshots: bool,
    plan_for: impl Fn(usize) -> Result<PhysicalPlan>,
) -> Error {
    while let Error::TooLittleMemory { need, budget, .. } = refused {
        let planned =
            plan_for(need).and_then(|plan| MemoryRequirements::of(&plan, takes_snapshots)?.check(&plan, need));
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

/// The bytes of a step in one task that cannot be spilled.
fn pinned_bytes(driver: &DriverFactory, takes_snapshots: bool) -> usize {
    let pages = if driver.layout.is_some() { STEP_PAGES } else { 0 };
    // A restore reads a whole buffer while a part of the last one is left.
    let images = if takes_snapshots && driver.recovery == Recovery::RestoredByImages { 2 } else { 0 };
    driver.pinned_bytes + pages * PAGE_BYTES + images * IMAGE_BYTES
}

/// Bytes for unforeseen needs, such as a record that is larger than others.
fn slack_bytes(operators: usize) -> usize {
    operators / (SLACK_SHARE - 1)
}

/// The number of pages that an exchange holds when all its channels are full.
///
/// * For each channel: the page that is being written, a full page that waits, and the pages in the
///   channel. There may be a full page for each channel, because one window of rows may fill them
///   all.
/// * For each sender: the pages that one window of rows fills.
/// * For each receiver: the page that it reads.
fn exchange_pages(stage: &StagePlan, output: &OutputPlan, receivers: usize) -> usize {
    let channels = match output.ship {
        Ship::Forward | Ship::Gather => 1,
        // All receivers share the same pages.
        Ship::Broadcast => 1,
        Ship::Hash(_) | Ship::Rebalance | Ship::Number(_) => receivers,
    };
    // A window of a source may have more text than a page. Rows of a step are in pages.
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

    /// Rows of a step are in pages, so a window of them is at most a page long.
    #[test]
    fn exchanges_of_a_source_have_room_for_long_windows() {
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

    struct IdleDriver;

    impl Driver for IdleDriver {
        fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
            Ok(Progress::Done)
        }
    }

    #[test]
    fn only_state_images_are_charged_for_buffers() {
        let charged = |recovery| {
            let driver = DriverFactory::new("a step", |_| Ok(IdleDriver)).pinning(300).recovering(recovery);
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
        let driver = DriverFactory::new("a step", |_| Ok(IdleDriver)).spilling_beyond(bytes);
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

    /// Plans for more memory need more, up to a limit.
    #[test]
    fn a_stated_minimum_is_enough_for_its_plan() {
        let need = |memory: usize| if memory < 64 << 20 { (memory + (24 << 20)).max(32 << 20) } else { 40 << 20 };
        let plan_for = |memory: usize| Ok(plan_needing(need(memory)));
        let of_plan = |memory: usize| MemoryRequirements::of(&plan_needing(need(memory)), false).unwrap().total_bytes();
        let refused = MemoryRequirements::of(&plan_needing(need(1)), false)
            .unwrap()
            .check(&plan_needing(need(1)), 1)
            .unwrap_err();
        assert!(matches!(refused, Error::TooLittleMemory { need, .. } if of_plan(need) > need));
        let Error::TooLittleMemory { need, budget, .. } = with_sufficient_memory(refused, false, plan_for) else {
            panic!("another error")
        };
        assert!(of_plan(need) <= need && budget == 1, "{need} bytes of a budget of {budget}");
    }

    #[test]
    fn a_start_waits_for_persisted_data_but_not_busy_tasks() {
        let budget = Budget::new(16 << 20);
        let requirements = MemoryRequirements { by_operator: BTreeMap::from([(0, (8 << 20, 0))]) };
        let kept = Memory::spilling(budget.clone(), "kept", 0);
        assert!(kept.try_reserve(12 << 20));
        let held = Arc::new(Mutex::new(Some(kept.reserve(12 << 20).unwrap())));
        // A task that is in a closure gives nothing back.
        let begun = Instant::now();
        requirements.wait_for_memory(&budget, || false);
        assert!(budget.used_bytes() >= 12 << 20 && begun.elapsed() < Duration::from_secs(60));
        // A disk that takes longer than the wait for tasks.
        kept.set_revokes_by_itself();
        let is_asked = AtomicBool::new(false);
        let returned = held.clone();
        kept.on_revoke_request(move || {
            if !is_asked.swap(true, Ordering::Relaxed) {
                let returned = returned.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_secs(3));
                    drop(returned.lock().unwrap().take());
                });
            }
        });
        requirements.wait_for_memory(&budget, || false);
        assert_eq!((budget.request_revoke(requirements.total_bytes()), held.lock().unwrap().is_none()), (None, true));
    }
}
