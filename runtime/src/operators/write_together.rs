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
use crate::source::{Encoder, Parts, PlacedPiece};
use crate::spill::SpilledBytes;
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Round, ready};

/// Least bytes of a piece. The last window of rows may add to it, and another piece is written
/// meanwhile. Buffers grow by doubling, so each may have twice its bytes.
pub(super) const PIECE_BYTES: usize = 512 << 10;

/// Pieces wait in memory only while one byte in this many of the budget stays free.
const FREE_SHARE: usize = 4;

/// Writes one file from several tasks. If `in_order`, the bytes of a task precede those of the next
/// task.
pub(super) fn driver(format: &str, parts: Arc<dyn Parts>, target: Target, in_order: bool) -> DriverFactory {
    let order = if in_order { ", in order" } else { "" };
    DriverFactory::new(format!("write {format} together{order}"), move |context| {
        let assembly = context.process_local(|| Assembly::of(context.subtasks, in_order));
        assembly.open(|| Ok((target.appender("")?, parts.head()?)))?;
        let budget = context.memory.budget().clone();
        Ok(SharedFileDriver {
            encoder: parts.encoder(context.subtask, &context.memory)?,
            parts: parts.clone(),
            assembly,
            held: Background::new(HeldPieces::default(), &context.blocking),
            waiting: Memory::new(budget, context.memory.owner()),
            path: target.path().to_owned(),
            context: context.clone(),
        })
    })
}

/// Encoded bytes, and the reservation of their memory.
struct Piece {
    bytes: Vec<u8>,
    reserved: Reservation,
}

/// The pieces that a task has encoded before its turn.
#[derive(Default)]
struct HeldPieces {
    in_memory: VecDeque<Piece>,
    /// The bytes after those in memory.
    on_disk: Option<SpilledBytes>,
}

impl HeldPieces {
    fn is_empty(&self) -> bool {
        self.in_memory.is_empty() && self.on_disk.is_none()
    }
}

struct SharedFileDriver {
    encoder: Box<dyn Encoder>,
    parts: Arc<dyn Parts>,
    assembly: Arc<Assembly>,
    held: Background<HeldPieces>,
    /// The memory of waiting pieces. It is separate, because they may wait on disk instead.
    waiting: Memory,
    path: PathBuf,
    context: TaskContext,
}

impl SharedFileDriver {
    /// Takes the encoded bytes out of the encoder, with their reservation.
    fn piece(&mut self) -> Result<Piece> {
        let bytes = std::mem::take(self.encoder.output());
        let mut reserved = self.encoder.reserved().split(bytes.capacity());
        reserved.resize(bytes.capacity())?;
        Ok(Piece { bytes, reserved })
    }

    /// Appends the encoded bytes to the file. If it is not the task's turn and more rows will come,
    /// they are kept. Returns `Pending` while it waits for the file or for earlier bytes.
    fn send_piece(&mut self, more_follows: bool) -> Result<Progress> {
        let Some(held) = self.held.take()? else { return Ok(Progress::Pending) };
        if self.encoder.output().is_empty() && held.is_empty() {
            self.held.put(held);
            return Ok(Progress::Done);
        }
        if more_follows && !self.assembly.may_write(self.context.subtask) {
            return self.hold(held);
        }
        match self.assembly.take(self.context.subtask, &self.context.blocking) {
            None => self.held.put(held),
            Some(file) => {
                let piece = self.piece()?;
                self.submit(held, move |this, held| this.append(file, held, piece));
            }
        }
        Ok(Progress::Pending)
    }

    /// Keeps the encoded bytes until the task's turn.
    fn hold(&mut self, mut held: HeldPieces) -> Result<Progress> {
        let Piece { mut bytes, reserved } = self.piece()?;
        if held.on_disk.is_none() && self.has_room(bytes.len()) {
            bytes.shrink_to_fit();
            let waits = Piece { reserved: self.waiting.reserve(bytes.capacity())?, bytes };
            drop(reserved);
            held.in_memory.push_back(waits);
            self.held.put(held);
            return Ok(Progress::Done);
        }
        self.context.metrics.spilled_bytes.add(bytes.len() as u64);
        let space = self.context.space.clone();
        self.submit(held, move |_, held| {
            let kept = held.on_disk.get_or_insert_with(|| SpilledBytes::new(&space)).append(&bytes);
            drop((bytes, reserved));
            kept
        });
        Ok(Progress::Pending)
    }

    /// Whether a piece may wait in memory. Then a share of the budget stays free, and no other
    /// operator spills.
    fn has_room(&self, bytes: usize) -> bool {
        let budget = self.waiting.budget();
        let limit = budget.limit_bytes();
        limit.saturating_sub(budget.used_bytes()) >= bytes + limit / FREE_SHARE && self.waiting.try_reserve_idle(bytes)
    }

    /// Runs `work` on a thread that may block.
    fn submit(&self, held: HeldPieces, work: impl FnOnce(&FileWriter, &mut HeldPieces) -> Result<()> + Send + 'static) {
        let writer = FileWriter {
            part: self.context.subtask,
            parts: self.parts.clone(),
            assembly: self.assembly.clone(),
            path: self.path.clone(),
        };
        self.held.submit(held, move |held| work(&writer, held));
    }

    /// Appends the end of the file. All tasks have ended, so no other task has the file.
    fn append_end(&self) -> Result<()> {
        let Some(mut file) = self.assembly.take(self.context.subtask, &self.context.blocking) else {
            return Err(Error::Internal("a file has no end yet, and no task has more".to_owned()));
        };
        let held = self.held.take()?.unwrap_or_default();
        let memory = self.context.memory.clone();
        self.submit(held, move |this, _| {
            this.append_leftovers(&mut file, usize::MAX)?;
            let end = this.parts.end(file.bytes())?;
            let _reserved = memory.reserve(end.capacity())?;
            this.append_bytes(&mut file, this.part, &end)
        });
        Ok(())
    }
}

/// Appends to the file, on a thread that may block.
struct FileWriter {
    part: usize,
    parts: Arc<dyn Parts>,
    assembly: Arc<Assembly>,
    path: PathBuf,
}

impl FileWriter {
    /// Appends the waiting pieces and then `piece`, and returns the file. After an error the file
    /// is not returned, and the job ends.
    fn append(&self, mut file: SharedFile, held: &mut HeldPieces, piece: Piece) -> Result<()> {
        if self.assembly.is_in_order() {
            self.append_leftovers(&mut file, self.part)?;
        }
        for waited in held.in_memory.drain(..) {
            self.append_bytes(&mut file, self.part, &waited.bytes)?;
        }
        if let Some(on_disk) = held.on_disk.take() {
            on_disk.read(|bytes| self.append_bytes(&mut file, self.part, bytes))?;
        }
        self.append_bytes(&mut file, self.part, &piece.bytes)?;
        drop(piece);
        self.assembly.give_back(file);
        Ok(())
    }

    /// Appends the leftovers of the tasks before `before`.
    fn append_leftovers(&self, file: &mut SharedFile, before: usize) -> Result<()> {
        match self.parts.left_before(before)? {
            Some(left) => self.append_bytes(file, left.part, &left.bytes),
            None => Ok(()),
        }
    }

    fn append_bytes(&self, file: &mut SharedFile, part: usize, bytes: &[u8]) -> Result<()> {
        let at = file.bytes();
        let begin = file.append(part, bytes).map_err(Error::io("write", &self.path))?;
        self.parts.placed(PlacedPiece { part, begin, bytes: bytes.len() as u64, at });
        Ok(())
    }
}

/// Cursors of [`Driver::on_round_end`].
mod end_cursor {
    use crate::strategy::Cursor;

    /// The encoder's last piece is to be finished.
    pub(super) const FINISHING: Cursor = 0;
    /// The task's bytes are to be appended.
    pub(super) const APPENDING: Cursor = 1;
    /// The last task appends the end of the file.
    pub(super) const CLOSING: Cursor = 2;
}

impl Driver for SharedFileDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        // While a piece is full and cannot be appended or kept, the rows wait.
        if self.encoder.output().len() >= PIECE_BYTES {
            self.send_piece(true)?;
            if !self.encoder.output().is_empty() {
                return Ok(Progress::Pending);
            }
        }
        self.encoder.encode(input)?;
        Ok(Progress::Done)
    }

    fn on_idle(&mut self, _: &mut Outputs) -> Result<Progress> {
        if self.encoder.output().is_empty() { Ok(Progress::Done) } else { self.send_piece(true) }
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if *cursor == end_cursor::FINISHING {
            self.encoder.finish()?;
            *cursor = end_cursor::APPENDING;
        }
        if *cursor == end_cursor::APPENDING {
            ready!(self.send_piece(false)?);
            if !self.assembly.end(self.context.subtask) {
                return Ok(Progress::Done);
            }
            self.append_end()?;
            *cursor = end_cursor::CLOSING;
        }
        // `Done` after the end is written.
        self.send_piece(false)
    }
}
