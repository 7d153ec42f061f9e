//! A build side that comes to all tasks: one table of it, which they build together and all read.
//!
//! ```text
//!  all rows of the build side --> each task keeps its share, by the key's hash: in a table, while memory is granted, else in parts on disk
//!  the end of the build side  --> each task offers its share
//!     all shares are in memory, and so is room for the lookup   one task takes all tables over and indexes them; all probe that table, and write nothing in it
//!     else                                                      all shares go to disk; each task reads all of them back, into a join of its own
//! ```
//! So rows are in memory once, and each task copies its share alone. There is one decision for all tasks, and it is taken when all of them have come to the end of the
//! build side: until then each share goes to disk and comes back as that of a join without others would, and from the offer on nobody is asked to give memory
//! back. Where the decision is against the table, tasks go on as joins that had no others (`build`, `kept`), for one more copy of the build side on disk,
//! which each of them reads.
//!
//! All tasks must agree on whose row it is, in whatever order pages come to them. That they share pages does not say it, since pages that waited on disk are read by
//! each: the key's hash does.
//!
//! **A task that others wait for does not stop early** ([`HybridHashJoin::is_awaited`]): its share would be missing. From the moment that it has the table it may.
//! None waits for ever: all tasks of a stage have the same joins, each goes on with the last of them that is not built, and what is built comes from outside
//! of the stage; so all come to its end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::hash::hash_rows;
use crate::join::HybridHashJoin;
use crate::join::side::BuildSide;
use crate::join::table::JoinTable;
use crate::kernel::TaskContext;
use crate::page::{Input, Page, Selection};
use crate::rendezvous::{Lent, Rendezvous};
use crate::spill::{Read, Spilled, SpilledReader, Spiller};
use crate::strategy::{Progress, ready};

/// The task that makes one table of all.
const INDEXER: usize = 0;

/// Pages of the other tasks' shares that are on their way.
const READ_AHEAD: usize = 2;

/// Where the tasks of a join meet.
struct BuildRendezvous {
    offers: Rendezvous<Offer>,
    /// By one task: the table of all, where there is memory for it.
    built: Rendezvous<Option<Arc<Lent<JoinTable>>>>,
    spilled: Rendezvous<Arc<Lent<SpilledShare>>>,
}

/// A share in memory, until somebody takes it; nothing where it is on disk.
type Offer = Option<Arc<Mutex<Option<JoinTable>>>>;

/// A share on disk, in parts that lie as in a table.
struct SpilledShare {
    spiller: Spiller,
    parts: Vec<Spilled>,
}

/// One task's part in a table of all tasks.
pub(super) struct SharedBuild {
    meeting: Arc<BuildRendezvous>,
    context: TaskContext,
    stage: SharedStage,
    offer: Offer,
    hashes: Vec<u64>,
}

enum SharedStage {
    /// Rows come.
    Collect,
    /// The share is offered.
    Offered,
    /// All shares are in memory.
    InMemory,
    /// Some are not, or their lookup is not: this one goes to disk.
    Spill,
    /// It is there.
    Spilled,
    /// All are: they are read back.
    ReadBack(ReadBack),
}

/// All tasks' shares on their way back.
struct ReadBack {
    shares: VecDeque<Arc<SpilledShare>>,
    /// The next part of the first of them.
    part: usize,
    reader: Option<SpilledReader>,
    /// The most that this reader takes.
    reader_bytes: usize,
    /// The page at hand, and its next row.
    page: Option<(Page, usize)>,
}

impl SharedBuild {
    /// Whether what the task holds can be given back.
    pub(super) fn gives(&self) -> bool {
        matches!(self.stage, SharedStage::Collect | SharedStage::ReadBack(_))
    }

    /// The rows of an input that this task keeps.
    pub(super) fn share_of(&mut self, input: &Input<'_>, key: &[usize]) -> Selection {
        hash_rows(input, key, &mut self.hashes);
        let (task, tasks) = (self.context.subtask as u64, self.context.subtasks as u64);
        let rows = input.selection().rows().iter().zip(&self.hashes);
        let mut share = Selection::default();
        share.set(rows.filter(|(_, hash)| *hash % tasks == task).map(|(&row, _)| row));
        share
    }

    /// Whether all shares are in memory, once all are offered.
    fn are_in_memory(&self) -> Option<bool> {
        self.meeting.offers.wait(&self.context, |said| {
            said.iter().try_fold(true, |are, offer| offer.as_ref().map(|offer| are & offer.is_some()))
        })
    }

    /// All shares on disk, once all are there.
    fn spilled_shares(&self) -> Option<Result<VecDeque<Arc<SpilledShare>>>> {
        let all = |said: &[Option<Arc<Lent<SpilledShare>>>]| said.iter().cloned().collect::<Option<Vec<_>>>();
        let lent = self.meeting.spilled.wait(&self.context, all)?;
        Some(lent.iter().map(|share| share.take()).collect())
    }
}

impl HybridHashJoin {
    /// The same join, of which all rows of the side that is built come to all tasks. They may not be asked whether they had a partner.
    #[must_use]
    pub(crate) fn building_together(self, context: &TaskContext) -> Self {
        if context.subtasks < 2 {
            return self;
        }
        let meeting = context.shared(|| BuildRendezvous {
            offers: Rendezvous::of(context.subtasks),
            built: Rendezvous::of(context.subtasks),
            spilled: Rendezvous::of(context.subtasks),
        });
        let (context, stage) = (context.clone(), SharedStage::Collect);
        HybridHashJoin {
            shared: Some(SharedBuild { meeting, context, stage, offer: None, hashes: Vec::new() }),
            ..self
        }
    }

    /// Whether other tasks wait for what this one has, or will.
    pub(crate) fn is_awaited(&self) -> bool {
        self.shared.is_some()
    }

    /// The end of the build side: finds out whether there is one table for all. Where there is, that is [looked up](BuildSide::looked_up) from now on; else
    /// this task has all rows when it is done.
    pub(super) fn build_together(&mut self) -> Result<Progress> {
        let Some(mut shared) = self.shared.take() else { return Ok(Progress::Done) };
        let progress = self.meet(&mut shared)?;
        if progress != Progress::Done {
            self.shared = Some(shared);
        }
        Ok(progress)
    }

    fn meet(&mut self, shared: &mut SharedBuild) -> Result<Progress> {
        loop {
            shared.stage = match shared.stage {
                SharedStage::Collect => self.offer(shared)?,
                SharedStage::Offered => match shared.are_in_memory() {
                    None => return Ok(Progress::Pending),
                    Some(false) => SharedStage::Spill,
                    Some(true) => {
                        if shared.context.subtask == INDEXER {
                            self.index_all(shared)?;
                        }
                        SharedStage::InMemory
                    }
                },
                SharedStage::InMemory => {
                    let built = |said: &[Option<Option<Arc<Lent<JoinTable>>>>]| said.get(INDEXER)?.clone();
                    match shared.meeting.built.wait(&shared.context, built) {
                        None => return Ok(Progress::Pending),
                        Some(None) => SharedStage::Spill,
                        Some(Some(table)) => {
                            self.built.shared = Some(table.take()?);
                            self.disk.memory.shrink();
                            self.begin_probe();
                            return Ok(Progress::Done);
                        }
                    }
                }
                SharedStage::Spill => {
                    ready!(self.spill_share(shared)?);
                    SharedStage::Spilled
                }
                SharedStage::Spilled => match shared.spilled_shares() {
                    None => return Ok(Progress::Pending),
                    Some(shares) => {
                        self.disk.memory.set_revocable(true);
                        SharedStage::ReadBack(ReadBack {
                            shares: shares?,
                            part: 0,
                            reader: None,
                            reader_bytes: 0,
                            page: None,
                        })
                    }
                },
                SharedStage::ReadBack(ref mut read) => return self.read_back(read, &shared.context),
            };
        }
    }

    /// Offers this task's share: from here on it is not asked to give memory back.
    fn offer(&mut self, shared: &mut SharedBuild) -> Result<SharedStage> {
        self.disk.memory.set_revocable(false);
        self.owed_bytes = 0;
        if self.parts.is_none() {
            let empty = BuildSide::new(&self.sides, self.built.side, &self.disk.memory)?;
            let table = std::mem::replace(&mut self.built, empty).table;
            shared.offer = Some(Arc::new(Mutex::new(Some(table))));
        }
        shared.meeting.offers.say(&shared.context, shared.offer.clone());
        Ok(SharedStage::Offered)
    }

    /// Makes one table of all that are offered, if there is memory for its lookup; else they stay where they are.
    fn index_all(&mut self, shared: &SharedBuild) -> Result<()> {
        let all = |said: &[Option<Offer>]| Some(said.iter().flatten().flatten().cloned().collect::<Vec<_>>());
        let offers = shared.meeting.offers.ask(all).unwrap_or_default();
        let mut offers: Vec<_> =
            offers.iter().map(|offer| offer.lock().unwrap_or_else(PoisonError::into_inner)).collect();
        let tables: Vec<&JoinTable> = offers.iter().filter_map(|offer| offer.as_ref()).collect();
        let mut built = None;
        if self.disk.memory.try_reserve(JoinTable::build_bytes_of(&tables)) {
            let mut table = BuildSide::new(&self.sides, self.built.side, &self.disk.memory)?.table;
            offers.iter_mut().filter_map(|offer| offer.take()).try_for_each(|share| table.take_over(share))?;
            table.build()?;
            built = Some(Lent::to(shared.context.subtasks, table));
        }
        drop(offers);
        shared.meeting.built.say(&shared.context, built);
        Ok(())
    }

    /// Sends this task's share to disk, all of it, and says where it is.
    fn spill_share(&mut self, shared: &mut SharedBuild) -> Result<Progress> {
        let offered = shared.offer.take().and_then(|offer| offer.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(table) = offered {
            self.built.table = table;
            self.cut();
        }
        ready!(self.distribute()?);
        let Some(parts) = &mut self.parts else { return Ok(Progress::Done) };
        parts.spill_all(&mut self.disk);
        if self.disk.is_writing()? {
            return Ok(Progress::Pending);
        }
        let parts = parts.lent().collect();
        self.parts = None;
        let spiller = std::mem::replace(&mut self.disk.spiller, shared.context.spiller());
        shared.meeting.spilled.say(&shared.context, Lent::to(shared.context.subtasks, SpilledShare { spiller, parts }));
        Ok(Progress::Done)
    }

    /// Adds all tasks' rows from disk, as if they came from the input.
    fn read_back(&mut self, read: &mut ReadBack, context: &TaskContext) -> Result<Progress> {
        let side = self.built.side;
        loop {
            if let Some((page, next)) = &mut read.page {
                let mut window = Selection::default();
                while *next < page.rows() {
                    let end = window.fill(*next..page.rows());
                    ready!(self.add(side, &Input::new(&page.batch(), &window))?);
                    *next = end;
                }
                read.page = None;
                // Others may have a turn.
                return Ok(Progress::OutputFull);
            }
            let Some(share) = read.shares.front() else { return Ok(Progress::Done) };
            let Some(reader) = &mut read.reader else {
                match share.parts.get(read.part) {
                    Some(part) => {
                        let (layout, blocking) = (&self.layouts[side].linked, context.blocking.clone());
                        let memory = &self.disk.memory;
                        read.reader = Some(share.spiller.read_for(part.lent(), layout, READ_AHEAD, blocking, memory));
                        read.reader_bytes = (READ_AHEAD + 1) * part.largest_page_bytes();
                        read.part += 1;
                    }
                    None => {
                        read.shares.pop_front();
                        read.part = 0;
                    }
                }
                continue;
            };
            ready!(self.room_to_collect(read.reader_bytes)?);
            match reader.poll()? {
                Read::Page(page) => read.page = Some((page, 0)),
                Read::Pending => return Ok(Progress::Pending),
                Read::End => read.reader = None,
            }
        }
    }
}
