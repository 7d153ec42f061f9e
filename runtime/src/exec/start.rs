//! Makes the tasks of a physical plan, and runs them.

mod splits;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Resources;
use super::aligned_input::AlignedInput;
use super::blocking::BlockingFor;
use super::channel::{Inbox, QueuePlace, Wake};
use super::checkpoints::{Barriers, Snapshots};
use super::inline::{Filter, InlineStep, KeyCheck, OperatorScope, RowCounts};
use super::job::Job;
use super::memory_requirements::MemoryRequirements;
use super::pipeline::{Deadline, Pipeline, PipelineHead, Renewal, SideInput, Step, TaskSnapshots};
use super::placement::Placement;
use super::reading::{SourceHead, SplitPruning, WatermarkGenerator};
use super::spill_queue::SpillQueueHead;
use super::stage_output::StageOutput;
use super::task::Task;
use super::timed_input::TimedInput;
use super::timers::Alarm;
use crate::error::{Error, Result};
use crate::hash::RuntimeFilter;
use crate::kernel::{Blocking, Outputs, ProcessLocals, TaskContext, catching};
use crate::memory::Memory;
use crate::memory::limits::{CHANNEL_LONG_RECORDS, DRIVER_LONG_RECORDS, SPOOL_BYTES, STEP_PAGES};
use crate::metrics::JobMetrics;
use crate::page::RowWriter;
use crate::physical::{Head, InlineStepPlan, OutputPlan, PhysicalPlan, StagePlan, StepPlan};
use crate::row::{LeafSet, RowLayout};
use crate::snapshot::SplitPosition;
use crate::source::{CheckedReader, ReaderContext, Source};
use crate::spill::SpillQueue;
use crate::strategy::Ship;
use crate::stream::ItemSender;
use splits::JobSplits;

/// Starts all tasks of a plan, and waits until they have ended, or `tick` returns `false`.
pub(super) fn run(
    job: &Arc<Job>,
    plan: &PhysicalPlan,
    requirements: &MemoryRequirements,
    resources: &Resources,
    snapshots: Option<&Arc<Snapshots>>,
    tick: impl FnMut(&JobMetrics) -> bool,
) -> Result<()> {
    let budget = resources.budget();
    if requirements.may_spill() {
        resources.space.check()?;
    }
    requirements.wait_for_memory(budget, || job.is_cancelled());
    if job.is_cancelled() {
        return Err(Error::Cancelled);
    }
    let _kept = budget.reserve_for_pinned(requirements.pinned_bytes());
    let mut starter = Starter::new(plan, resources, snapshots, job.clone());
    starter.list_splits()?;
    // Bodies refer to tasks. If one cannot be made, no task has a body yet, and all are dropped.
    let mut bodies = Vec::new();
    for (stage, tasks) in starter.tasks.iter().enumerate() {
        for (subtask, task) in tasks.iter().enumerate() {
            bodies.push((task.clone(), starter.body(stage, subtask)?));
        }
    }
    drop(starter);
    let start = |(task, body): (Arc<Task>, Pipeline)| -> Arc<dyn Wake> {
        task.set_body(body);
        task
    };
    job.start(bodies.into_iter().map(start).collect());
    snapshots.inspect(|snapshots| snapshots.start());
    let ended = job.wait(tick);
    crate::page::release_idle_memory(budget.limit_bytes());
    ended
}

struct Starter<'p> {
    plan: &'p PhysicalPlan,
    resources: &'p Resources,
    snapshots: Option<&'p Arc<Snapshots>>,
    placement: Placement,
    job: Arc<Job>,
    /// The memory group of operator 0; the others follow. Groups are unique in the process.
    first_memory_group: u64,
    tasks: Vec<Vec<Arc<Task>>>,
    /// By stage, inbox and task.
    inboxes: HashMap<(usize, usize, usize), Arc<Inbox>>,
    splits: JobSplits,
    /// Values that the tasks of a step share, by stage and step.
    locals: Vec<Vec<ProcessLocals>>,
    /// By stage, whether some of its rows come from an endless source.
    endless: Vec<bool>,
    /// By the number of the filter.
    runtime_filters: Vec<Arc<RuntimeFilter>>,
}

impl<'p> Starter<'p> {
    fn new(
        plan: &'p PhysicalPlan,
        resources: &'p Resources,
        snapshots: Option<&'p Arc<Snapshots>>,
        job: Arc<Job>,
    ) -> Self {
        let placement = Placement::default();
        let of_stage = |stage: &StagePlan| placement.local_tasks(stage.tasks).map(|_| Task::new(job.clone())).collect();
        let tasks: Vec<Vec<Arc<Task>>> = plan.stages.iter().map(of_stage).collect();
        let mut inboxes = HashMap::new();
        for (number, stage) in plan.stages.iter().enumerate() {
            for (subtask, task) in tasks[number].iter().enumerate() {
                for inbox in 0..stage.inboxes {
                    inboxes.insert((number, inbox, subtask), Arc::new(Inbox::new(task.clone())));
                }
            }
        }
        static MEMORY_GROUPS: AtomicU64 = AtomicU64::new(0);
        let first_memory_group = MEMORY_GROUPS.fetch_add(plan.operators.len() as u64, Ordering::Relaxed);
        let locals =
            plan.stages.iter().map(|stage| stage.steps.iter().map(|_| ProcessLocals::default()).collect()).collect();
        let endless = plan.endless_stages();
        let filters = plan.runtime_filters.iter();
        let runtime_filters = filters.map(|filter| Arc::new(RuntimeFilter::new(filter.tasks, filter.rows))).collect();
        Starter {
            plan,
            resources,
            snapshots,
            placement,
            job,
            first_memory_group,
            tasks,
            inboxes,
            splits: JobSplits::default(),
            locals,
            endless,
            runtime_filters,
        }
    }

    fn list_splits(&mut self) -> Result<()> {
        for (number, stage) in self.plan.stages.iter().enumerate() {
            let Head::Source(operator, source, scan) = &stage.head else { continue };
            let task: Arc<dyn Wake> = self.tasks[number][0].clone();
            let (restored, blocking) = (self.restored(*operator), self.blocking(&task));
            let listed = self.splits.list(number, (source, scan), restored, blocking);
            self.job.metrics.source_total_bytes.add(listed.map_err(|error| self.at(*operator, error))?);
        }
        Ok(())
    }

    fn body(&self, stage: usize, subtask: usize) -> Result<Pipeline> {
        let plan = &self.plan.stages[stage];
        let task: Arc<dyn Wake> = self.tasks[stage][subtask].clone();
        let head = self.head(stage, subtask, &task)?;
        let build = |(number, step): (usize, &StepPlan)| self.step(step, number, stage, subtask, &task);
        let steps = plan.steps.iter().enumerate().map(build).collect::<Result<Vec<_>>>()?;
        let outputs =
            plan.outputs.iter().map(|output| self.output(output, plan, subtask, &task)).collect::<Result<Vec<_>>>()?;
        let latency = self.resources.streaming.latency;
        let deadline = self.endless[stage].then(|| Deadline::new(latency, Alarm::of(&task)));
        let snapshots = self.task_snapshots(stage, subtask, &task);
        let pipeline = Pipeline::new(head, steps, outputs, OperatorScope::new(self.job.clone(), subtask));
        Ok(pipeline.with_deadline(deadline).with_snapshots(snapshots))
    }

    /// The snapshot state of a task. `None` if the task does not take part in snapshots.
    fn task_snapshots(&self, stage: usize, subtask: usize, task: &Arc<dyn Wake>) -> Option<TaskSnapshots> {
        let (snapshots, plan) = (self.snapshots?, &self.plan.stages[stage]);
        let number = snapshots.task(stage, subtask)?;
        let source = if let Head::Source(operator, ..) = plan.head { Some(operator) } else { None };
        let steps = plan.steps.iter().map(|step| step.operator);
        Some(TaskSnapshots::new(snapshots, (number, subtask), source, steps, self.blocking(task)))
    }

    fn memory(&self, operator: usize) -> Memory {
        Memory::new(self.resources.budget().clone(), self.plan.operators[operator].origin.to_string())
    }

    /// Memory that holds at most this number of pages at a time.
    fn memory_of_pages(&self, operator: usize, pages: usize) -> Memory {
        let memory = self.memory(operator);
        memory.set_pages(pages);
        memory
    }

    fn driver_memory(&self, step: &StepPlan, task: &Arc<dyn Wake>) -> Memory {
        match step.driver.minimum_bytes {
            Some(minimum) => {
                let memory = self.spilling(step.operator, minimum, task);
                memory.set_operator_group(self.first_memory_group + step.operator as u64);
                memory
            }
            None if step.driver.pinned_bytes > 0 => self.memory_of_pages(step.operator, DRIVER_LONG_RECORDS),
            None => self.memory(step.operator),
        }
    }

    /// Memory that can be revoked: the task is woken to give it back.
    fn spilling(&self, operator: usize, minimum: usize, task: &Arc<dyn Wake>) -> Memory {
        let owner = self.plan.operators[operator].origin.to_string();
        let memory = Memory::spilling(self.resources.budget().clone(), owner, minimum);
        let weak = Arc::downgrade(task);
        memory.on_revoke_request(move || {
            if let Some(task) = weak.upgrade() {
                task.wake(QueuePlace::InOrder);
            }
        });
        memory
    }

    fn context(&self, operator: usize, plan: &StagePlan, subtask: usize, task: &Arc<dyn Wake>) -> TaskContext {
        TaskContext {
            subtask,
            subtasks: plan.tasks,
            local_tasks: self.placement.local_tasks(plan.tasks),
            superstep: 0,
            epoch: self.snapshots.map_or(0, |snapshots| snapshots.settings().restored_epoch()) + 1,
            memory: self.memory(operator),
            blocking: self.blocking(task),
            space: self.resources.space.clone(),
            metrics: self.job.metrics.operators[operator][subtask].clone(),
            locals: ProcessLocals::default(),
            runtime_filters: Vec::new(),
            run: Some(self.resources.run.clone()),
        }
    }

    fn blocking(&self, task: &Arc<dyn Wake>) -> Arc<dyn Blocking> {
        Arc::new(BlockingFor { task: task.clone(), job: self.job.clone() })
    }

    fn inbox(&self, stage: usize, inbox: usize, subtask: usize) -> Result<Arc<Inbox>> {
        let found = self.inboxes.get(&(stage, inbox, subtask)).cloned();
        found.ok_or_else(|| Error::Internal(format!("stage {stage} has no inbox {inbox}")))
    }

    fn input(&self, stage: usize, inbox: usize, subtask: usize) -> Result<AlignedInput> {
        Ok(AlignedInput::new(self.inbox(stage, inbox, subtask)?))
    }

    fn head(&self, stage: usize, subtask: usize, task: &Arc<dyn Wake>) -> Result<PipelineHead> {
        match &self.plan.stages[stage].head {
            Head::Inbox(inbox) => {
                let input = self.input(stage, *inbox, subtask)?;
                Ok(match self.plan.stages[stage].watermarks {
                    None => PipelineHead::Inbox(input),
                    Some(of) => {
                        let time = WatermarkGenerator::new(of.lateness_micros);
                        PipelineHead::TimedInbox(Box::new(TimedInput::new(input, time, self.endless[stage])))
                    }
                })
            }
            Head::SpillQueue(operator, inbox, layout) => {
                let context = self.context(*operator, &self.plan.stages[stage], subtask, task);
                let (memory, sent) = (self.spilling(*operator, SPOOL_BYTES, task), context.memory.clone());
                let pages = SpillQueue::new(layout.clone(), context.spiller(), &memory);
                let input = self.input(stage, *inbox, subtask)?;
                Ok(PipelineHead::SpillQueue(Box::new(SpillQueueHead::new(*operator, input, pages, memory, sent))))
            }
            Head::Source(operator, source, scan) => {
                let context = ReaderContext { memory: self.memory(*operator), blocking: self.blocking(task) };
                let reader = CheckedReader::of(&**source, scan, context).map_err(|error| self.at(*operator, error))?;
                Ok(PipelineHead::Source(Box::new(self.source_head(stage, subtask, *operator, source, reader, task))))
            }
        }
    }

    fn source_head(
        &self,
        stage: usize,
        subtask: usize,
        operator: usize,
        source: &Arc<dyn Source>,
        reader: CheckedReader,
        task: &Arc<dyn Wake>,
    ) -> SourceHead {
        let plan = &self.plan.stages[stage];
        let (of, idle_after) = (plan.watermarks, self.resources.streaming.idle_after);
        let mut time = of.map(|of| WatermarkGenerator::new(of.lateness_micros));
        let (of_tasks, restored) = ((subtask, plan.tasks), self.restored(operator));
        let splits = self.splits.of_task(stage, of_tasks, idle_after, restored, time.as_mut(), Alarm::of(task));
        // A source that writes bad records reads all splits, so that its file is complete.
        let must_read_all = source.as_table().is_some_and(|table| table.rejects().is_some());
        let barriers = self.snapshots.filter(|_| source.is_endless()).map(Barriers::of);
        let filter = |&(number, leaf): &(usize, usize)| (self.runtime_filters[number].clone(), leaf);
        let pruning = SplitPruning::of(source, plan.skips.iter().map(filter).collect());
        let head = SourceHead::new(operator, reader, must_read_all, splits);
        head.with_split_pruning(pruning).with_time(time, of.and_then(|of| of.leaf)).with_barriers(barriers)
    }

    /// The positions of a source in the snapshot that the job continues from.
    fn restored(&self, operator: usize) -> &'p [SplitPosition] {
        self.snapshots.and_then(|snapshots| snapshots.restored(operator)).map_or(&[], |restored| &restored.positions)
    }

    fn at(&self, operator: usize, error: Error) -> Error {
        error.at(&self.plan.operators[operator].origin)
    }

    fn step(&self, step: &StepPlan, number: usize, stage: usize, subtask: usize, task: &Arc<dyn Wake>) -> Result<Step> {
        let (plan, memory) = (&self.plan.stages[stage], self.driver_memory(step, task));
        let (locals, superstep) = (self.locals[stage][number].clone(), u32::from(step.in_loop));
        let fills = step.fills.iter().filter(|&&(_, filter)| subtask < self.plan.runtime_filters[filter].tasks);
        let context = TaskContext {
            memory: memory.clone(),
            locals,
            superstep,
            runtime_filters: fills.map(|&(port, filter)| (port, self.runtime_filters[filter].clone())).collect(),
            ..self.context(step.operator, plan, subtask, task)
        };
        // Making a driver may run the user's code.
        let driver = catching(|| step.driver.create(&context)).map_err(|error| self.at(step.operator, error))?;
        let layout = step.driver.layout.clone().unwrap_or_else(|| Arc::new(RowLayout::new([], &LeafSet::none())));
        let sides = step
            .sides
            .iter()
            .map(|&(port, inbox)| Ok(SideInput { port, input: self.input(stage, inbox, subtask)? }))
            .collect::<Result<_>>()?;
        let inline = self.inline(&step.inline, plan, subtask, task)?;
        // Emitted pages are not in the driver's memory: it cannot spill them.
        let writer =
            |layout: &Arc<RowLayout>| RowWriter::new(layout.clone(), self.memory_of_pages(step.operator, STEP_PAGES));
        let outputs =
            step.others.iter().fold(Outputs::new(writer(&layout)), |all, other| all.and(writer(&other.layout)));
        let other = |other: &OutputPlan| Ok((self.output(other, plan, subtask, task)?, other.also_counted.clone()));
        let others = step.others.iter().map(other).collect::<Result<_>>()?;
        let made = Step::new(step, inline, driver, memory, sides, outputs).with_side_outputs(others);
        let made =
            if step.driver.layout.is_some() { made.with_overflow(self.memory(step.operator), &context) } else { made };
        Ok(if step.in_loop { made.with_renewal(Renewal { factory: step.driver.clone(), context }) } else { made })
    }

    fn inline(
        &self,
        inline: &[InlineStepPlan],
        plan: &StagePlan,
        subtask: usize,
        task: &Arc<dyn Wake>,
    ) -> Result<Vec<InlineStep>> {
        let step_of = |inline: &InlineStepPlan| match inline {
            InlineStepPlan::Project(operator, leaves) => {
                Ok(InlineStep::Project(*operator, leaves.clone(), RowCounts::default()))
            }
            InlineStepPlan::EventTime(leaf) => Ok(InlineStep::EventTime(*leaf, None)),
            InlineStepPlan::WindowStart(operator, windows, leaf) => {
                Ok(InlineStep::WindowStart(*operator, *windows, *leaf, Vec::new(), RowCounts::default()))
            }
            InlineStepPlan::RuntimeFilter(filter, key, input) => Ok(InlineStep::RuntimeFilter(KeyCheck::new(
                self.plan.runtime_filters[*filter].join,
                self.runtime_filters[*filter].clone(),
                key.clone(),
                self.job.metrics.removed_rows_of(*input),
            ))),
            InlineStepPlan::Filter(operator, filter, live) => {
                let context = self.context(*operator, plan, subtask, task);
                let predicate = catching(|| filter.predicate.open(&context));
                Ok(InlineStep::Filter(Filter {
                    operator: *operator,
                    predicate: predicate.map_err(|error| self.at(*operator, error))?,
                    reads: filter.reads.clone(),
                    is_of_values: filter.is_of_values,
                    live: live.clone(),
                    rows: RowCounts::default(),
                }))
            }
        };
        inline.iter().map(step_of).collect()
    }

    fn output(
        &self,
        output: &OutputPlan,
        plan: &StagePlan,
        subtask: usize,
        task: &Arc<dyn Wake>,
    ) -> Result<StageOutput> {
        let (to_stage, inbox) = output.to;
        let receivers = match output.ship {
            Ship::Forward => subtask..subtask + 1,
            _ => 0..self.plan.stages[to_stage].tasks,
        };
        let targets = receivers
            .map(|receiver| {
                let channel = self.inbox(to_stage, inbox, receiver)?.connect(task.clone(), output.in_order);
                Ok(Box::new(channel) as Box<dyn ItemSender>)
            })
            .collect::<Result<Vec<_>>>()?;
        let writers = match output.ship {
            Ship::Hash(_) | Ship::Rebalance | Ship::Number(_) => targets.len(),
            Ship::Forward | Ship::Gather | Ship::Broadcast => 1,
        };
        let memory = self.memory_of_pages(output.operator, writers * CHANNEL_LONG_RECORDS);
        let writers = (0..writers).map(|_| RowWriter::new(output.layout.clone(), memory.clone())).collect();
        let inline = self.inline(&output.inline, plan, subtask, task)?;
        let made = StageOutput::new(output.operator, inline, output.ship.clone(), writers, targets);
        let made = if output.inline.iter().any(InlineStepPlan::counts) { made.with_row_counts() } else { made };
        Ok(if matches!(plan.head, Head::SpillQueue(..)) { made.uncounted() } else { made })
    }
}
