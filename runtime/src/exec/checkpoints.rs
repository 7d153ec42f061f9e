//! The snapshots of a running job: who hears of a barrier, what tasks bring, and what is done when all have.
//!
//! Protocol and files are elsewhere (`snapshot`); here are the locks and the threads. Tasks call in, and whatever the coordinator has to be done then is done: a
//! barrier is a number that the heads of sources look at, and to write a manifest and commit is work for a thread that may block.

mod names;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub(super) use names::state_file;
use names::{Names, program_of};

use super::blocking::BlockingFor;
use super::channel::{QueuePlace, Wake};
use super::job::Job;
use super::timers::Alarm;
use crate::error::{Error, Origin, Result};
use crate::kernel::{Blocking as _, catching};
use crate::output::{Commit, EpochSink};
use crate::physical::{Decisions, Head, PhysicalPlan, StagePlan};
use crate::plan::Node;
use crate::snapshot::{Action, Coordinator, Manifest, OperatorSnapshot, Store, kill_point};
use crate::source::{Source, SplitPosition};

/// Pause before a commit is repeated the first time.
const SHORTEST_RETRY: Duration = Duration::from_millis(10);

/// Longest pause before a commit is repeated.
const LONGEST_RETRY: Duration = Duration::from_secs(1);

/// How snapshots of a job are taken.
#[derive(Clone)]
pub struct SnapshotSettings {
    /// Where they lie.
    pub store: Store,
    /// From the beginning of one to that of the next; where there is none, they are only taken when somebody asks.
    pub interval: Option<Duration>,
    /// The one that the job goes on from.
    pub restored: Option<Arc<Manifest>>,
}

impl SnapshotSettings {
    /// What there is of an operator in the snapshot that the job goes on from.
    fn restored(&self, name: &str) -> Option<&OperatorSnapshot> {
        self.restored.as_ref()?.operators.get(name)
    }

    /// What the operators of a program ran as in that snapshot: nothing where the program is another, or had other tasks.
    #[must_use]
    pub fn decisions(&self, sinks: &[Arc<Node>], parallelism: usize) -> Option<&Decisions> {
        let of_same =
            |manifest: &&Arc<Manifest>| (manifest.program, manifest.parallelism) == (program_of(sinks), parallelism);
        self.restored.as_ref().filter(of_same).map(|manifest| &manifest.decisions)
    }

    /// The epoch of that snapshot; 0 where the job begins.
    pub(super) fn restored_epoch(&self) -> u64 {
        self.restored.as_ref().map_or(0, |manifest| manifest.epoch)
    }
}

/// By the operators' names.
type Operators = BTreeMap<String, OperatorSnapshot>;

/// The snapshots of one run.
pub(super) struct Snapshots {
    settings: SnapshotSettings,
    job: Arc<Job>,
    /// The manifest of each, as far as it is the same in all.
    blank: Manifest,
    names: Names,
    /// Endless sources, and their names.
    sources: Vec<(String, Arc<dyn Source>, Origin)>,
    /// Sinks that commit by epochs, and their names.
    sinks: Vec<(String, Arc<Node>)>,
    /// The numbers of the tasks that take part, by stage and subtask.
    tasks: HashMap<(usize, usize), usize>,
    /// The epoch whose barrier sources inject.
    begun: Arc<AtomicU64>,
    /// The last epoch that is complete.
    completed: Arc<AtomicU64>,
    state: Mutex<State>,
    /// A snapshot is complete, or there will be none any more.
    news: Condvar,
}

struct State {
    coordinator: Coordinator,
    brought: Brought,
    /// When the snapshot that is taken began.
    began: Instant,
    /// The last that is complete.
    completed: u64,
    /// None will be taken any more.
    is_over: bool,
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
        let names = Names::of(plan)?;
        let program = program_of(sinks);
        if let Some(manifest) = &settings.restored {
            names.check(program, manifest)?;
        }
        let endless = plan.endless_stages();
        let of_stages = plan.stages.iter().enumerate().filter(|&(number, _)| endless[number]);
        let of_tasks = of_stages.flat_map(|(stage, plan)| (0..plan.tasks).map(move |subtask| (stage, subtask)));
        let tasks: HashMap<_, _> = of_tasks.enumerate().map(|(number, task)| (task, number)).collect();
        let of_source = |stage: &StagePlan| match &stage.head {
            Head::Source(operator, source, _) if source.is_endless() => {
                Some((names.get(*operator)?.to_owned(), source.clone(), plan.operators[*operator].origin.clone()))
            }
            _ => None,
        };
        let sources = plan.stages.iter().filter_map(of_source).collect();
        let epoch = settings.restored_epoch();
        let now = Instant::now();
        let state = State {
            coordinator: Coordinator::new(tasks.len(), epoch, settings.interval, now),
            brought: Brought::default(),
            began: now,
            completed: epoch,
            is_over: false,
            alarm: None,
        };
        Ok(Arc::new(Snapshots {
            blank: Manifest {
                epoch: 0,
                program,
                parallelism,
                decisions: plan.decisions(),
                operators: Operators::new(),
            },
            sources,
            sinks: sinks
                .iter()
                .zip(&plan.sinks)
                .filter(|(sink, _)| epochs_of(sink).is_some())
                .filter_map(|(sink, operator)| Some((names.get(*operator)?.to_owned(), sink.clone())))
                .collect(),
            names,
            settings,
            job: job.clone(),
            tasks,
            begun: Arc::new(AtomicU64::new(epoch)),
            completed: Arc::new(AtomicU64::new(epoch)),
            state: Mutex::new(state),
            news: Condvar::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn settings(&self) -> &SnapshotSettings {
        &self.settings
    }

    /// The number of a task that takes part: of a stage whose rows have no end.
    pub(super) fn task(&self, stage: usize, subtask: usize) -> Option<usize> {
        self.tasks.get(&(stage, subtask)).copied()
    }

    /// The name of an operator that has something in snapshots.
    pub(super) fn name(&self, operator: usize) -> Option<&str> {
        self.names.get(operator)
    }

    /// What there is of such an operator in the snapshot that the job goes on from.
    pub(super) fn restored(&self, operator: usize) -> Option<&OperatorSnapshot> {
        self.settings.restored(self.name(operator)?)
    }

    /// Checks that sources hold what the restored snapshot names, then brings sinks to its epoch and removes newer
    /// snapshots. Runs before the first task.
    pub(super) fn recover(&self) -> Result<()> {
        for (name, source, origin) in &self.sources {
            if let Some(operator) = self.settings.restored(name) {
                source.check_positions(&operator.positions).map_err(|error| error.at(origin))?;
            }
        }
        let epoch = self.settings.restored_epoch();
        self.settings.store.remove_after(epoch)?;
        for (name, sink) in &self.sinks {
            // What the snapshot does not know begins: nothing in its folder is the job's to remove.
            let (epoch, prepared) =
                self.settings.restored(name).map_or((0, &[][..]), |operator| (epoch, &operator.prepared));
            let Some(epochs) = epochs_of(sink) else { continue };
            self.until_done(|| epochs.recover(epoch, prepared)).map_err(|error| error.at(&sink.origin))?;
        }
        Ok(())
    }

    /// Repeats a commit until the target is available, or the job is cancelled.
    fn until_done(&self, commit: impl Fn() -> Result<Commit>) -> Result<()> {
        let mut pause = SHORTEST_RETRY;
        while commit()? == Commit::Retry {
            if self.job.is_cancelled() {
                return Err(Error::Cancelled);
            }
            std::thread::sleep(pause);
            pause = (2 * pause).min(LONGEST_RETRY);
        }
        Ok(())
    }

    /// Begins to take snapshots.
    pub(super) fn start(self: &Arc<Self>) {
        let wake: Arc<dyn Wake> = self.clone();
        self.lock().alarm = Some(Alarm::of(&wake));
        self.drive();
    }

    /// A task has passed the barrier of an epoch, and what it brings to the snapshot is written.
    pub(super) fn done(self: &Arc<Self>, task: usize, epoch: u64, brings: Operators) -> Result<()> {
        let mut state = self.lock();
        state.coordinator.done(task, epoch)?;
        add(&mut state.brought.taken, brings);
        drop(state);
        self.drive();
        Ok(())
    }

    /// A task has come to its end.
    pub(super) fn ended(self: &Arc<Self>, task: usize, brings: Operators) {
        let mut state = self.lock();
        let has_done = state.coordinator.ended(task);
        state.brought.ended(brings, has_done);
        drop(state);
        self.drive();
    }

    /// Does what the coordinator has to be done.
    fn drive(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.is_over {
            return;
        }
        match state.coordinator.next(Instant::now()) {
            Some(Action::Begin(epoch)) => {
                (state.brought.taken, state.began) = (Operators::new(), Instant::now());
                drop(state);
                self.begun.store(epoch, Ordering::SeqCst);
                self.job.wake_all();
            }
            Some(Action::Complete(epoch)) => {
                let manifest = self.manifest(epoch, &mut state);
                drop(state);
                let (this, task) = (self.clone(), self.clone());
                let work = move || this.completed(&manifest, catching(|| this.complete(&manifest)));
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

    /// What came of completing a snapshot.
    fn completed(&self, manifest: &Manifest, result: Result<()>) {
        let result = result.map_err(|error| self.job.fail(error));
        let mut state = self.lock();
        state.coordinator.completed();
        match result {
            Ok(()) => {
                self.note(manifest, &mut state);
                self.completed.store(manifest.epoch, Ordering::SeqCst);
                // Sources acknowledge what it holds.
                self.job.wake_all();
            }
            // Another one would say that what was not committed is.
            Err(()) => state.is_over = true,
        }
        self.news.notify_all();
    }

    /// A snapshot is complete: counts it, for those who are told of the news next.
    fn note(&self, manifest: &Manifest, state: &mut State) {
        state.completed = manifest.epoch;
        let nanos = state.began.elapsed().as_nanos() as u64;
        self.job.metrics.snapshots.complete(manifest.epoch, manifest.state_bytes(), nanos);
    }

    /// What all tasks have brought.
    fn manifest(&self, epoch: u64, state: &mut State) -> Manifest {
        let mut operators = state.brought.take();
        // Also of a sink that has prepared nothing it is known that its folder is the job's.
        self.sinks.iter().for_each(|(name, _)| _ = operators.entry(name.clone()).or_default());
        Manifest { epoch, operators, ..self.blank.clone() }
    }

    /// Makes durable what the positions of sources name, writes the manifest, and has sinks commit what it names.
    fn complete(&self, manifest: &Manifest) -> Result<()> {
        for (name, source, origin) in &self.sources {
            if let Some(operator) = manifest.operators.get(name) {
                source.sync(&operator.positions).map_err(|error| error.at(origin))?;
            }
        }
        let store = &self.settings.store;
        store.complete(manifest)?;
        kill_point("manifest-written", manifest.epoch);
        for (name, sink) in &self.sinks {
            let operator = manifest.operators.get(name);
            let prepared = operator.map_or(&[][..], |operator| &operator.prepared);
            if let Some(epochs) = epochs_of(sink) {
                let committed = self.until_done(|| epochs.commit(manifest.epoch, prepared));
                committed.map_err(|error| error.at(&sink.origin))?;
            }
        }
        kill_point("sink-committed", manifest.epoch);
        store.remove_outdated(manifest.epoch)
    }

    /// All tasks have ended: what they have brought to their ends is the last snapshot, and is committed with it.
    ///
    /// # Errors
    /// What ended the job meanwhile: without its last snapshot it has not done what it was to do.
    pub(super) fn finish(&self) -> Result<()> {
        let mut state = self.lock();
        while state.coordinator.is_busy() && !self.job.is_cancelled() {
            state = self.news.wait_timeout(state, Duration::from_millis(100)).unwrap_or_else(PoisonError::into_inner).0;
        }
        if self.job.is_cancelled() {
            drop(state);
            return self.job.take_error().map_or(Ok(()), Err);
        }
        let epoch = state.coordinator.last();
        state.began = Instant::now();
        let manifest = self.manifest(epoch, &mut state);
        drop(state);
        self.complete(&manifest)?;
        self.note(&manifest, &mut self.lock());
        self.news.notify_all();
        Ok(())
    }

    /// No more snapshots are taken, and nobody waits for one. Waits until one that is just completed is: who goes on from it is not to find it half committed. Then the
    /// folder may be another job's.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        (state.is_over, state.alarm) = (true, None);
        while state.coordinator.is_completing() {
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.news.notify_all();
        self.settings.store.release();
    }

    /// Has a snapshot taken, and waits until it is complete; its epoch.
    pub(super) fn snapshot(self: &Arc<Self>) -> Result<u64> {
        let epoch = self.lock().coordinator.request();
        self.drive();
        let mut state = self.lock();
        while state.completed < epoch && !state.is_over {
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match state.completed >= epoch {
            true => Ok(state.completed),
            false => Err(Error::Plan("the job ended before the snapshot was complete; `wait` says how".to_owned())),
        }
    }
}

impl Wake for Snapshots {
    fn wake(self: Arc<Self>, _: QueuePlace) {
        self.drive();
    }
}

/// What tasks have brought.
#[derive(Default)]
struct Brought {
    /// For the snapshot that is taken.
    taken: Operators,
    /// At their ends: it is in every snapshot from then on. What they had prepared is in the next one.
    lasting: Operators,
    /// At their ends, of tasks that had done their part of the snapshot that is taken: it came behind the barrier, so it is in those that follow.
    later: Operators,
}

impl Brought {
    /// A task has ended, and maybe has done its part of the snapshot that is taken before.
    fn ended(&mut self, brings: Operators, has_done: bool) {
        add(if has_done { &mut self.later } else { &mut self.lasting }, brings);
    }

    /// What the snapshot holds of which all tasks have done their part.
    fn take(&mut self) -> Operators {
        let mut operators = std::mem::take(&mut self.taken);
        add(&mut operators, self.lasting.clone());
        // It is committed with this one.
        self.lasting.values_mut().for_each(|operator| operator.prepared.clear());
        add(&mut self.lasting, std::mem::take(&mut self.later));
        operators.retain(|_, operator| !operator.is_empty());
        operators
    }
}

fn add(to: &mut Operators, more: Operators) {
    more.into_iter().for_each(|(identity, operator)| to.entry(identity).or_default().add(operator));
}

/// The barriers that a source injects, and its positions at each until that snapshot is complete.
pub(super) struct Barriers {
    /// The epoch whose barrier is to be injected.
    begun: Arc<AtomicU64>,
    /// The last epoch that is complete.
    completed: Arc<AtomicU64>,
    injected: u64,
    positions: VecDeque<(u64, Vec<SplitPosition>)>,
}

impl Barriers {
    pub(super) fn of(snapshots: &Arc<Snapshots>) -> Self {
        let epoch = snapshots.settings.restored_epoch();
        Barriers::from(snapshots.begun.clone(), snapshots.completed.clone(), epoch)
    }

    /// Those after the barrier of this epoch.
    pub(super) fn from(begun: Arc<AtomicU64>, completed: Arc<AtomicU64>, injected: u64) -> Self {
        Barriers { begun, completed, injected, positions: VecDeque::new() }
    }

    /// The next barrier, if one is to be injected. The source is at `positions`.
    pub(super) fn next(&mut self, positions: impl FnOnce() -> Vec<SplitPosition>) -> Option<u64> {
        let begun = self.begun.load(Ordering::SeqCst);
        if begun <= std::mem::replace(&mut self.injected, begun) {
            return None;
        }
        self.positions.push_back((begun, positions()));
        Some(begun)
    }

    /// A snapshot that is complete, with the positions at its barrier. Each is returned once.
    pub(super) fn take_completed(&mut self) -> Option<(u64, Vec<SplitPosition>)> {
        let completed = self.completed.load(Ordering::SeqCst);
        self.positions.pop_front_if(|(epoch, _)| *epoch <= completed)
    }
}

/// The output of a sink that becomes visible epoch by epoch.
fn epochs_of(sink: &Node) -> Option<&dyn EpochSink> {
    sink.operator.as_endpoint()?.epochs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physical::Builder;
    use crate::source::{Feed, Position};

    /// A machine that stops may lose records that are not on disk.
    #[test]
    fn a_manifest_names_no_records_that_are_not_durable() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let feed = Feed::new(1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let store = Store::folder(path("snapshots")).unwrap();
        let settings = SnapshotSettings { store: store.clone(), interval: None, restored: None };
        let job = Job::new(Arc::new(pool), Vec::new());
        let mut snapshots = Snapshots::new(&Builder::default().plan, &[], settings, 1, &job).unwrap();
        let origin =
            Origin { name: "clicks".into(), operator: "read_log".into(), file: "tests.rs".into(), line: 1, column: 1 };
        Arc::get_mut(&mut snapshots).unwrap().sources = vec![("clicks".to_owned(), Arc::new(feed.clone()), origin)];
        let position = Position::new(&1_usize.to_le_bytes()).unwrap();
        let positions = vec![SplitPosition { split: Feed::name(0).into(), position, greatest_time: None }];
        let operators =
            Operators::from([("clicks".to_owned(), OperatorSnapshot { positions, ..OperatorSnapshot::default() })]);
        let manifest = Manifest { epoch: 1, operators, ..snapshots.blank.clone() };
        feed.fail_to_sync(true);
        let message = snapshots.complete(&manifest).unwrap_err().to_string();
        assert!(message.contains("split-0") && message.contains("tests.rs:1"), "{message}");
        assert!(store.newest().unwrap().is_none());
        feed.fail_to_sync(false);
        snapshots.complete(&manifest).unwrap();
        assert_eq!(store.newest().unwrap().map(|manifest| manifest.epoch), Some(1));
    }

    #[test]
    fn what_a_task_brings_at_its_end_is_in_the_snapshot_that_it_has_not_said_its_part_of() {
        let brings = |offset: u8, file: &str| {
            let position = Position::new(&[offset]).unwrap();
            let positions = vec![SplitPosition { split: "clicks".into(), position, greatest_time: None }];
            let prepared = vec![file.to_owned()];
            Operators::from([("clicks".to_owned(), OperatorSnapshot { positions, prepared, ..Default::default() })])
        };
        let of = |operators: Operators| {
            let operator = operators["clicks"].clone();
            let offsets: Vec<u8> = operator.positions.iter().map(|at| at.position.bytes()[0]).collect();
            (offsets, operator.prepared)
        };
        let file = |name: &str| vec![name.to_owned()];
        // Behind its barrier: the snapshot has what came before, and all others what came behind.
        let mut brought = Brought::default();
        add(&mut brought.taken, brings(5, "a"));
        brought.ended(brings(9, "b"), true);
        assert_eq!(of(brought.take()), (vec![5], file("a")));
        assert_eq!(of(brought.take()), (vec![9], file("b")));
        assert_eq!(of(brought.take()), (vec![9], vec![]));
        // Without having said it: the end is its part.
        let mut brought = Brought::default();
        brought.ended(brings(9, "b"), false);
        assert_eq!(of(brought.take()), (vec![9], file("b")));
        assert_eq!(of(brought.take()), (vec![9], vec![]));
    }
}
