//! A broadcast build side: one table, which the tasks of a join build together and all of them probe.
//!
//! ```text
//!  rows of the build side --> each task receives all rows and keeps its share, by the hash of the key: in a table while memory is granted, else in partitions on disk
//!  end of the build side  --> each task offers its share
//!     all shares are in memory, and the index fits   one task puts all pages into one table, all tasks index its pages (`table::indexing`), each task probes the table and writes nothing in it
//!     otherwise                                      each task writes its share to disk; each task reads all shares back, and builds a table of its own
//! ```
//! The rows of the build side are in memory once, and each task copies its share alone. One decision holds for all tasks. It is taken when every task has come to the end of
//! the build side. Before its offer, a task spills its share as any hash join spills its build side; after its offer, a task is not asked to give memory back.
//! Where the decision is against one table, the tasks go on as hash joins that share nothing (`build`, `kept`). This costs one more copy of the build side on disk, which
//! each task reads.
//!
//! The hash of a row's key says whose share the row is in. The page of the row cannot say it: a page that waited on disk is read by each task by itself, so tasks
//! receive other pages in another order.
//!
//! **A task that other tasks wait for does not stop early** ([`HybridHashJoin::is_awaited`]): its share would be missing. Once a task has the table it may stop.
//!
//! **No task waits for ever.** All tasks of a stage have the same joins in the same order. Each task works on the last join whose table is not built, and the
//! build side of that join comes from another stage. So every task reaches the end of that build side.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::hash::hash_rows;
use crate::join::HybridHashJoin;
use crate::join::side::BuildSide;
use crate::join::table::{JoinTable, SharedTable};
use crate::kernel::TaskContext;
use crate::page::{Input, Page, Selection};
use crate::rendezvous::{Lent, Rendezvous};
use crate::spill::{Read, Spilled, SpilledReader, Spiller};
use crate::strategy::{Progress, ready};

/// The task that puts the pages of all shares into one table.
const OWNER: usize = 0;

/// Pages that a task indexes before other tasks of its thread may have a turn.
const INDEX_PAGES: usize = 64;

/// Pages of another task's share that are read ahead.
const READ_AHEAD: usize = 2;

/// Where the tasks of a join meet.
struct BuildRendezvous {
    /// What each task offers.
    offers: Rendezvous<Offer>,
    /// What the owner says: the table of all shares, not indexed yet; `None` where there is no memory for its index.
    table: Rendezvous<Option<Arc<Lent<SharedTable>>>>,
    /// Each task speaks when no page is left for it to index.
    indexed: Rendezvous<()>,
    /// Each task's share on disk, where there is no table of all shares.
    spilled: Rendezvous<Arc<Lent<SpilledShare>>>,
}

/// A share that is in memory, until the owner or its own task takes it; `None` for a share on disk.
type Offer = Option<Arc<Mutex<Option<JoinTable>>>>;

/// A share on disk, in partitions of pages that lie as in a table.
struct SpilledShare {
    spiller: Spiller,
    parts: Vec<Spilled>,
}

/// One task's part in building a table of all tasks.
pub(super) struct SharedBuild {
    meeting: Arc<BuildRendezvous>,
    context: TaskContext,
    stage: SharedStage,
    offer: Offer,
    hashes: Vec<u64>,
}

enum SharedStage {
    /// The task collects its share.
    Collect,
    /// The share is offered; the task waits for the other offers.
    Offered,
    /// All shares are in memory; the task waits for the owner.
    InMemory,
    /// The task indexes pages.
    Index(Arc<SharedTable>),
    /// No page is left for the task; it waits until the other tasks have indexed theirs.
    Indexed(Arc<SharedTable>),
    /// There is no table of all shares; the task writes its share to disk.
    Spill,
    /// The share is on disk; the task waits for the other shares.
    Spilled,
    /// The task reads all shares from disk.
    ReadBack(ReadBack),
}

/// A task's progress in reading all shares from disk.
struct ReadBack {
    /// Shares that are not read yet.
    shares: VecDeque<Arc<SpilledShare>>,
    /// The next partition of the first of these shares.
    part: usize,
    reader: Option<SpilledReader>,
    /// The most memory that the reader takes.
    reader_bytes: usize,
    /// The page that was read last, and its first row that is not added yet.
    page: Option<(Page, usize)>,
}

impl SharedBuild {
    /// Whether the task can give back memory: it collects or reads rows, and no other task counts on them.
    pub(super) fn gives(&self) -> bool {
        matches!(self.stage, SharedStage::Collect | SharedStage::ReadBack(_))
    }

    /// The rows of an input that are in this task's share.
    pub(super) fn share_of(&mut self, input: &Input<'_>, key: &[usize]) -> Selection {
        hash_rows(input, key, &mut self.hashes);
        let (task, tasks) = (self.context.subtask as u64, self.context.subtasks as u64);
        let rows = input.selection().rows().iter().zip(&self.hashes);
        let mut share = Selection::default();
        share.set(rows.filter(|(_, hash)| *hash % tasks == task).map(|(&row, _)| row));
        share
    }

    /// Whether all shares are in memory; `None` before all are offered.
    fn are_in_memory(&self) -> Option<bool> {
        self.meeting.offers.wait(&self.context, |said| {
            said.iter().try_fold(true, |are, offer| offer.as_ref().map(|offer| are & offer.is_some()))
        })
    }

    /// All shares on disk; `None` before all are there.
    fn spilled_shares(&self) -> Option<Result<VecDeque<Arc<SpilledShare>>>> {
        let all = |said: &[Option<Arc<Lent<SpilledShare>>>]| said.iter().cloned().collect::<Option<Vec<_>>>();
        let lent = self.meeting.spilled.wait(&self.context, all)?;
        Some(lent.iter().map(|share| share.take()).collect())
    }
}

impl HybridHashJoin {
    /// The same join, whose tasks each receive all rows of the build side and build one table of them. Nothing may be given for build rows by whether they had a partner.
    #[must_use]
    pub(crate) fn building_together(self, context: &TaskContext) -> Self {
        if context.subtasks < 2 {
            return self;
        }
        let meeting = context.shared(|| BuildRendezvous {
            offers: Rendezvous::of(context.subtasks),
            table: Rendezvous::of(context.subtasks),
            indexed: Rendezvous::of(context.subtasks),
            spilled: Rendezvous::of(context.subtasks),
        });
        let (context, stage) = (context.clone(), SharedStage::Collect);
        HybridHashJoin {
            shared: Some(SharedBuild { meeting, context, stage, offer: None, hashes: Vec::new() }),
            ..self
        }
    }

    /// Whether other tasks wait for this task, or will.
    pub(crate) fn is_awaited(&self) -> bool {
        self.shared.is_some()
    }

    /// Called at the end of the build side. When it is done, rows are [looked up](BuildSide::looked_up) in the table of all tasks, or this task has collected all rows for a
    /// table of its own.
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
                        if shared.context.subtask == OWNER {
                            self.own_all(shared)?;
                        }
                        SharedStage::InMemory
                    }
                },
                SharedStage::InMemory => {
                    let table = |said: &[Option<Option<Arc<Lent<SharedTable>>>>]| said.get(OWNER)?.clone();
                    match shared.meeting.table.wait(&shared.context, table) {
                        None => return Ok(Progress::Pending),
                        Some(None) => SharedStage::Spill,
                        Some(Some(table)) => SharedStage::Index(table.take()?),
                    }
                }
                SharedStage::Index(ref table) => {
                    if (0..INDEX_PAGES).all(|_| table.index_next()) {
                        return Ok(Progress::OutputFull);
                    }
                    let table = table.clone();
                    shared.meeting.indexed.say(&shared.context, ());
                    SharedStage::Indexed(table)
                }
                SharedStage::Indexed(ref table) => {
                    // A task that found no page to index need not have said so.
                    let is_indexed = |_: &[Option<()>]| table.table().map(|_| ());
                    if shared.meeting.indexed.wait(&shared.context, is_indexed).is_none() {
                        return Ok(Progress::Pending);
                    }
                    self.built.shared = Some(table.clone());
                    self.disk.memory.shrink();
                    self.begin_probe();
                    return Ok(Progress::Done);
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

    /// Offers this task's share. From here on the task is not asked to give memory back.
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

    /// Puts all shares into one table, if there is memory for its index; else each share stays where it is.
    fn own_all(&mut self, shared: &SharedBuild) -> Result<()> {
        let all = |said: &[Option<Offer>]| Some(said.iter().flatten().flatten().cloned().collect::<Vec<_>>());
        let offers = shared.meeting.offers.ask(all).unwrap_or_default();
        let mut offers: Vec<_> =
            offers.iter().map(|offer| offer.lock().unwrap_or_else(PoisonError::into_inner)).collect();
        let shares: Vec<&JoinTable> = offers.iter().filter_map(|offer| offer.as_ref()).collect();
        let mut lent = None;
        if self.disk.memory.try_reserve(JoinTable::build_bytes_of(&shares)) {
            let mut table = BuildSide::new(&self.sides, self.built.side, &self.disk.memory)?.table;
            offers.iter_mut().filter_map(|offer| offer.take()).try_for_each(|share| table.take_over(share))?;
            lent = Some(Lent::to(shared.context.subtasks, SharedTable::new(table)?));
        }
        drop(offers);
        shared.meeting.table.say(&shared.context, lent);
        Ok(())
    }

    /// Writes all of this task's share to disk, and says where the share is.
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

    /// Adds the rows of all shares from disk, as if they came from the input.
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
