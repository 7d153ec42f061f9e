//! Requests: what can be served now, and what waits until its key groups are in memory.

use std::task::Poll;

use crate::error::{Error, Result};
use crate::group::Room;
use crate::hash::hash_rows;
use crate::kernel::Outputs;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS, WRITE_PAGES};
use crate::page::{Input, Selection};
use crate::state::StateTable;
use crate::state::key_groups::{KeyGroupSet, key_group_of};
use crate::state::lines::{Draining, Lines, Requests, Work};
use crate::state::policy::Demand;
use crate::state::requests::StateRequest;
use crate::strategy::{Cursor, Opened, Progress, ready};

/// The cursor of a window of which a part is done.
const REST: Cursor = 1;

/// Pages that may wait to be written before who asks for more waits, too.
const UNWRITTEN_PAGES: usize = 4 * WRITE_PAGES;

/// The part whose line is served next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Serving {
    pub(super) part: usize,
    /// Whether what it wants has been read back, as far as memory goes.
    is_loaded: bool,
}

impl StateTable {
    /// Asks for a window of rows: those whose key groups are in memory are served, the others wait in line until they are [served](StateTable::serve). `cursor` is
    /// the driver's, where one call is followed by others for the same window.
    ///
    /// # Errors
    /// What the request gives; what the disk says; [`OutOfMemory`](Error::OutOfMemory) where a row does not fit beside what cannot be spilled.
    pub fn apply(
        &mut self,
        requests: &mut Requests,
        request: &mut dyn StateRequest,
        input: &Input<'_>,
        cursor: &mut Cursor,
        out: &mut Outputs,
    ) -> Result<Progress> {
        if *cursor == 0 {
            if self.spiller.unwritten_bytes() > UNWRITTEN_PAGES * PAGE_BYTES {
                self.spiller.check()?;
                return Ok(Progress::Pending);
            }
            // Whatever was gone through is not any more.
            self.walking = None;
            requests.work.begin(input.selection());
        }
        *cursor = REST;
        let Requests { lines, work, .. } = requests;
        ready!(self.work(lines, work, request, input, None, out)?);
        *cursor = 0;
        // Who goes through a part knows its rows by where they are.
        if self.walking.is_none() {
            self.table.split_early()?;
        }
        Ok(Progress::Done)
    }

    /// Serves what waits in line, part by part: reads key groups back, and does what was asked for. `Yield` after each page of requests; `Done` when nothing
    /// waits any more. A driver calls it when its input ends, and may before, as what waits is read from disk once for all that waits for it.
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
                match self.load(Some(&mut requests.lines))? {
                    Progress::Pending => return Ok(Progress::Pending),
                    Progress::Done => {}
                    // Fewer key groups come back.
                    Progress::Yield => self.serving.iter_mut().for_each(|serving| serving.is_loaded = false),
                }
                continue;
            }
            if let Some(mut draining) = requests.draining.take() {
                let progress = self.drain(&mut requests.lines, &mut draining, request, out);
                let part = draining.part;
                requests.draining = Some(draining);
                ready!(progress?);
                requests.end_drain(part, &self.spiller);
                self.serving = None;
                continue;
            }
            let Some(serving) = self.next_served(requests) else {
                self.serving = None;
                return Ok(Progress::Done);
            };
            let part = serving.part;
            let wanted = requests.lines.lines[part].wanted.and(&self.away);
            if !serving.is_loaded && !wanted.is_empty() {
                ready!(self.begin_loading(part, &wanted, Some(&mut requests.lines))?);
                self.serving = Some(Serving { part, is_loaded: true });
                continue;
            }
            self.spiller.check()?;
            if self.spiller.unwritten_bytes() > 0 {
                return Ok(Progress::Pending);
            }
            requests.drain(part, self.table.room_beside(), &self.spiller);
        }
    }

    /// The part that is served, or the next one.
    fn next_served(&mut self, requests: &mut Requests) -> Option<Serving> {
        let lines = &requests.lines.lines;
        if let Some(serving) = self.serving.filter(|serving| !lines[serving.part].is_empty()) {
            return Some(serving);
        }
        let demands: [Demand; SPILL_PARTS] = std::array::from_fn(|part| {
            let line = &lines[part];
            let waiting_bytes = if line.is_empty() { 0 } else { line.bytes().max(1) };
            Demand { waiting_bytes, is_resident: line.wanted.and(&self.away).is_empty() }
        });
        let part = requests.next.choose(&demands)?;
        self.serving = Some(Serving { part, is_loaded: false });
        self.serving
    }

    /// Serves a line, page by page.
    fn drain(
        &mut self,
        lines: &mut Lines,
        draining: &mut Draining,
        request: &mut dyn StateRequest,
        out: &mut Outputs,
    ) -> Result<Progress> {
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
                    return match self.make_room(Some(lines), &[draining.part])? {
                        Room::Made => Ok(Progress::Yield),
                        Room::Awaited => Ok(Progress::Pending),
                        Room::None if self.come_later(draining.part) => Ok(Progress::Yield),
                        Room::None => Err(error),
                    };
                }
                Err(error) => return Err(error),
            },
        };
        let batch = page.batch();
        while let Some(opened) = draining.windows.open(batch.rows()) {
            if opened == Opened::New {
                draining.work.begin(&draining.windows.window);
            }
            let all = Selection::default();
            let input = Input::new(&batch, &all);
            let progress = self.work(lines, &mut draining.work, request, &input, Some(draining.part), out)?;
            if progress != Progress::Done {
                draining.page = Some(page);
                return Ok(progress);
            }
            draining.windows.close();
        }
        Ok(Progress::Yield)
    }

    /// Does what is left of a window of an input's batch: rows whose key groups are not in memory get in line. `drained` is the part whose line the rows are of.
    fn work(
        &mut self,
        lines: &mut Lines,
        work: &mut Work,
        request: &mut dyn StateRequest,
        input: &Input<'_>,
        drained: Option<usize>,
        out: &mut Outputs,
    ) -> Result<Progress> {
        let keep: &[usize] = drained.as_slice();
        let mut insists = false;
        loop {
            if !insists {
                ready!(self.route_and_line_up(lines, work, request.key(), input, drained)?);
            }
            let now = Input::new(input.batch(), &work.rest);
            if request.writes() {
                self.soil_parts_of(&now, request.key(), &mut work.hashes);
            }
            work.unplaced.clear();
            let ran = if now.is_empty() { Ok(()) } else { self.run(request, &now, out, &mut work.unplaced) };
            self.table.set_must_grow(false);
            ran?;
            insists = false;
            work.rest.set(work.unplaced.rows().chain(work.later.drain(..)));
            if work.rest.is_empty() {
                return Ok(Progress::Done);
            }
            if !work.unplaced.refused {
                if out.pages().has_sealed() {
                    return Ok(Progress::Yield);
                }
                continue;
            }
            match self.make_room(Some(lines), keep)? {
                Room::Made => {}
                Room::Awaited => return Ok(Progress::Pending),
                Room::None if drained.is_some_and(|part| self.come_later(part)) => {}
                Room::None => {
                    // The first row must fit whatever it takes: what it takes is said by the error.
                    self.table.set_must_grow(true);
                    work.later.extend(work.rest.rows().iter().skip(1));
                    work.rest.truncate(1);
                    insists = true;
                }
            }
        }
    }

    /// Has a part leave that does not fit beside what is done with it: fewer of its key groups come back. Whether there are fewer.
    fn come_later(&mut self, part: usize) -> bool {
        let count = self.resident_groups(part).len();
        if count > 1 && self.table.is_split() {
            self.places[part].most = Some(count / 2);
            self.send_away(part);
        }
        count > 1
    }

    /// Takes those out of the rest of a window that have to wait: whose key groups are on disk, or that come behind others of theirs.
    fn route(&self, lines: &Lines, work: &mut Work, key: &[usize], input: &Input<'_>, is_drained: bool) {
        let wait = self.away.or(if is_drained { &lines.again.wanted } else { &lines.wanted });
        if wait.is_empty() {
            return;
        }
        hash_rows(&Input::new(input.batch(), &work.rest), key, &mut work.hashes);
        let (rest, hashes, waiting) = (&mut work.rest, &work.hashes, &mut work.waiting);
        for (&row, &hash) in rest.rows().iter().zip(hashes) {
            let group = key_group_of(hash);
            if wait.contains(group) {
                waiting.push((self.part_of_group(group), row, group));
            }
        }
        rest.keep_positions(|position| !wait.contains(key_group_of(hashes[position])));
        // Rows of one part stay in order.
        waiting.sort_by_key(|&(part, ..)| part);
    }

    /// Puts those of the rest of a window in line that have to wait.
    fn route_and_line_up(
        &mut self,
        lines: &mut Lines,
        work: &mut Work,
        key: &[usize],
        input: &Input<'_>,
        drained: Option<usize>,
    ) -> Result<Progress> {
        loop {
            self.route(lines, work, key, input, drained.is_some());
            if work.waiting.is_empty() {
                return Ok(Progress::Done);
            }
            // Where that makes room, others have to wait, too.
            ready!(self.line_up(lines, work, input, drained)?);
        }
    }

    /// Puts rows in line.
    fn line_up(
        &mut self,
        lines: &mut Lines,
        work: &mut Work,
        input: &Input<'_>,
        drained: Option<usize>,
    ) -> Result<Progress> {
        while let Some(&(part, ..)) = work.waiting.first() {
            let count = work.waiting.iter().take_while(|&&(other, ..)| other == part).count();
            let (mut rows, mut groups) = (Selection::default(), KeyGroupSet::default());
            rows.set(work.waiting[..count].iter().map(|&(_, row, _)| row));
            work.waiting[..count].iter().for_each(|&(.., group)| groups.insert(group));
            let input = Input::new(input.batch(), &rows);
            let line = if drained.is_some() { None } else { Some(part) };
            if !lines.push(line, &input, &groups, Some(self.table.room_beside()), &self.spiller)? {
                match self.make_room(Some(lines), drained.as_slice())? {
                    Room::Made => continue,
                    Room::Awaited => return Ok(Progress::Pending),
                    Room::None => _ = lines.push(line, &input, &groups, None, &self.spiller)?,
                }
            }
            work.waiting.drain(..count);
        }
        Ok(Progress::Done)
    }

    /// Rows are written to: what is on disk of their parts is not theirs any more.
    fn soil_parts_of(&mut self, input: &Input<'_>, key: &[usize], hashes: &mut Vec<u64>) {
        if self.places.iter().all(|place| place.clean.is_none()) {
            return;
        }
        hash_rows(input, key, hashes);
        for &hash in hashes.iter() {
            self.soil(self.part_of_group(key_group_of(hash)));
        }
    }
}
