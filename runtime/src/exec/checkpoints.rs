//! Snapshots of a running job: the locks and threads around the protocol in `snapshot`.
//!
//! Tasks report acknowledgements and ends to [`Snapshots`], which runs the actions that the
//! coordinator returns. To begin a snapshot, it stores the epoch in an atomic number that the heads
//! of sources read. A thread that may block writes the manifest and commits the sinks.

mod barriers;
mod contributions;
mod endpoints;
mod names;
mod settings;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(super) use barriers::Barriers;
pub(super) use names::state_file;
pub use settings::SnapshotSettings;

use contributions::{Contributions, Operators, add};
use endpoints::Endpoints;
use names::{OperatorNames, program_of};

use super::blocking::BlockingFor;
use super::channel::{QueuePlace, Wake};
use super::job::Job;
use super::timers::Alarm;
use crate::error::{Error, Result};
use crate::kernel::{Blocking as _, catching};
use crate::physical::PhysicalPlan;
use crate::plan::Node;
use crate::snapshot::{Action, Coordinator, Manifest, OperatorSnapshot};

/// The snapshots of one run.
pub(super) struct Snapshots {
    settings: SnapshotSettings,
    job: Arc<Job>,
    /// A manifest with the values that all snapshots have in common.
    template: Manifest,
    names: OperatorNames,
    endpoints: Endpoints,
    /// The numbers of the tasks that take part, by stage and subtask.
    tasks: HashMap<(usize, usize), usize>,
    /// The epoch whose barrier sources inject.
    requested_epoch: Arc<AtomicU64>,
    /// The last complete epoch, for sources.
    completed_epoch: Arc<AtomicU64>,
    state: Mutex<SnapshotsState>,
    /// Signals that a snapshot was completed or has failed, or that no more are taken.
    changed: Condvar,
}

struct SnapshotsState {
    coordinator: Coordinator,
    contributions: Contributions,
    /// The start of the current snapshot.
    started: Instant,
    /// The last complete epoch.
    completed: u64,
    /// No more snapshots are taken.
    is_stopped: bool,
    alarm: Option<Alarm>,
}

impl Snapshots {
    pub(super) fn new(
        plan: &PhysicalPlan,
        sinks: &[Arc<Node>],
        settings: SnapshotSettings,
        parallelism: usize,
        job: &Arc<Job>,
    ) -> Result<Arc<Self>> {
        let names = OperatorNames::of(plan)?;
        let program = program_of(sinks);
        if let Some(manifest) = &settings.restored {
            names.check(program, manifest)?;
        }
        let endless = plan.endless_stages();
        let of_stages = plan.stages.iter().enumerate().filter(|&(number, _)| endless[number]);
        let of_tasks = of_stages.flat_map(|(stage, plan)| (0..plan.tasks).map(move |subtask| (stage, subtask)));
        let tasks: HashMap<_, _> = of_tasks.enumerate().map(|(number, task)| (task, number)).collect();
        let epoch = settings.restored_epoch();
        let now = Instant::now();
        let state = SnapshotsState {
            coordinator: Coordinator::new(tasks.len(), epoch, settings.interval, now),
            contributions: Contributions::default(),
            started: now,
            completed: epoch,
            is_stopped: false,
            alarm: None,
        };
        Ok(Arc::new(Snapshots {
            template: Manifest {
                epoch: 0,
                program,
                parallelism,
                decisions: plan.decisions(),
                operators: Operators::new(),
            },
            endpoints: Endpoints::of(plan, sinks, &names),
            names,
            settings,
            job: job.clone(),
            tasks,
            requested_epoch: Arc::new(AtomicU64::new(epoch)),
            completed_epoch: Arc::new(AtomicU64::new(epoch)),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, SnapshotsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn settings(&self) -> &SnapshotSettings {
        &self.settings
    }

    /// The number of a task among those that take part. `None` if its stage has no endless input.
    pub(super) fn task(&self, stage: usize, subtask: usize) -> Option<usize> {
        self.tasks.get(&(stage, subtask)).copied()
    }

    /// The name of an operator in manifests. `None` if it does not take part.
    pub(super) fn name(&self, operator: usize) -> Option<&str> {
        self.names.get(operator)
    }

    /// The part of the restored snapshot that belongs to an operator.
    pub(super) fn restored(&self, operator: usize) -> Option<&OperatorSnapshot> {
        self.settings.restored(self.name(operator)?)
    }

    /// Checks sources and recovers sinks. Called before the first task.
    pub(super) fn recover(&self) -> Result<()> {
        self.endpoints.recover(&self.settings, &self.job)
    }

    /// Starts to take snapshots.
    pub(super) fn start(self: &Arc<Self>) {
        let wake: Arc<dyn Wake> = self.clone();
        self.lock().alarm = Some(Alarm::of(&wake));
        self.run_next_action();
    }

    /// Acknowledges an epoch for a task: the barrier has left it, and its state is written.
    ///
    /// # Errors
    /// Those of [`Coordinator::acknowledge`].
    pub(super) fn acknowledge(self: &Arc<Self>, task: usize, epoch: u64, contribution: Operators) -> Result<()> {
        let mut state = self.lock();
        state.coordinator.acknowledge(task, epoch)?;
        add(&mut state.contributions.current, contribution);
        drop(state);
        self.run_next_action();
        Ok(())
    }

    /// Adds the final contribution of a task that has ended.
    pub(super) fn task_ended(self: &Arc<Self>, task: usize, contribution: Operators) {
        let mut state = self.lock();
        let has_contributed = state.coordinator.task_ended(task);
        state.contributions.add_final(contribution, has_contributed);
        drop(state);
        self.run_next_action();
    }

    /// Runs the next action of the coordinator.
    fn run_next_action(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.is_stopped {
            return;
        }
        match state.coordinator.next(Instant::now()) {
            Some(Action::Begin(epoch)) => {
                (state.contributions.current, state.started) = (Operators::new(), Instant::now());
                drop(state);
                self.requested_epoch.store(epoch, Ordering::SeqCst);
                self.job.wake_all();
            }
            Some(Action::Complete(epoch)) => {
                let manifest = self.manifest(epoch, &mut state);
                drop(state);
                let (this, task) = (self.clone(), self.clone());
                let work = move || {
                    this.end_snapshot(
                        &manifest,
                        catching(|| this.endpoints.complete(&manifest, &this.settings, &this.job)),
                    )
                };
                BlockingFor { task, job: self.job.clone() }.submit(Box::new(work));
            }
            None => {
                let wakes_at = state.coordinator.wakes_at();
                let failed = match (&mut state.alarm, wakes_at) {
                    (Some(alarm), Some(at)) => alarm.set(at).err(),
                    _ => None,
                };
                drop(state);
                failed.into_iter().for_each(|error| self.job.fail(error));
            }
        }
    }

    /// Ends a snapshot, with the result of writing its manifest and committing its sinks.
    fn end_snapshot(&self, manifest: &Manifest, result: Result<()>) {
        let result = result.map_err(|error| self.job.fail(error));
        let mut state = self.lock();
        state.coordinator.completed();
        match result {
            Ok(()) => {
                self.count_completed(manifest, &mut state);
                self.completed_epoch.store(manifest.epoch, Ordering::SeqCst);
                // Sources acknowledge its records at their origin.
                self.job.wake_all();
            }
            // No later snapshot may follow: it would imply that this one's transactions are
            // committed.
            Err(()) => state.is_stopped = true,
        }
        self.changed.notify_all();
    }

    /// Updates the metrics after a complete snapshot.
    fn count_completed(&self, manifest: &Manifest, state: &mut SnapshotsState) {
        state.completed = manifest.epoch;
        let nanos = state.started.elapsed().as_nanos() as u64;
        self.job.metrics.snapshots.complete(manifest.epoch, manifest.state_bytes(), nanos);
    }

    /// The manifest of all contributions.
    fn manifest(&self, epoch: u64, state: &mut SnapshotsState) -> Manifest {
        let mut operators = state.contributions.take();
        // The manifest names all sinks, even those that have prepared nothing: their targets belong
        // to the job.
        self.endpoints.sink_names().for_each(|name| _ = operators.entry(name.to_owned()).or_default());
        Manifest { epoch, operators, ..self.template.clone() }
    }

    /// Completes the final snapshot, after all tasks have ended.
    ///
    /// # Errors
    /// Those of the final snapshot, or the error that has ended the job meanwhile.
    pub(super) fn finish(&self) -> Result<()> {
        let mut state = self.lock();
        while state.coordinator.is_busy() && !self.job.is_cancelled() {
            state =
                self.changed.wait_timeout(state, Duration::from_millis(100)).unwrap_or_else(PoisonError::into_inner).0;
        }
        if self.job.is_cancelled() {
            drop(state);
            return self.job.take_error().map_or(Ok(()), Err);
        }
        let epoch = state.coordinator.final_epoch();
        state.started = Instant::now();
        let manifest = self.manifest(epoch, &mut state);
        drop(state);
        self.endpoints.complete(&manifest, &self.settings, &self.job)?;
        self.count_completed(&manifest, &mut self.lock());
        self.changed.notify_all();
        Ok(())
    }

    /// Stops taking snapshots, and releases the folder. Waits for running commits first, because
    /// another job may resume from the folder then.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        (state.is_stopped, state.alarm) = (true, None);
        while state.coordinator.is_completing() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.changed.notify_all();
        self.settings.store.release();
    }

    /// Takes a snapshot, and waits until it is complete. Returns its epoch.
    pub(super) fn snapshot(self: &Arc<Self>) -> Result<u64> {
        let epoch = self.lock().coordinator.request();
        self.run_next_action();
        let mut state = self.lock();
        while state.completed < epoch && !state.is_stopped {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match state.completed >= epoch {
            true => Ok(state.completed),
            false => Err(Error::Plan("the job ended before the snapshot was complete; `wait` says how".to_owned())),
        }
    }
}

impl Wake for Snapshots {
    fn wake(self: Arc<Self>, _: QueuePlace) {
        self.run_next_action();
    }
}
