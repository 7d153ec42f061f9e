//! Decides who gets memory. Pure arithmetic over the bytes of all holders, without threads or
//! clocks.
//!
//! There are two kinds of holders:
//! * A *pinned* holder cannot release memory: pages in transit, or a table that does not spill.
//! * A *spilling* holder releases memory on request. Its minimum is reserved from the time it is
//!   opened, whether it uses it or not. So an operator that starts late can always start.
//!
//! Beyond its minimum, a spilling holder takes free memory. If none is free and it holds less than
//! its fair share, the largest holder is asked to shrink to the fair share. Otherwise the
//! requesting holder spills. No holder waits for another, so they cannot deadlock.
//!
//! Pinned holders need more memory for records that are longer than a page. After the first such
//! record, spilling holders leave memory free for all long records in transit, at most half of the
//! budget.
//!
//! Shares are computed for each request, so memory moves while operators run. FLINK-1101 describes
//! the problems of static shares of the whole plan.

#[cfg(test)]
mod tests;

use super::limits::{LONG_RECORDS_SHARE, SLACK_SHARE};

/// Index of a holder.
pub(super) type HolderId = usize;

/// How a holder requests memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReserveMode {
    /// The holder fails without it.
    Required,
    /// The holder can spill, so some slack is left free beyond its minimum. If the request is
    /// refused, another holder may be asked to release memory.
    MayRevoke,
    /// As `MayRevoke`, but no other holder is asked.
    BestEffort,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    Refused,
}

/// A holder, and the bytes that it should release.
pub(super) type Request = (HolderId, usize);

#[derive(Debug)]
struct Holder {
    bytes: usize,
    /// Bytes of the holder and its children, and their maximum so far.
    total_bytes: usize,
    peak: usize,
    /// `None` for a pinned holder.
    minimum: Option<usize>,
    /// Bytes that a pinned holder took by a mode other than `Required`.
    optional: usize,
    /// Most `Required` bytes of a pinned holder so far.
    peak_required: usize,
    /// Number of pages that a pinned holder has at a time.
    pages: usize,
    /// The holder of which it is a child.
    parent: Option<HolderId>,
    /// `true` if it can still release memory.
    is_revocable: bool,
    /// `true` if it releases memory without a task.
    revokes_by_itself: bool,
    /// The same for all holders of one operator's tasks.
    group: Option<u64>,
}

impl Holder {
    /// Bytes that a pinned holder may still need, if each of its pages is a run of `run_bytes`.
    fn missing_for(&self, run_bytes: usize) -> usize {
        if self.minimum.is_some() {
            return 0;
        }
        let expected = self.peak_required.max(self.pages * run_bytes);
        expected.saturating_sub(self.bytes - self.optional)
    }

    /// Bytes that no other holder may take.
    fn committed(&self) -> usize {
        self.minimum.map_or(0, |minimum| self.bytes.max(minimum))
    }
}

/// The state of a budget.
#[derive(Debug)]
pub(super) struct Arbiter {
    limit: usize,
    holders: Vec<Option<Holder>>,
    vacant: Vec<HolderId>,
    /// `Required` bytes of pinned holders, and the bytes that are reserved for them.
    pinned: usize,
    pinned_floor: usize,
    /// Other bytes of pinned holders. Nothing is reserved for these.
    optional: usize,
    held: usize,
    peak: usize,
    /// Bytes of the largest run of pages that a record took. 0 if all records fit into a page.
    longest_run: usize,
}

impl Arbiter {
    pub(super) fn new(limit: usize) -> Self {
        let (holders, vacant) = (Vec::new(), Vec::new());
        Arbiter { limit, holders, vacant, pinned: 0, pinned_floor: 0, optional: 0, held: 0, peak: 0, longest_run: 0 }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn held(&self) -> usize {
        self.held
    }

    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    /// Adds a holder without memory. It is spilling if it has a minimum, else pinned.
    pub(super) fn open(&mut self, minimum: Option<usize>) -> HolderId {
        let is_revocable = minimum.is_some();
        let holder = Some(Holder {
            bytes: 0,
            total_bytes: 0,
            peak: 0,
            minimum,
            optional: 0,
            peak_required: 0,
            pages: 0,
            parent: None,
            is_revocable,
            revokes_by_itself: false,
            group: None,
        });
        match self.vacant.pop() {
            Some(id) => {
                self.holders[id] = holder;
                id
            }
            None => {
                self.holders.push(holder);
                self.holders.len() - 1
            }
        }
    }

    /// Adds a spilling holder whose minimum is moved from `parent`. It must be closed before
    /// `parent`.
    pub(super) fn open_child(&mut self, parent: HolderId, minimum: usize) -> HolderId {
        if let Some(Holder { minimum: Some(rest), .. }) = &mut self.holders[parent] {
            *rest = rest.saturating_sub(minimum);
        }
        let id = self.open(Some(minimum));
        if let Some(child) = &mut self.holders[id] {
            child.parent = Some(parent);
        }
        id
    }

    /// Sets whether a spilling holder can release memory. If not, it is not asked to.
    pub(super) fn set_revocable(&mut self, id: HolderId, is_revocable: bool) {
        if let Some(holder) = &mut self.holders[id] {
            holder.is_revocable = is_revocable;
        }
    }

    /// Notes that a record takes a run of `bytes`.
    pub(super) fn note_run(&mut self, bytes: usize) {
        self.longest_run = self.longest_run.max(bytes);
    }

    /// Bytes of the largest run that a record took. 0 if all records fit into a page.
    pub(super) fn longest_run(&self) -> usize {
        self.longest_run
    }

    /// Sets the number of pages that a pinned holder has at a time.
    pub(super) fn set_pages(&mut self, id: HolderId, pages: usize) {
        if let Some(holder) = &mut self.holders[id] {
            holder.pages = pages;
        }
    }

    /// States that a spilling holder releases memory without a task.
    pub(super) fn set_revokes_by_itself(&mut self, id: HolderId) {
        if let Some(holder) = &mut self.holders[id] {
            holder.revokes_by_itself = true;
        }
    }

    /// Returns `true` if a holder releases memory without a task.
    pub(super) fn revokes_by_itself(&self, id: HolderId) -> bool {
        self.holders[id].as_ref().is_some_and(|holder| holder.revokes_by_itself)
    }

    /// Adds a holder to a group: holders that do the same work, each for a part of the rows.
    pub(super) fn set_operator_group(&mut self, id: HolderId, group: u64) {
        if let Some(holder) = &mut self.holders[id] {
            holder.group = Some(group);
        }
    }

    /// Bytes that the other members of the holder's group need to hold as much as it would with
    /// `more` bytes. Counts only members that still collect rows. A member is expected to double
    /// its bytes at most.
    pub(super) fn owed_to_group(&self, id: HolderId, more: usize) -> usize {
        let Some(own) = self.holders[id].as_ref().filter(|own| own.group.is_some()) else { return 0 };
        let others = self.holders.iter().enumerate().filter(|&(other, _)| other != id);
        let group = others
            .filter_map(|(_, other)| other.as_ref())
            .filter(|other| other.group == own.group && other.is_revocable);
        group.map(|other| (own.bytes + more).saturating_sub(other.committed()).min(other.bytes)).sum()
    }

    /// Removes a holder. It must have released all its bytes.
    pub(super) fn close(&mut self, id: HolderId) {
        debug_assert!(self.holders[id].as_ref().is_some_and(|holder| holder.bytes == 0));
        self.holders[id] = None;
        self.vacant.push(id);
        if self.vacant.len() == self.holders.len() {
            self.longest_run = 0;
        }
    }

    /// Most bytes that a holder and its children had at one time.
    pub(super) fn peak_of(&self, id: HolderId) -> usize {
        self.holders[id].as_ref().map_or(0, |holder| holder.peak)
    }

    /// Reserves `bytes` more for all pinned holders together.
    pub(super) fn reserve_for_pinned(&mut self, bytes: usize) {
        self.pinned_floor += bytes;
    }

    pub(super) fn release_pinned_floor(&mut self, bytes: usize) {
        self.pinned_floor -= bytes;
    }

    /// Bytes left for others after `id` has taken `more` bytes and all reserved bytes are
    /// subtracted. `None` if there are too few bytes for that.
    fn remaining(&self, id: HolderId, more: usize, mode: ReserveMode) -> Option<usize> {
        let (mut pinned, mut committed, mut long_records) = (self.pinned, self.optional, 0);
        for (other, holder) in self.holders.iter().enumerate() {
            let Some(holder) = holder else { continue };
            if self.longest_run > 0 {
                long_records += holder.missing_for(self.longest_run);
            }
            committed += match holder.minimum {
                Some(minimum) if other == id => (holder.bytes + more).max(minimum),
                Some(_) => holder.committed(),
                None => 0,
            };
            if other == id && holder.minimum.is_none() {
                // The floor of pinned holders covers their `Required` bytes only.
                *if mode == ReserveMode::Required { &mut pinned } else { &mut committed } += more;
            }
        }
        let unused = self.pinned_floor.saturating_sub(pinned);
        let pinned = pinned
            + match mode {
                // Pinned holders rarely use their whole floor. A spilling holder that would fail
                // otherwise may use half of the unused part.
                ReserveMode::Required if self.is_spilling(id) => unused / 2,
                ReserveMode::Required => 0,
                ReserveMode::MayRevoke | ReserveMode::BestEffort => {
                    unused.max(self.limit / SLACK_SHARE).max(long_records.min(self.limit / LONG_RECORDS_SHARE))
                }
            };
        self.limit.checked_sub(pinned.saturating_add(committed))
    }

    /// Takes `bytes` bytes for `id`, if all holders can still have their minimum, and
    /// `left_for_group` bytes stay free. The request asks another holder to release memory.
    pub(super) fn take(
        &mut self,
        id: HolderId,
        bytes: usize,
        left_for_group: usize,
        mode: ReserveMode,
    ) -> (Verdict, Option<Request>) {
        let (holds, minimum) = match &self.holders[id] {
            Some(holder) => (holder.bytes, holder.minimum),
            None => return (Verdict::Refused, None),
        };
        let own = minimum.is_some_and(|minimum| holds + bytes <= minimum);
        if !own && self.remaining(id, bytes + left_for_group, mode).is_none() {
            let request = if mode == ReserveMode::BestEffort { None } else { self.revoke_target(id, bytes) };
            return (Verdict::Refused, request);
        }
        if let Some(holder) = &mut self.holders[id] {
            holder.bytes += bytes;
            if minimum.is_none() && mode != ReserveMode::Required {
                holder.optional += bytes;
                self.optional += bytes;
            } else {
                holder.peak_required = holder.peak_required.max(holder.bytes - holder.optional);
            }
        }
        if let Some(parent) = self.parent_or_self(id) {
            parent.total_bytes += bytes;
            parent.peak = parent.peak.max(parent.total_bytes);
        }
        self.held += bytes;
        self.peak = self.peak.max(self.held);
        let is_pinned = minimum.is_none() && mode == ReserveMode::Required;
        (Verdict::Granted, if is_pinned { self.pin(id, bytes) } else { None })
    }

    /// Counts bytes as pinned. Pinned holders cannot wait, so other holders are asked to release
    /// memory before none is left.
    fn pin(&mut self, id: HolderId, bytes: usize) -> Option<Request> {
        self.pinned += bytes;
        if self.remaining(id, self.limit / SLACK_SHARE / 2, ReserveMode::Required).is_some() {
            return None;
        }
        self.largest_revocable(|other, _| other != id).map(|(largest, _)| (largest, self.limit / SLACK_SHARE))
    }

    /// The holder of which this one is a child, or else itself.
    fn parent_or_self(&mut self, id: HolderId) -> Option<&mut Holder> {
        let parent = self.holders[id].as_ref()?.parent.unwrap_or(id);
        self.holders[parent].as_mut()
    }

    fn is_spilling(&self, id: HolderId) -> bool {
        self.holders[id].as_ref().is_some_and(|holder| holder.minimum.is_some())
    }

    pub(super) fn release(&mut self, id: HolderId, bytes: usize) {
        if let Some(parent) = self.parent_or_self(id) {
            parent.total_bytes -= bytes;
        }
        if let Some(holder) = &mut self.holders[id] {
            holder.bytes -= bytes;
            if holder.minimum.is_none() {
                let optional = bytes.min(holder.optional);
                holder.optional -= optional;
                self.optional -= optional;
                self.pinned -= bytes - optional;
            }
            self.held -= bytes;
        }
    }

    /// The request after `id` was refused: to the largest spilling holder, if it has more than its
    /// fair share and `id` has less.
    fn revoke_target(&self, id: HolderId, bytes: usize) -> Option<Request> {
        let fair = self.fair_share();
        let own = self.holders[id].as_ref().filter(|holder| holder.minimum.is_some());
        if own.is_some_and(|own| own.bytes + bytes > fair) {
            return None;
        }
        let (largest, held) = self.largest_revocable(|other, _| other != id)?;
        (held > fair).then(|| (largest, (held - fair).max(bytes.min(held))))
    }

    /// The request to make if `bytes` more cannot be reserved for a new holder. Holders that
    /// release memory without a task come first. `None` if nothing is missing, or no holder has
    /// more than its minimum.
    pub(super) fn request_for_start(&self, bytes: usize) -> Option<Request> {
        let committed: usize = self.holders.iter().flatten().map(Holder::committed).sum();
        let wanted = self.pinned.max(self.pinned_floor) + self.optional + committed + bytes;
        let lack = wanted.checked_sub(self.limit).filter(|&lack| lack > 0)?;
        let revokes_by_itself = self.largest_revocable(|_, holder| holder.revokes_by_itself);
        revokes_by_itself
            .or_else(|| self.largest_revocable(|_, _| true))
            .map(|(largest, held)| (largest, lack.min(held)))
    }

    /// Bytes of each spilling holder that holds memory, if all had the same.
    fn fair_share(&self) -> usize {
        let spilling = self.holders.iter().flatten().filter(|holder| holder.minimum.is_some() && holder.bytes > 0);
        let pinned = self.pinned_floor.max(self.pinned + self.limit / SLACK_SHARE) + self.optional;
        self.limit.saturating_sub(pinned) / spilling.count().max(1)
    }

    /// The largest holder that can release memory and for which `may` returns `true`, and its
    /// bytes.
    fn largest_revocable(&self, may: impl Fn(HolderId, &Holder) -> bool) -> Option<(HolderId, usize)> {
        let holders = self.holders.iter().enumerate();
        let spilling = holders.filter_map(|(id, holder)| {
            let holder = holder.as_ref().filter(|holder| may(id, holder))?;
            (holder.is_revocable && holder.bytes > holder.minimum?).then_some((id, holder.bytes))
        });
        spilling.max_by_key(|&(_, bytes)| bytes)
    }
}
