//! Who gets memory: arithmetic over what everybody holds, without a thread or a clock.
//!
//! Two kinds of holders share the budget. What a *pinned* holder has cannot be taken from it: pages on their way, a table that does not
//! spill. A *spilling* holder gives back when it is asked to, and has a minimum that is kept for it from its first day on, whether it
//! uses it or not; so who starts late can always start. Beyond its minimum a spilling holder takes what is free. When
//! nothing is, the one that holds most is asked to go down to the fair share, if the one that asks is below it; else the one that asks
//! spills what it has. Nobody waits for anybody, so nobody waits for ever.
//!
//! Pinned holders need more where records are longer than a page. That is learned from the first of them: from then on, spilling holders leave as
//! much room as there are long records on their way, up to half of the budget.
//!
//! Memory moves while operators run: shares are worked out anew each time somebody asks (static shares of the whole plan are what
//! FLINK-1101 complains of).

#[cfg(test)]
mod tests;

use super::limits::{LONG_SHARE, SLACK_SHARE};

/// A holder's number.
pub(super) type HolderId = usize;

/// How somebody wants memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReserveMode {
    /// It cannot do without.
    Required,
    /// It can spill, so it leaves some slack beyond its own minimum; where it is refused, another may be asked to give back.
    MayRevoke,
    /// As `MayRevoke`, but nobody is asked.
    BestEffort,
}

/// What somebody who wants memory is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    Refused,
}

/// Bytes that a holder should give back.
pub(super) type Request = (HolderId, usize);

#[derive(Debug)]
struct Holder {
    bytes: usize,
    /// What it and its portions have, and the most they ever had.
    together: usize,
    peak: usize,
    /// `None` for a pinned holder.
    minimum: Option<usize>,
    /// What of a pinned holder's bytes it asked for politely.
    extra: usize,
    /// The most bytes that a pinned holder needed at a time.
    needed: usize,
    /// How many pages a pinned holder has at a time.
    pages: usize,
    /// The holder of which it is a portion.
    whole: Option<HolderId>,
    /// Whether it can still give back what it has.
    gives: bool,
    /// Whether it does so by itself, whatever tasks do meanwhile.
    by_itself: bool,
    /// Those that reserve for other tasks of the same operator have the same.
    group: Option<u64>,
}

impl Holder {
    /// What a pinned holder will need beyond what it has, where records have runs of `run_bytes`.
    fn missing_for(&self, run_bytes: usize) -> usize {
        if self.minimum.is_some() {
            return 0;
        }
        let expected = self.needed.max(self.pages * run_bytes);
        expected.saturating_sub(self.bytes - self.extra)
    }

    /// What nobody else may have.
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
    /// Bytes that pinned holders needed, and what is kept for these.
    pinned: usize,
    pinned_floor: usize,
    /// Bytes that pinned holders have besides, which they could have done without: nothing is kept for these.
    extra: usize,
    held: usize,
    peak: usize,
    /// The largest run of pages that a record took; 0 if each fits a page.
    longest_run: usize,
}

impl Arbiter {
    pub(super) fn new(limit: usize) -> Self {
        let (holders, vacant) = (Vec::new(), Vec::new());
        Arbiter { limit, holders, vacant, pinned: 0, pinned_floor: 0, extra: 0, held: 0, peak: 0, longest_run: 0 }
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

    /// A new holder without memory: a pinned one, or one that spills and for which a minimum is kept.
    pub(super) fn open(&mut self, minimum: Option<usize>) -> HolderId {
        let gives = minimum.is_some();
        let holder = Some(Holder {
            bytes: 0,
            together: 0,
            peak: 0,
            minimum,
            extra: 0,
            needed: 0,
            pages: 0,
            whole: None,
            gives,
            by_itself: false,
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

    /// A spilling holder whose minimum is taken off another's, which must not leave before it.
    pub(super) fn open_child(&mut self, whole: HolderId, minimum: usize) -> HolderId {
        if let Some(Holder { minimum: Some(rest), .. }) = &mut self.holders[whole] {
            *rest = rest.saturating_sub(minimum);
        }
        let id = self.open(Some(minimum));
        if let Some(portion) = &mut self.holders[id] {
            portion.whole = Some(whole);
        }
        id
    }

    /// Whether a spilling holder can give back what it has: else it is not asked.
    pub(super) fn set_revocable(&mut self, id: HolderId, gives: bool) {
        if let Some(holder) = &mut self.holders[id] {
            holder.gives = gives;
        }
    }

    /// A record takes a run of `bytes`.
    pub(super) fn note_run(&mut self, bytes: usize) {
        self.longest_run = self.longest_run.max(bytes);
    }

    /// The largest run that a record took; 0 if each fits a page.
    pub(super) fn longest_run(&self) -> usize {
        self.longest_run
    }

    /// How many pages a pinned holder has at a time.
    pub(super) fn set_pages(&mut self, id: HolderId, pages: usize) {
        if let Some(holder) = &mut self.holders[id] {
            holder.pages = pages;
        }
    }

    /// A spilling holder needs no task to give back what it has.
    pub(super) fn set_revokes_by_itself(&mut self, id: HolderId) {
        if let Some(holder) = &mut self.holders[id] {
            holder.by_itself = true;
        }
    }

    /// Whether a holder needs no task to give back.
    pub(super) fn revokes_by_itself(&self, id: HolderId) -> bool {
        self.holders[id].as_ref().is_some_and(|holder| holder.by_itself)
    }

    /// A holder is one of several that do the same work, each with a part of the rows.
    pub(super) fn set_operator_group(&mut self, id: HolderId, group: u64) {
        if let Some(holder) = &mut self.holders[id] {
            holder.group = Some(group);
        }
    }

    /// What others of its team lack to have as much as a holder with so many bytes more, as far as they are still collecting. Who has little so far is
    /// not expected to need as much: at most to double what it has.
    pub(super) fn owed_to_team(&self, id: HolderId, more: usize) -> usize {
        let Some(own) = self.holders[id].as_ref().filter(|own| own.group.is_some()) else { return 0 };
        let others = self.holders.iter().enumerate().filter(|&(other, _)| other != id);
        let group =
            others.filter_map(|(_, other)| other.as_ref()).filter(|other| other.group == own.group && other.gives);
        group.map(|other| (own.bytes + more).saturating_sub(other.committed()).min(other.bytes)).sum()
    }

    /// A holder leaves; it has given everything back.
    pub(super) fn close(&mut self, id: HolderId) {
        debug_assert!(self.holders[id].as_ref().is_some_and(|holder| holder.bytes == 0));
        self.holders[id] = None;
        self.vacant.push(id);
        if self.vacant.len() == self.holders.len() {
            self.longest_run = 0;
        }
    }

    /// The most that a holder and its portions ever had together.
    pub(super) fn peak_of(&self, id: HolderId) -> usize {
        self.holders[id].as_ref().map_or(0, |holder| holder.peak)
    }

    /// Keeps so many bytes more for pinned holders together.
    pub(super) fn reserve_for_pinned(&mut self, bytes: usize) {
        self.pinned_floor += bytes;
    }

    pub(super) fn keep_pinned_no_longer(&mut self, bytes: usize) {
        self.pinned_floor -= bytes;
    }

    /// What is left when everybody has what is theirs, and `id` has `more` bytes more.
    fn left(&self, id: HolderId, more: usize, mode: ReserveMode) -> Option<usize> {
        let (mut pinned, mut committed, mut long_records) = (self.pinned, self.extra, 0);
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
                // What is kept for pinned holders is kept for what they need.
                *if mode == ReserveMode::Required { &mut pinned } else { &mut committed } += more;
            }
        }
        let unused = self.pinned_floor.saturating_sub(pinned);
        let pinned = pinned
            + match mode {
                // What is kept for pinned holders is more than they mostly use. Who would fail without it may have half of the rest.
                ReserveMode::Required if self.is_spilling(id) => unused / 2,
                ReserveMode::Required => 0,
                ReserveMode::MayRevoke | ReserveMode::BestEffort => {
                    unused.max(self.limit / SLACK_SHARE).max(long_records.min(self.limit / LONG_SHARE))
                }
            };
        self.limit.checked_sub(pinned.saturating_add(committed))
    }

    /// Gives `id` so many bytes, if that leaves everybody their minimum, and as much free as is named; and who should give some back.
    pub(super) fn take(
        &mut self,
        id: HolderId,
        bytes: usize,
        beside: usize,
        mode: ReserveMode,
    ) -> (Verdict, Option<Request>) {
        let (holds, minimum) = match &self.holders[id] {
            Some(holder) => (holder.bytes, holder.minimum),
            None => return (Verdict::Refused, None),
        };
        let own = minimum.is_some_and(|minimum| holds + bytes <= minimum);
        if !own && self.left(id, bytes + beside, mode).is_none() {
            let request = if mode == ReserveMode::BestEffort { None } else { self.whom_to_ask(id, bytes) };
            return (Verdict::Refused, request);
        }
        if let Some(holder) = &mut self.holders[id] {
            holder.bytes += bytes;
            if minimum.is_none() && mode != ReserveMode::Required {
                holder.extra += bytes;
                self.extra += bytes;
            } else {
                holder.needed = holder.needed.max(holder.bytes - holder.extra);
            }
        }
        if let Some(whole) = self.whole(id) {
            whole.together += bytes;
            whole.peak = whole.peak.max(whole.together);
        }
        self.held += bytes;
        self.peak = self.peak.max(self.held);
        let is_pinned = minimum.is_none() && mode == ReserveMode::Required;
        (Verdict::Granted, if is_pinned { self.pin(id, bytes) } else { None })
    }

    /// Counts bytes as pinned. Pinned holders cannot wait, so memory is requested before none is left.
    fn pin(&mut self, id: HolderId, bytes: usize) -> Option<Request> {
        self.pinned += bytes;
        if self.left(id, self.limit / SLACK_SHARE / 2, ReserveMode::Required).is_some() {
            return None;
        }
        self.largest(|other, _| other != id).map(|(largest, _)| (largest, self.limit / SLACK_SHARE))
    }

    /// The holder that a holder is a portion of: mostly itself.
    fn whole(&mut self, id: HolderId) -> Option<&mut Holder> {
        let whole = self.holders[id].as_ref()?.whole.unwrap_or(id);
        self.holders[whole].as_mut()
    }

    fn is_spilling(&self, id: HolderId) -> bool {
        self.holders[id].as_ref().is_some_and(|holder| holder.minimum.is_some())
    }

    pub(super) fn give(&mut self, id: HolderId, bytes: usize) {
        if let Some(whole) = self.whole(id) {
            whole.together -= bytes;
        }
        if let Some(holder) = &mut self.holders[id] {
            holder.bytes -= bytes;
            if holder.minimum.is_none() {
                let extra = bytes.min(holder.extra);
                holder.extra -= extra;
                self.extra -= extra;
                self.pinned -= bytes - extra;
            }
            self.held -= bytes;
        }
    }

    /// Who should give back, where `id` was refused: the spilling holder with most, where it has more than its fair share and `id` less.
    fn whom_to_ask(&self, id: HolderId, bytes: usize) -> Option<Request> {
        let fair = self.fair_share();
        let own = self.holders[id].as_ref().filter(|holder| holder.minimum.is_some());
        if own.is_some_and(|own| own.bytes + bytes > fair) {
            return None;
        }
        let (largest, held) = self.largest(|other, _| other != id)?;
        (held > fair).then(|| (largest, (held - fair).max(bytes.min(held))))
    }

    /// Who should give back, and how much, where `bytes` more could not be kept for somebody: who gives by itself before all others. `None` also where nobody
    /// has more than its minimum.
    pub(super) fn lacking(&self, bytes: usize) -> Option<Request> {
        let committed: usize = self.holders.iter().flatten().map(Holder::committed).sum();
        let wanted = self.pinned.max(self.pinned_floor) + self.extra + committed + bytes;
        let lack = wanted.checked_sub(self.limit).filter(|&lack| lack > 0)?;
        let by_itself = self.largest(|_, holder| holder.by_itself);
        by_itself.or_else(|| self.largest(|_, _| true)).map(|(largest, held)| (largest, lack.min(held)))
    }

    /// What each spilling holder that holds anything could have if they all had the same.
    fn fair_share(&self) -> usize {
        let spilling = self.holders.iter().flatten().filter(|holder| holder.minimum.is_some() && holder.bytes > 0);
        let pinned = self.pinned_floor.max(self.pinned + self.limit / SLACK_SHARE) + self.extra;
        self.limit.saturating_sub(pinned) / spilling.count().max(1)
    }

    /// Who holds most of those that can give, and how much.
    fn largest(&self, may: impl Fn(HolderId, &Holder) -> bool) -> Option<(HolderId, usize)> {
        let holders = self.holders.iter().enumerate();
        let spilling = holders.filter_map(|(id, holder)| {
            let holder = holder.as_ref().filter(|holder| may(id, holder))?;
            (holder.gives && holder.bytes > holder.minimum?).then_some((id, holder.bytes))
        });
        spilling.max_by_key(|&(_, bytes)| bytes)
    }
}
