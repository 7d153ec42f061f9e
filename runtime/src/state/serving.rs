//! Serving: applies requests to rows in memory, and queues requests for key groups on disk.

use std::task::Poll;

use crate::error::{Error, Result};
use crate::group::Room;
use crate::hash::hash_rows;
use crate::kernel::Outputs;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS, WRITE_PAGES};
use crate::page::{Input, Page, Selection};
use crate::state::StateTable;
use crate::state::key_groups::{KeyGroupSet, key_group_of};
use crate::state::loading::Loading;
use crate::state::policy::Demand;
use crate::state::queues::{Draining, RequestQueues, Requests, Work};
use crate::state::requests::StateRequest;
use crate::state::residency::Residency;
use crate::state::writable::WritableRows;
use crate::strategy::{Cursor, Opened, Progress, ready};

/// The cursor of a window that is partly served.
const REST: Cursor = 1;

/// The maximum unwritten bytes at which new windows are accepted.
const UNWRITTEN_PAGES: usize = 4 * WRITE_PAGES;

impl StateTable {
    /// Applies a request to a window of rows. Rows whose key groups are in memory are served.
    /// Others are queued until they are [served](StateTable::serve). `cursor` is that of the
    /// driver. It connects calls for the same window.
    ///
    /// # Errors
    /// Fails if the request or the disk fails. [`OutOfMemory`](Error::OutOfMemory) if a row does
    /// not fit together with rows that cannot be spilled.
    pub fn apply(
        &mut self,
        requests: &mut Requests,
        request: &mut dyn StateRequest,
        input: &Input<'_>,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let rows = &mut self.rows;
        if *cursor == 0 {
            if rows.spiller.unwritten_bytes() > UNWRITTEN_PAGES * PAGE_BYTES {
                rows.spiller.check()?;
                return Ok(Progress::Pending);
            }
            // A scan that has not ended is abandoned.
            rows.used.scanned = None;
            requests.work.begin(input.selection());
        }
        *cursor = REST;
        let Requests { queues, work, .. } = requests;
        let mut serving = Serving { rows, writable: &mut self.writable, queues, request, drained_part: None, out };
        ready!(serving.apply(work, input)?);
        *cursor = 0;
        if rows.used.scanned.is_none() {
            rows.table.split_early()?;
        }
        Ok(Progress::Done)
    }

    /// Serves queued requests part by part: loads key groups, then applies the requests. Returns
    /// `Yield` after each page of requests, and `Done` if none is queued. A driver calls it when
    /// its input ends, and may call it before. Rows are loaded once for all requests that wait for
    /// them.
    ///
    /// # Errors
    /// As [`StateTable::apply`].
    pub fn serve(
        &mut self,
        requests: &mut Requests,
        request: &mut dyn StateRequest,
        out: &mut Outputs,
    ) -> Result<Progress> {
        loop {
            if self.loading.is_some() {
                match self.load(Some(&mut requests.queues))? {
                    Progress::Pending => return Ok(Progress::Pending),
                    Progress::Done => {}
                    Progress::Yield => self.is_served_part_loaded = false,
                }
                continue;
            }
            let rows = &mut self.rows;
            if let Some(draining) = &mut requests.draining {
                let (queues, part) = (&mut requests.queues, draining.part);
                let drained_part = Some(part);
                let mut serving = Serving { rows, writable: &mut self.writable, queues, request, drained_part, out };
                ready!(serving.drain(draining, part)?);
                requests.end_drain(part, &rows.spiller);
                rows.used.served = None;
                continue;
            }
            let Some(part) = self.next_served(requests) else {
                self.rows.used.served = None;
                return Ok(Progress::Done);
            };
            ready!(self.begin_part(requests, part)?);
        }
    }

    /// Starts to load the key groups that the requests of a part need, or else to apply the
    /// requests.
    fn begin_part(&mut self, requests: &mut Requests, part: usize) -> Result<Progress> {
        let rows = &mut self.rows;
        let wanted = requests.queues.queues[part].wanted.and(&rows.evicted);
        if !self.is_served_part_loaded && !wanted.is_empty() {
            match Loading::begin(part, &wanted, rows, Some(&mut requests.queues))? {
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(loading) => self.loading = loading,
            }
            self.is_served_part_loaded = true;
            return Ok(Progress::Done);
        }
        rows.spiller.check()?;
        if rows.spiller.unwritten_bytes() > 0 {
            return Ok(Progress::Pending);
        }
        requests.drain(part, rows.table.room_beside(), &rows.spiller);
        Ok(Progress::Done)
    }

    /// The part that is being served, or the next one.
    fn next_served(&mut self, requests: &mut Requests) -> Option<usize> {
        let queues = &requests.queues.queues;
        if let Some(part) = self.rows.used.served.filter(|&part| !queues[part].is_empty()) {
            return Some(part);
        }
        let demands: [Demand; SPILL_PARTS] = std::array::from_fn(|part| {
            let queue = &queues[part];
            let waiting_bytes = if queue.is_empty() { 0 } else { queue.bytes().max(1) };
            Demand { waiting_bytes, is_resident: queue.wanted.and(&self.rows.evicted).is_empty() }
        });
        let part = requests.next.choose(&demands)?;
        (self.rows.used.served, self.is_served_part_loaded) = (Some(part), false);
        Some(part)
    }
}

/// One kind of request that is applied to the table.
struct Serving<'s> {
    rows: &'s mut Residency,
    writable: &'s mut WritableRows,
    queues: &'s mut RequestQueues,
    request: &'s mut dyn StateRequest,
    /// The part whose queue the rows come from. `None` for new rows.
    drained_part: Option<usize>,
    out: &'s mut Outputs,
}

impl Serving<'_> {
    /// Applies a page of a queue.
    fn drain(&mut self, draining: &mut Draining, part: usize) -> Result<Progress> {
        let page = match draining.page.take() {
            Some(page) => page,
            None => match draining.reader.poll() {
                Ok(Poll::Ready(Some(page))) => page,
                Ok(Poll::Pending) => return Ok(Progress::Pending),
                Ok(Poll::Ready(None)) => match draining.last.pop() {
                    Some(page) => page,
                    None => return Ok(Progress::Done),
                },
                Err(error @ Error::OutOfMemory { .. }) => {
                    return match self.rows.make_room(Some(self.queues), &[part])? {
                        Room::Made => Ok(Progress::Yield),
                        Room::Awaited => Ok(Progress::Pending),
                        Room::None if self.load_fewer_groups(part) => Ok(Progress::Yield),
                        Room::None => Err(error),
                    };
                }
                Err(error) => return Err(error),
            },
        };
        let progress = self.drain_page(draining, &page)?;
        if progress != Progress::Done {
            draining.page = Some(page);
            return Ok(progress);
        }
        Ok(Progress::Yield)
    }

    fn drain_page(&mut self, draining: &mut Draining, page: &Page) -> Result<Progress> {
        let (batch, all) = (page.batch(), Selection::default());
        while let Some(opened) = draining.windows.open(batch.rows()) {
            if opened == Opened::New {
                draining.work.begin(&draining.windows.window);
            }
            ready!(self.apply(&mut draining.work, &Input::new(&batch, &all))?);
            draining.windows.close();
        }
        Ok(Progress::Done)
    }

    fn load_fewer_groups(&mut self, part: usize) -> bool {
        self.rows.load_fewer_groups(part, self.rows.resident_groups(part).len())
    }

    /// Applies the rest of a window of an input's batch. Rows whose key groups are on disk are
    /// queued.
    fn apply(&mut self, work: &mut Work, input: &Input<'_>) -> Result<Progress> {
        let mut must_grow = false;
        loop {
            if !must_grow {
                ready!(self.queue_waiting(work, input)?);
            }
            let now = Input::new(input.batch(), &work.rest);
            if self.request.writes() {
                self.rows.mark_rows_dirty(&now, self.request.key(), &mut work.hashes);
            }
            work.unplaced.clear();
            let ran = match now.is_empty() {
                true => Ok(()),
                false => self.writable.run(self.rows, self.request, &now, self.out, &mut work.unplaced),
            };
            self.rows.table.set_must_grow(false);
            ran?;
            must_grow = false;
            work.rest.set(work.unplaced.rows().chain(work.later.drain(..)));
            if work.rest.is_empty() {
                return Ok(Progress::Done);
            }
            if !work.unplaced.refused {
                if self.out.pages().has_sealed() {
                    return Ok(Progress::Yield);
                }
                continue;
            }
            match self.rows.make_room(Some(self.queues), self.drained_part.as_slice())? {
                Room::Made => {}
                Room::Awaited => return Ok(Progress::Pending),
                Room::None if self.drained_part.is_some_and(|part| self.load_fewer_groups(part)) => {}
                Room::None => {
                    // The first row must fit. If it does not, the error has its bytes.
                    self.rows.table.set_must_grow(true);
                    work.later.extend(work.rest.rows().iter().skip(1));
                    work.rest.truncate(1);
                    must_grow = true;
                }
            }
        }
    }

    /// Queues rows of the rest of a window that have to wait.
    fn queue_waiting(&mut self, work: &mut Work, input: &Input<'_>) -> Result<Progress> {
        loop {
            self.route(work, input);
            if work.waiting.is_empty() {
                return Ok(Progress::Done);
            }
            // An eviction for the queues may cause more rows to wait.
            ready!(self.enqueue(work, input)?);
        }
    }

    /// Moves rows from the rest of a window to the waiting ones, if their key groups are on disk,
    /// or if earlier rows of their groups wait.
    fn route(&self, work: &mut Work, input: &Input<'_>) {
        let queued = if self.drained_part.is_some() { &self.queues.requeued.wanted } else { &self.queues.wanted };
        let wait = self.rows.evicted.or(queued);
        if wait.is_empty() {
            return;
        }
        let key = self.rows.spec.without_sub_key(self.request.key());
        hash_rows(&Input::new(input.batch(), &work.rest), key, &mut work.hashes);
        let (rest, hashes, waiting) = (&mut work.rest, &work.hashes, &mut work.waiting);
        for (&row, &hash) in rest.rows().iter().zip(hashes) {
            let group = key_group_of(hash);
            if wait.contains(group) {
                waiting.push((self.rows.part_of_group(group), row, group));
            }
        }
        rest.keep_positions(|position| !wait.contains(key_group_of(hashes[position])));
        // The sort is stable: rows of one part stay in order.
        waiting.sort_by_key(|&(part, ..)| part);
    }

    /// Adds the waiting rows to their queues.
    fn enqueue(&mut self, work: &mut Work, input: &Input<'_>) -> Result<Progress> {
        while let Some(&(part, ..)) = work.waiting.first() {
            let count = work.waiting.iter().take_while(|&&(other, ..)| other == part).count();
            let (mut rows, mut groups) = (Selection::default(), KeyGroupSet::default());
            rows.set(work.waiting[..count].iter().map(|&(_, row, _)| row));
            work.waiting[..count].iter().for_each(|&(.., group)| groups.insert(group));
            let input = Input::new(input.batch(), &rows);
            let queue = if self.drained_part.is_some() { None } else { Some(part) };
            let (beside, spiller) = (self.rows.table.room_beside(), &self.rows.spiller);
            if !self.queues.push(queue, &input, &groups, Some(beside), spiller)? {
                match self.rows.make_room(Some(self.queues), self.drained_part.as_slice())? {
                    Room::Made => continue,
                    Room::Awaited => return Ok(Progress::Pending),
                    Room::None => _ = self.queues.push(queue, &input, &groups, None, &self.rows.spiller)?,
                }
            }
            work.waiting.drain(..count);
        }
        Ok(Progress::Done)
    }
}
