//! The snapshots of a running job: who hears of a barrier, what tasks bring, and what is done when all have.
//!
//! Protocol and files are elsewhere (`snapshot`); here are the locks and the threads. Tasks call in, and whatever the coordinator has to be done then is done: a
//! barrier is a number that the heads of sources look at, and to write a manifest and commit is work for a thread that may block.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::blocking::BlockingFor;
use super::channel::{QueuePlace, Wake};
use super::job::Job;
use super::timers::Alarm;
use crate::error::{Error, Result};
use crate::kernel::Blocking as _;
use crate::physical::{Head, PhysicalPlan};
use crate::plan::Node;
use crate::snapshot::{Action, Coordinator, Manifest, OperatorSnapshot, Store, kill_point};

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
    pub(super) fn restored(&self, identity: &str) -> Option<&OperatorSnapshot> {
        self.restored.as_ref()?.operators.get(identity)
    }

    /// The epoch of that snapshot; 0 where the job begins.
    pub(super) fn restored_epoch(&self) -> u64 {
        self.restored.as_ref().map_or(0, |manifest| manifest.epoch)
    }
}

/// By the operators' identities.
type Operators = BTreeMap<String, OperatorSnapshot>;

/// The snapshots of one run.
pub(super) struct Snapshots {
    settings: SnapshotSettings,
    job: Arc<Job>,
    /// The manifest of each, as far as it is the same in all.
    blank: Manifest,
    /// Sinks that commit by epochs.
    sinks: Vec<Arc<Node>>,
    /// The numbers of the tasks that take part, by stage and subtask.
    tasks: HashMap<(usize, usize), usize>,
    /// The epoch whose barrier is to be said.
    begun: AtomicU64,
    state: Mutex<State>,
    /// A snapshot is complete, or there will be none any more.
    news: Condvar,
}

struct State {
    coordinator: Coordinator,
    /// What tasks have brought for the snapshot that is taken.
    taken: Operators,
    /// What tasks that have ended brought: it is in every snapshot from then on. What they had prepared is in the next one.
    lasting: Operators,
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
        check(plan, &settings)?;
        let endless = plan.endless_stages();
        let of_stages = plan.stages.iter().enumerate().filter(|&(number, _)| endless[number]);
        let of_tasks = of_stages.flat_map(|(stage, plan)| (0..plan.tasks).map(move |subtask| (stage, subtask)));
        let tasks: HashMap<_, _> = of_tasks.enumerate().map(|(number, task)| (task, number)).collect();
        let epoch = settings.restored_epoch();
        let now = Instant::now();
        let state = State {
            coordinator: Coordinator::new(tasks.len(), epoch, settings.interval, now),
            taken: Operators::new(),
            lasting: Operators::new(),
            began: now,
            completed: epoch,
            is_over: false,
            alarm: None,
        };
        Ok(Arc::new(Snapshots {
            blank: Manifest { epoch: 0, parallelism, decisions: plan.decisions(), operators: Operators::new() },
            sinks: sinks.iter().filter(|sink| sink.operator.epochs().is_some()).cloned().collect(),
            settings,
            job: job.clone(),
            tasks,
            begun: AtomicU64::new(epoch),
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

    /// Has sinks be as the snapshot says that the job goes on from, and removes what is newer, before the first task runs.
    pub(super) fn recover(&self) -> Result<()> {
        let epoch = self.settings.restored_epoch();
        for sink in &self.sinks {
            let prepared = self.settings.restored(&sink.identity()).map_or(&[][..], |operator| &operator.prepared);
            let Some(epochs) = sink.operator.epochs() else { continue };
            epochs.recover(epoch, prepared).map_err(|error| error.at(&sink.origin))?;
        }
        self.settings.store.remove_after(epoch)
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
        add(&mut state.taken, brings);
        drop(state);
        self.drive();
        Ok(())
    }

    /// A task has come to its end.
    pub(super) fn ended(self: &Arc<Self>, task: usize, brings: Operators) {
        let mut state = self.lock();
        state.coordinator.ended(task);
        add(&mut state.lasting, brings);
        drop(state);
        self.drive();
    }

    /// So much state was written.
    pub(super) fn note_bytes(&self, bytes: u64) {
        self.job.metrics.snapshots.bytes.add(bytes);
    }

    /// Does what the coordinator has to be done.
    fn drive(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.is_over {
            return;
        }
        match state.coordinator.next(Instant::now()) {
            Some(Action::Begin(epoch)) => {
                (state.taken, state.began) = (Operators::new(), Instant::now());
                drop(state);
                self.begun.store(epoch, Ordering::SeqCst);
                self.job.wake_all();
            }
            Some(Action::Complete(epoch)) => {
                let manifest = self.manifest(epoch, &mut state);
                drop(state);
                let (this, task) = (self.clone(), self.clone());
                let work = move || {
                    if let Err(error) = this.complete(&manifest) {
                        this.job.fail(error);
                        return;
                    }
                    let mut state = this.lock();
                    state.coordinator.completed();
                    this.note(epoch, &mut state);
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

    /// A snapshot is complete.
    fn note(&self, epoch: u64, state: &mut State) {
        state.completed = epoch;
        let metrics = &self.job.metrics.snapshots;
        metrics.completed.add(1);
        metrics.last_nanos.set(state.began.elapsed().as_nanos() as u64);
        self.news.notify_all();
    }

    /// What all tasks have brought.
    fn manifest(&self, epoch: u64, state: &mut State) -> Manifest {
        let mut operators = std::mem::take(&mut state.taken);
        add(&mut operators, state.lasting.clone());
        // It is committed with this one.
        state.lasting.values_mut().for_each(|operator| operator.prepared.clear());
        operators.retain(|_, operator| !operator.is_empty());
        Manifest { epoch, operators, ..self.blank.clone() }
    }

    /// Writes a manifest, and has sinks commit what it says to be prepared.
    fn complete(&self, manifest: &Manifest) -> Result<()> {
        let store = &self.settings.store;
        store.complete(manifest)?;
        kill_point("manifest-written", manifest.epoch);
        for sink in &self.sinks {
            let operator = manifest.operators.get(&sink.identity());
            let prepared = operator.map_or(&[][..], |operator| &operator.prepared);
            if let (Some(epochs), false) = (sink.operator.epochs(), prepared.is_empty()) {
                epochs.commit(prepared).map_err(|error| error.at(&sink.origin))?;
            }
        }
        kill_point("sink-committed", manifest.epoch);
        store.remove_outdated(manifest.epoch)
    }

    /// All tasks have ended: what they have brought to their ends is the last snapshot, and is committed with it.
    pub(super) fn finish(&self) -> Result<()> {
        let mut state = self.lock();
        while state.coordinator.is_busy() && !self.job.is_cancelled() {
            state = self.news.wait_timeout(state, Duration::from_millis(100)).unwrap_or_else(PoisonError::into_inner).0;
        }
        if self.job.is_cancelled() {
            return Ok(());
        }
        let epoch = state.coordinator.last();
        let manifest = self.manifest(epoch, &mut state);
        drop(state);
        self.complete(&manifest)?;
        self.note(epoch, &mut self.lock());
        Ok(())
    }

    /// No more snapshots are taken, and nobody waits for one.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        (state.is_over, state.alarm) = (true, None);
        self.news.notify_all();
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

fn add(to: &mut Operators, more: Operators) {
    more.into_iter().for_each(|(identity, operator)| to.entry(identity).or_default().add(operator));
}

/// The barriers that a source says.
pub(super) struct Barriers {
    snapshots: Arc<Snapshots>,
    said: u64,
}

impl Barriers {
    pub(super) fn of(snapshots: &Arc<Snapshots>) -> Self {
        Barriers { snapshots: snapshots.clone(), said: snapshots.settings.restored_epoch() }
    }

    /// The next one, if it is time.
    pub(super) fn next(&mut self) -> Option<u64> {
        let begun = self.snapshots.begun.load(Ordering::SeqCst);
        let said = std::mem::replace(&mut self.said, begun);
        (begun > said).then_some(begun)
    }
}

/// Holds a plan against what snapshots need of it.
fn check(plan: &PhysicalPlan, settings: &SnapshotSettings) -> Result<()> {
    use crate::physical::InlineStepPlan;
    use crate::strategy::Recovery;

    let refuse = |operator: usize, message: String| Err(Error::Plan(message).at(&plan.operators[operator].origin));
    let lost = |operator: usize, how: &str| {
        let message = format!(
            "snapshots are taken of this job, and none can hold what `{how}` keeps from record to record; leave it out, or run the job without `--snapshots`"
        );
        refuse(operator, message)
    };
    let endless = plan.endless_stages();
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    let mut name = |operator: usize| {
        let identity = plan.operators[operator].identity.as_str();
        named.insert(identity, operator);
        match identity.rsplit_once('#') {
            Some((first, number)) if number.parse::<u64>().is_ok() => refuse(
                operator,
                format!(
                    "a snapshot finds operators by their names, and several are called `{first}`; bind each to a name of its own, `let hits = …`"
                ),
            ),
            _ => Ok(()),
        }
    };
    for (number, stage) in plan.stages.iter().enumerate() {
        let outputs = stage.outputs.iter().chain(stage.steps.iter().flat_map(|step| &step.others));
        for output in outputs.filter(|output| !endless[number] && endless[output.to.0]) {
            refuse(
                output.operator,
                "snapshots are taken of this job, and none can say how far this flow was read, which ends and meets one that does not; run the job without `--snapshots`"
                    .to_owned(),
            )?;
        }
        if !endless[number] {
            continue;
        }
        if let Head::Source(operator, ..) = stage.head {
            name(operator)?;
        }
        let inlines = stage
            .steps
            .iter()
            .flat_map(|step| &step.inline)
            .chain(stage.outputs.iter().flat_map(|output| &output.inline));
        for inline in inlines {
            if let InlineStepPlan::Filter(operator, predicate) = inline
                && predicate.keeps_state()
            {
                lost(*operator, "filter")?;
            }
        }
        for step in &stage.steps {
            match step.driver.recovery {
                Recovery::Stateless => {}
                Recovery::Restored => name(step.operator)?,
                Recovery::Lost => lost(step.operator, &step.driver.name)?,
            }
        }
    }
    let known = settings.restored.iter().flat_map(|manifest| manifest.operators.keys());
    if let Some(missing) = known.into_iter().find(|identity| !named.contains_key(identity.as_str())) {
        let names: Vec<&str> = named.keys().copied().collect();
        return Err(Error::Plan(format!(
            "the snapshot has something of an operator `{missing}`, and this program has none of that name, but {}; give it its name back, or begin anew in another folder",
            names.join(", ")
        )));
    }
    Ok(())
}
