//! Writes one file from several tasks. Each task encodes its own records as pieces.
//!
//! A file is a head, pieces, and an end. A piece is some whole records, a row group, or a member of
//! gzip. A task that has a piece takes the file, appends the piece on a thread that may block, and
//! returns the file (`output::Assembly`). Only the leftovers of parts that are too small for a
//! piece are gathered, as one piece. A format only supplies the bytes around pieces ([`Parts`]). A
//! Parquet footer combines the footers of the tasks' encoders, with moved offsets.
//!
//! * Without an order, a task may append whenever no other task writes.
//! * With an order, a task may append after all tasks before it have ended. Until then it keeps
//!   encoded bytes: in memory as far as some is idle, then on disk.
//!
//! So all tasks encode at the same time, and none waits for another before its end. Therefore they
//! cannot deadlock, and the memory that they need is known beforehand.
//!
//! # Cost
//! In order, the bytes of all tasks but the first may be copied once more.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Background, Outputs, TaskContext};
use crate::memory::{Memory, Reservation};
use crate::output::{Assembly, SharedFile, Target};
use crate::page::Input;
use crate::source::{Encoder, Parts, Placed};
use crate::spill::SpilledBytes;
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Round, ready};

/// A piece has so much, and what a window of rows adds to it; and so much is written meanwhile. In a buffer that doubles each may take twice that.
pub(super) const PIECE_BYTES: usize = 512 << 10;

/// The part of the budget that is left free by pieces that wait in memory: one in so many.
const FREE_SHARE: usize = 4;

/// Writes one file by several tasks; `in_order` says that what one gives stands before what the next one does.
pub(super) fn driver(format: &str, parts: Arc<dyn Parts>, target: Target, in_order: bool) -> DriverFactory {
    let order = if in_order { ", in order" } else { "" };
    DriverFactory::new(format!("write {format} together{order}"), move |context| {
        let assembly = context.process_local(|| Assembly::of(context.subtasks, in_order));
        assembly.open(|| Ok((target.appender("")?, parts.head()?)))?;
        let budget = context.memory.budget().clone();
        Ok(TogetherDriver {
            encoder: parts.encoder(context.subtask, &context.memory)?,
            parts: parts.clone(),
            assembly,
            lane: Background::new(Lane::default(), &context.blocking),
            waiting: Memory::new(budget, context.memory.owner()),
            path: target.path().to_owned(),
            context: context.clone(),
        })
    })
}

/// Encoded bytes, and what pays for them.
struct Piece {
    bytes: Vec<u8>,
    reserved: Reservation,
}

/// What a task has encoded before its turn.
#[derive(Default)]
struct Lane {
    in_memory: VecDeque<Piece>,
    /// Behind what is in memory.
    on_disk: Option<SpilledBytes>,
}

impl Lane {
    fn is_empty(&self) -> bool {
        self.in_memory.is_empty() && self.on_disk.is_none()
    }
}

struct TogetherDriver {
    encoder: Box<dyn Encoder>,
    parts: Arc<dyn Parts>,
    assembly: Arc<Assembly>,
    lane: Background<Lane>,
    /// Pays for pieces that wait, which could as well be on disk.
    waiting: Memory,
    path: PathBuf,
    context: TaskContext,
}

impl TogetherDriver {
    /// Takes what is encoded out of the encoder, with what pays for it.
    fn piece(&mut self) -> Result<Piece> {
        let bytes = std::mem::take(self.encoder.output());
        let mut reserved = self.encoder.reserved().split(bytes.capacity());
        reserved.resize(bytes.capacity())?;
        Ok(Piece { bytes, reserved })
    }

    /// Hands on what is encoded: to the file, or where it is not the task's turn and more will come, to its lane. `Pending` where it has to wait for that,
    /// or for something that it waited with before.
    fn hand_on(&mut self, more_will_come: bool) -> Result<Progress> {
        let Some(lane) = self.lane.take()? else { return Ok(Progress::Pending) };
        if self.encoder.output().is_empty() && lane.is_empty() {
            self.lane.put(lane);
            return Ok(Progress::Done);
        }
        if more_will_come && !self.assembly.may_write(self.context.subtask) {
            return self.keep(lane);
        }
        match self.assembly.take(self.context.subtask, &self.context.blocking) {
            None => self.lane.put(lane),
            Some(file) => {
                let piece = self.piece()?;
                self.submit(lane, move |this, lane| this.append(file, lane, piece));
            }
        }
        Ok(Progress::Pending)
    }

    /// Keeps what is encoded for the task's turn.
    fn keep(&mut self, mut lane: Lane) -> Result<Progress> {
        let Piece { mut bytes, reserved } = self.piece()?;
        if lane.on_disk.is_none() && self.has_room(bytes.len()) {
            bytes.shrink_to_fit();
            let waits = Piece { reserved: self.waiting.reserve(bytes.capacity())?, bytes };
            drop(reserved);
            lane.in_memory.push_back(waits);
            self.lane.put(lane);
            return Ok(Progress::Done);
        }
        self.context.metrics.spilled_bytes.add(bytes.len() as u64);
        let space = self.context.space.clone();
        self.submit(lane, move |_, lane| {
            let kept = lane.on_disk.get_or_insert_with(|| SpilledBytes::new(&space)).append(&bytes);
            drop((bytes, reserved));
            kept
        });
        Ok(Progress::Pending)
    }

    /// Whether there is memory that nobody needs, and a part of the budget besides.
    fn has_room(&self, bytes: usize) -> bool {
        let budget = self.waiting.budget();
        let limit = budget.limit_bytes();
        limit.saturating_sub(budget.used_bytes()) >= bytes + limit / FREE_SHARE && self.waiting.try_reserve_idle(bytes)
    }

    /// Has a thread that may block do something with the lane.
    fn submit(&self, lane: Lane, work: impl FnOnce(&FileWriter, &mut Lane) -> Result<()> + Send + 'static) {
        let writer = FileWriter {
            part: self.context.subtask,
            parts: self.parts.clone(),
            assembly: self.assembly.clone(),
            path: self.path.clone(),
        };
        self.lane.submit(lane, move |lane| work(&writer, lane));
    }

    /// Adds the end of the file, which nobody else has or adds to any more.
    fn append_end(&self) -> Result<()> {
        let Some(mut file) = self.assembly.take(self.context.subtask, &self.context.blocking) else {
            return Err(Error::Internal("a file has no end yet, and no task has more".to_owned()));
        };
        let lane = self.lane.take()?.unwrap_or_default();
        let memory = self.context.memory.clone();
        self.submit(lane, move |this, _| {
            this.append_left(&mut file, usize::MAX)?;
            let end = this.parts.end(file.bytes())?;
            let _reserved = memory.reserve(end.capacity())?;
            this.append_bytes(&mut file, this.part, &end)
        });
        Ok(())
    }
}

/// What adds to the file, on a thread that may block.
struct FileWriter {
    part: usize,
    parts: Arc<dyn Parts>,
    assembly: Arc<Assembly>,
    path: PathBuf,
}

impl FileWriter {
    /// Adds what has waited and then a piece, and gives the file back. A file that could not be added to is of no more use: the job ends by the error.
    fn append(&self, mut file: SharedFile, lane: &mut Lane, piece: Piece) -> Result<()> {
        if self.assembly.is_in_order() {
            self.append_left(&mut file, self.part)?;
        }
        for waited in lane.in_memory.drain(..) {
            self.append_bytes(&mut file, self.part, &waited.bytes)?;
        }
        if let Some(on_disk) = lane.on_disk.take() {
            on_disk.read(|bytes| self.append_bytes(&mut file, self.part, bytes))?;
        }
        self.append_bytes(&mut file, self.part, &piece.bytes)?;
        drop(piece);
        self.assembly.give_back(file);
        Ok(())
    }

    /// Adds what the tasks before one left over.
    fn append_left(&self, file: &mut SharedFile, before: usize) -> Result<()> {
        match self.parts.left_before(before)? {
            Some(left) => self.append_bytes(file, left.part, &left.bytes),
            None => Ok(()),
        }
    }

    fn append_bytes(&self, file: &mut SharedFile, part: usize, bytes: &[u8]) -> Result<()> {
        let at = file.bytes();
        let begin = file.append(part, bytes).map_err(Error::io("write", &self.path))?;
        self.parts.placed(Placed { part, begin, bytes: bytes.len() as u64, at });
        Ok(())
    }
}

/// Where a task is once its input has ended.
mod ending {
    use crate::strategy::Cursor;

    /// The encoder gives its last piece.
    pub(super) const FINISHING: Cursor = 0;
    /// What the task has goes to the file.
    pub(super) const APPENDING: Cursor = 1;
    /// The last of all tasks has given what stands at the end.
    pub(super) const CLOSING: Cursor = 2;
}

impl Driver for TogetherDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        // The rows wait while there is enough to write and it cannot go anywhere.
        if self.encoder.output().len() >= PIECE_BYTES {
            self.hand_on(true)?;
            if !self.encoder.output().is_empty() {
                return Ok(Progress::Pending);
            }
        }
        self.encoder.encode(input)?;
        Ok(Progress::Done)
    }

    fn on_idle(&mut self, _: &mut Outputs) -> Result<Progress> {
        if self.encoder.output().is_empty() { Ok(Progress::Done) } else { self.hand_on(true) }
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if *cursor == ending::FINISHING {
            self.encoder.finish()?;
            *cursor = ending::APPENDING;
        }
        if *cursor == ending::APPENDING {
            ready!(self.hand_on(false)?);
            if !self.assembly.end(self.context.subtask) {
                return Ok(Progress::Done);
            }
            self.append_end()?;
            *cursor = ending::CLOSING;
        }
        // Done where the end is written.
        self.hand_on(false)
    }
}
