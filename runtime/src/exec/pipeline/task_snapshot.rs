//! The snapshot state of a task: contributes to snapshots after a barrier, and restores states
//! before the first row.
//!
//! 1. A driver marks its state when it receives the barrier, and continues.
//! 2. Images of the marked state are taken between two pieces of work, one buffer at a time.
//!    Threads that may block write them. While a buffer of a state is written, no other is taken.
//! 3. When the barrier has left the task and the last image is written, the task acknowledges the
//!    snapshot.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::step::Step;
use crate::error::{Error, Result};
use crate::exec::checkpoints::{Snapshots, state_file};
use crate::exec::inline::OperatorScope;
use crate::kernel::{Background, Blocking};
use crate::memory::limits::{IMAGE_BYTES, PAGE_BYTES};
use crate::snapshot::{
    DAMAGE_ADVICE, ObjectReader, ObjectWriter, OperatorSnapshot, SplitPosition, StateFile, failpoint,
};
use crate::strategy::{DriverState, Progress};

/// The snapshot state of one task.
pub(in crate::exec) struct TaskSnapshots {
    snapshots: Arc<Snapshots>,
    /// The number of the task among those that take part.
    task: usize,
    subtask: usize,
    /// The operator of the source that the task reads.
    source: Option<usize>,
    blocking: Arc<dyn Blocking>,
    pending: Option<PendingSnapshot>,
    /// Files to restore before the first row.
    pending_restores: VecDeque<Restore>,
    has_restored: bool,
}

/// The snapshot that is being taken.
struct PendingSnapshot {
    epoch: u64,
    /// The barrier has left the task.
    barrier_has_left: bool,
    contributions: BTreeMap<String, OperatorSnapshot>,
    uploads: Vec<Upload>,
}

/// A state of a step that is being written.
struct Upload {
    step: usize,
    state: &'static str,
    operator: String,
    name: String,
    file: Background<Written>,
}

/// A file that is being written.
struct Written {
    /// `None` after the file was finished.
    writer: Option<ObjectWriter>,
    bytes: u64,
}

/// A file to restore a state of a step from.
struct Restore {
    step: usize,
    state: String,
    name: String,
    /// `None` until its turn.
    file: Option<Background<FilePiece>>,
}

/// Bytes of a file that were read and not supplied to the state yet.
struct FilePiece {
    reader: ObjectReader,
    bytes: Vec<u8>,
    /// The end of the file was reached.
    is_last: bool,
}

impl TaskSnapshots {
    /// `task` is the number of the task among those that take part. `steps` are the operators of
    /// its steps.
    pub(in crate::exec) fn new(
        snapshots: &Arc<Snapshots>,
        (task, subtask): (usize, usize),
        source: Option<usize>,
        steps: impl Iterator<Item = usize>,
        blocking: Arc<dyn Blocking>,
    ) -> Self {
        let of_step = |(step, operator): (usize, usize)| {
            let files = snapshots.restored(operator).map_or(&[][..], |operator| &operator.files);
            let restore =
                |file: &StateFile| Restore { step, state: file.state.clone(), name: file.name.clone(), file: None };
            files.iter().map(restore).collect::<Vec<_>>()
        };
        let pending_restores = steps.enumerate().flat_map(of_step).collect();
        let (snapshots, pending, has_restored) = (snapshots.clone(), None, false);
        TaskSnapshots { snapshots, task, subtask, source, blocking, pending, pending_restores, has_restored }
    }

    /// Returns the snapshot of this epoch. The first call begins it.
    ///
    /// # Errors
    /// Fails if a snapshot of another epoch is being taken.
    fn pending_snapshot(&mut self, epoch: u64) -> Result<&mut PendingSnapshot> {
        let pending = self.pending.get_or_insert_with(|| PendingSnapshot {
            epoch,
            barrier_has_left: false,
            contributions: BTreeMap::new(),
            uploads: Vec::new(),
        });
        match pending.epoch == epoch {
            true => Ok(pending),
            false => Err(Error::Internal(format!("barrier {epoch} while snapshot {} is taken", pending.epoch))),
        }
    }

    /// The source has injected a barrier at these positions.
    pub(super) fn source_passed(&mut self, epoch: u64, positions: Vec<SplitPosition>) -> Result<()> {
        let source = self.source.and_then(|source| self.snapshots.name(source)).map(str::to_owned);
        let pending = self.pending_snapshot(epoch)?;
        if let Some(source) = source {
            pending.contributions.entry(source).or_default().positions = positions;
        }
        failpoint("barrier-injected", epoch);
        Ok(())
    }

    /// A barrier has passed a step: collects its prepared outputs, and starts files for its states.
    pub(super) fn step_passed(&mut self, epoch: u64, number: usize, step: &mut Step) -> Result<()> {
        let Some(operator) = self.snapshots.name(step.operator).map(str::to_owned) else { return Ok(()) };
        let prepared = step.take_prepared();
        if !prepared.is_empty() {
            failpoint("sink-prepared", epoch);
        }
        let (of_operator, subtask) = (step.operator, self.subtask);
        let (snapshots, blocking) = (self.snapshots.clone(), self.blocking.clone());
        let pending = self.pending_snapshot(epoch)?;
        pending.contributions.entry(operator.clone()).or_default().prepared.extend(prepared);
        for state in step.state_names() {
            failpoint("state-marked", epoch);
            let name = state_file(of_operator, state, subtask);
            let writer = snapshots.settings().store.writer(epoch, &name)?;
            let file = Background::new(Written { writer: Some(writer), bytes: 0 }, &blocking);
            pending.uploads.push(Upload { step: number, state, operator: operator.clone(), name, file });
        }
        Ok(())
    }

    /// The barrier has left the task.
    pub(super) fn barrier_left(&mut self, epoch: u64) -> Result<()> {
        self.pending_snapshot(epoch)?.barrier_has_left = true;
        Ok(())
    }

    /// Takes the next images of states whose last image is written. Returns `true` if no image is
    /// left to take or to write. Otherwise the task is woken when one is written.
    pub(super) fn take_images(&mut self, steps: &mut [Step]) -> Result<bool> {
        let Some(pending) = &mut self.pending else { return Ok(true) };
        let mut number = 0;
        while let Some(upload) = pending.uploads.get(number) {
            let Some(written) = upload.file.take()? else {
                number += 1;
                continue;
            };
            if written.writer.is_some() {
                upload.submit_images(written, &mut steps[upload.step])?;
                number += 1;
                continue;
            }
            let upload = pending.uploads.swap_remove(number);
            pending.contributions.entry(upload.operator).or_default().files.push(StateFile {
                state: upload.state.to_owned(),
                name: upload.name,
                bytes: written.bytes,
            });
        }
        let is_written = pending.uploads.is_empty();
        if is_written && let Some(pending) = self.pending.take_if(|pending| pending.barrier_has_left) {
            self.snapshots.acknowledge(self.task, pending.epoch, pending.contributions)?;
        }
        Ok(is_written)
    }

    /// Contributes the final state of a task that has ended. All its images are written.
    pub(super) fn end(&mut self, positions: Vec<SplitPosition>, steps: &mut [Step]) {
        let mut contributions: BTreeMap<String, OperatorSnapshot> = BTreeMap::new();
        if let Some(source) = self.source.and_then(|source| self.snapshots.name(source)) {
            contributions.entry(source.to_owned()).or_default().positions = positions;
        }
        for step in steps {
            if let Some(operator) = self.snapshots.name(step.operator) {
                contributions.entry(operator.to_owned()).or_default().prepared.extend(step.take_prepared());
            }
        }
        self.snapshots.task_ended(self.task, contributions);
    }

    /// Restores states from the snapshot. Returns `Done` if rows may follow. After `Yield` and
    /// `Pending` the task calls it again.
    pub(super) fn restore(&mut self, steps: &mut [Step], scope: &OperatorScope) -> Result<Progress> {
        while let Some(restore) = self.pending_restores.front_mut() {
            scope.enter(steps[restore.step].operator);
            let state = steps[restore.step].state(&restore.state).ok_or_else(|| {
                let name = &restore.state;
                Error::Plan(format!(
                    "the snapshot has a state `{name}` here, and the program has none of that name: undo the change, \
                     or start over with an empty folder of snapshots"
                ))
            })?;
            let settings = self.snapshots.settings();
            let Some(file) = &restore.file else {
                let epoch = settings.restored_epoch();
                let reader = settings.store.reader(epoch, &restore.name);
                state.begin_restore(&settings.store.path(epoch, &restore.name));
                let piece = FilePiece { reader, bytes: Vec::new(), is_last: false };
                restore.file = Some(Background::new(piece, &self.blocking));
                continue;
            };
            match supply(state, file)? {
                Progress::Done => _ = self.pending_restores.pop_front(),
                progress => return Ok(progress),
            }
        }
        if !std::mem::replace(&mut self.has_restored, true) && self.snapshots.settings().restored.is_some() {
            steps.iter_mut().for_each(Step::on_restored);
        }
        Ok(Progress::Done)
    }
}

/// Supplies a state with the bytes of its file. Returns `Done` after the whole file.
fn supply(state: &mut dyn DriverState, file: &Background<FilePiece>) -> Result<Progress> {
    loop {
        let Some(mut piece) = file.take().map_err(with_advice)? else { return Ok(Progress::Pending) };
        let placed = state.place()?;
        let wanted = state.wanted_bytes();
        if placed != Progress::Done {
            file.put(piece);
            return Ok(placed);
        }
        if piece.bytes.len() < wanted.max(1) && !piece.is_last {
            file.submit(piece, move |piece| piece.read(wanted));
            return Ok(Progress::Pending);
        }
        if wanted == 0 {
            state.supply(&piece.bytes).map_err(with_advice)?;
            return Ok(Progress::Done);
        }
        let rest = piece.bytes.split_off(wanted.min(piece.bytes.len()));
        state.supply(&std::mem::replace(&mut piece.bytes, rest)).map_err(with_advice)?;
        file.put(piece);
    }
}

/// Adds advice for the user to an error about a damaged or missing file of a snapshot.
fn with_advice(error: Error) -> Error {
    match error {
        Error::Data { path, place, message } => {
            Error::Data { path, place, message: format!("{message}; {DAMAGE_ADVICE}") }
        }
        Error::Io { action, path, source } => {
            let source = std::io::Error::new(source.kind(), format!("{source}; {DAMAGE_ADVICE}"));
            Error::Io { action, path, source }
        }
        other => other,
    }
}

impl Upload {
    /// Submits the next images for writing. After the last one, also finishes the file.
    fn submit_images(&self, written: Written, step: &mut Step) -> Result<()> {
        let Some(state) = step.state(self.state) else {
            return Err(Error::Internal(format!("the state `{}` is gone", self.state)));
        };
        let mut bytes = Vec::new();
        let progress = loop {
            let progress = state.next_image(&mut bytes)?;
            if progress != Progress::Yield || bytes.len() + 2 * PAGE_BYTES > IMAGE_BYTES {
                break progress;
            }
            bytes.reserve(IMAGE_BYTES - bytes.len());
        };
        let is_last = progress == Progress::Done;
        if bytes.is_empty() && !is_last {
            self.file.put(written);
            return Ok(());
        }
        self.file.submit(written, move |written| {
            let Some(mut writer) = written.writer.take() else { return Ok(()) };
            if !bytes.is_empty() {
                writer.append(&bytes)?;
            }
            if is_last {
                written.bytes = writer.finish()?;
            } else {
                written.writer = Some(writer);
            }
            Ok(())
        });
        Ok(())
    }
}

impl FilePiece {
    /// Reads the next `wanted` bytes, or a buffer if that is more.
    fn read(&mut self, wanted: usize) -> Result<()> {
        let more = self.reader.read(wanted.max(IMAGE_BYTES))?;
        self.is_last = more.is_empty();
        self.bytes.extend(more);
        Ok(())
    }
}
