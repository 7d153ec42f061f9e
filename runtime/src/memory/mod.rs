//! The memory budget: bytes are reserved before they are used, and given back by `Drop`.
//!
//! A [`Budget`] counts; it owns no memory. Pages, hash indexes and read buffers each carry the [`Reservation`] that pays
//! for them, so what is freed is given back on every path out, a panic included. Who gets how much is decided in `arbiter`, which
//! moves memory between operators while they run.

mod arbiter;
pub mod limits;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::{Error, Result};
use arbiter::{Arbiter, HolderId, Request, ReserveMode, Verdict};

/// Memory that operators may use together.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    arbiter: Arbiter,
    /// By holder, for those that spill: who to tell.
    asked: Vec<Option<Arc<RevokeRequest>>>,
    holders: usize,
}

/// What a spilling holder is asked to give back, and how it hears of it.
#[derive(Default)]
struct RevokeRequest {
    bytes: AtomicUsize,
    wake: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl RevokeRequest {
    fn tell(&self, back: usize) {
        self.bytes.fetch_max(back, Ordering::Relaxed);
        if let Some(wake) = self.wake.get() {
            wake();
        }
    }
}

impl std::fmt::Debug for RevokeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RevokeRequest({:?})", self.bytes)
    }
}

/// More than any machine has: so much of a budget is counted, so that sums stay numbers.
const MOST_BYTES: usize = 1 << 46;

/// What the budgets that somebody uses allow together.
static LIMITS: AtomicUsize = AtomicUsize::new(0);

/// What the budgets that somebody uses now allow together.
pub(crate) fn limits_bytes() -> usize {
    LIMITS.load(Ordering::Relaxed)
}

impl Budget {
    /// A budget of `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Budget {
            state: Mutex::new(State { arbiter: Arbiter::new(limit_bytes), asked: Vec::new(), holders: 0 }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The budget in bytes.
    #[must_use]
    pub fn limit_bytes(&self) -> usize {
        self.lock().arbiter.limit()
    }

    /// Bytes reserved now.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.lock().arbiter.held()
    }

    /// The most that was ever reserved at once.
    #[must_use]
    pub fn peak_bytes(&self) -> usize {
        self.lock().arbiter.peak()
    }

    /// Keeps so many bytes for what cannot be spilled, as long as the answer lives.
    #[must_use]
    pub fn reserve_for_pinned(self: &Arc<Self>, bytes: usize) -> PinnedFloor {
        self.lock().arbiter.reserve_for_pinned(bytes);
        PinnedFloor { budget: self.clone(), bytes }
    }

    /// Asks somebody to give back what is missing where `bytes` more could not be kept for somebody who is about to start; who was asked.
    #[must_use]
    pub fn request_revoke(&self, bytes: usize) -> Option<Revocation> {
        let state = self.lock();
        let (other, back) = state.arbiter.lacking(bytes)?;
        let giver = if state.arbiter.revokes_by_itself(other) { Revocation::ByItself } else { Revocation::Task };
        let asked = state.asked.get(other)?.clone()?;
        drop(state);
        asked.tell(back);
        Some(giver)
    }

    /// A new holder: a portion of another, where one is named.
    fn open(&self, minimum: Option<usize>, whole: Option<HolderId>, asked: Option<Arc<RevokeRequest>>) -> HolderId {
        let mut state = self.lock();
        let id = match (whole, minimum) {
            (Some(whole), Some(minimum)) => state.arbiter.open_child(whole, minimum),
            _ => state.arbiter.open(minimum),
        };
        if state.asked.len() <= id {
            state.asked.resize(id + 1, None);
        }
        state.asked[id] = asked;
        state.holders += 1;
        if state.holders == 1 {
            LIMITS.fetch_add(state.arbiter.limit().min(MOST_BYTES), Ordering::Relaxed);
        }
        id
    }

    fn close(&self, id: HolderId) {
        let mut state = self.lock();
        state.asked[id] = None;
        state.arbiter.close(id);
        state.holders -= 1;
        if state.holders == 0 {
            LIMITS.fetch_sub(state.arbiter.limit().min(MOST_BYTES), Ordering::Relaxed);
        }
    }

    /// Takes bytes for a holder, with regard to its team or not; whoever should give some back is told.
    fn take(&self, id: HolderId, bytes: usize, mode: ReserveMode, evenly: bool) -> Result<(), usize> {
        let mut state = self.lock();
        let beside = if evenly { state.arbiter.owed_to_team(id, bytes) } else { 0 };
        let (verdict, request) = state.arbiter.take(id, bytes, beside, mode);
        let held = state.arbiter.held();
        let told: Option<(Arc<RevokeRequest>, usize)> =
            request.and_then(|(other, back): Request| Some((state.asked.get(other)?.clone()?, back)));
        // Whoever is woken may ask for memory at once.
        drop(state);
        if let Some((asked, back)) = told {
            asked.tell(back);
        }
        if verdict == Verdict::Granted { Ok(()) } else { Err(held) }
    }

    fn give(&self, id: HolderId, bytes: usize) {
        self.lock().arbiter.give(id, bytes);
    }
}

/// Who was asked to give memory back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Its owner needs no task for it, so it comes, or is asked no more once the owner cannot.
    ByItself,
    /// A task gives it when it comes to that.
    Task,
}

/// Bytes that are kept for what cannot be spilled.
#[derive(Debug)]
pub struct PinnedFloor {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Drop for PinnedFloor {
    fn drop(&mut self) {
        self.budget.lock().arbiter.keep_pinned_no_longer(self.bytes);
    }
}

/// Who reserves, and from which budget: what a task hands to everything that needs memory. Cloning shares.
#[derive(Clone, Debug)]
pub struct Memory {
    account: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    budget: Arc<Budget>,
    owner: Arc<str>,
    id: HolderId,
    /// Where it spills.
    asked: Option<Arc<RevokeRequest>>,
    ahead: Mutex<Ahead>,
    /// Whose portion it is: counted together with it, so it stays until this one is gone.
    whole: Option<Memory>,
}

/// Bytes that an account has taken and not reserved.
#[derive(Debug, Default)]
struct Ahead {
    bytes: usize,
    /// So many stay when reservations are given back.
    kept: usize,
}

impl Account {
    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes back what was reserved.
    fn give(&self, bytes: usize) {
        let mut ahead = self.ahead();
        let stays = ahead.kept.saturating_sub(ahead.bytes).min(bytes);
        ahead.bytes += stays;
        drop(ahead);
        self.budget.give(self.id, bytes - stays);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let ahead = std::mem::take(self.ahead.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.budget.give(self.id, ahead.bytes);
        self.budget.close(self.id);
        drop(self.whole.take());
    }
}

impl Memory {
    /// Memory for `owner`, whose name stands in the error when the budget is passed. What it holds cannot be taken from it.
    #[must_use]
    pub fn new(budget: Arc<Budget>, owner: impl Into<Arc<str>>) -> Self {
        let id = budget.open(None, None, None);
        Memory::of(Account { budget, owner: owner.into(), id, asked: None, ahead: Mutex::default(), whole: None })
    }

    /// Memory of a budget of its own that nothing passes: for what somebody else has paid for, or need not pay for.
    #[must_use]
    pub fn unbounded(owner: impl Into<Arc<str>>) -> Self {
        Memory::new(Budget::new(usize::MAX / 2), owner)
    }

    /// Memory for an owner that spills: `minimum` bytes are kept for it, and it may be asked to give back what it has beyond them.
    #[must_use]
    pub fn spilling(budget: Arc<Budget>, owner: impl Into<Arc<str>>, minimum: usize) -> Self {
        let asked = Arc::new(RevokeRequest::default());
        let id = budget.open(Some(minimum), None, Some(asked.clone()));
        let asked = Some(asked);
        Memory::of(Account { budget, owner: owner.into(), id, asked, ahead: Mutex::default(), whole: None })
    }

    fn of(account: Account) -> Self {
        Memory { account: Arc::new(account) }
    }

    /// A portion for one of several tables of the same owner, which spill each by itself: `minimum` bytes of this memory's minimum are kept
    /// for it alone. What is asked back is asked of the owner.
    #[must_use]
    pub fn child(&self, minimum: usize) -> Self {
        let Account { budget, owner, id, asked, .. } = &*self.account;
        Memory::of(Account {
            id: budget.open(Some(minimum), Some(*id), asked.clone()),
            budget: budget.clone(),
            owner: owner.clone(),
            asked: asked.clone(),
            ahead: Mutex::default(),
            whole: Some(self.clone()),
        })
    }

    /// Whether the owner can give back what it has: where it cannot, it is not asked.
    pub fn set_revocable(&self, gives: bool) {
        self.account.budget.lock().arbiter.set_revocable(self.account.id, gives);
    }

    /// Its owner gives back by itself what it is asked for, whatever tasks do meanwhile, and [says](Memory::set_revocable) when there is no more to give.
    pub fn set_revokes_by_itself(&self) {
        self.account.budget.lock().arbiter.set_revokes_by_itself(self.account.id);
    }

    /// It is one of several that reserve for the tasks of one operator, all of which name the same number.
    pub fn set_operator_group(&self, group: u64) {
        self.account.budget.lock().arbiter.set_operator_group(self.account.id, group);
    }

    /// Calls `wake` when bytes are asked back.
    pub fn on_revoke_request(&self, wake: impl Fn() + Send + Sync + 'static) {
        if let Some(asked) = &self.account.asked {
            // One task owns it, and says so once.
            let _ = asked.wake.set(Box::new(wake));
        }
    }

    /// What asks its owner, from wherever, to give back; nothing for one that does not spill.
    #[must_use]
    pub fn revoke_handle(&self) -> Option<RevokeHandle> {
        self.account.asked.clone().map(RevokeHandle)
    }

    /// How many bytes it is asked to give back: said once.
    #[must_use]
    pub fn revoke_requested(&self) -> usize {
        match &self.account.asked {
            Some(asked) if asked.bytes.load(Ordering::Relaxed) > 0 => asked.bytes.swap(0, Ordering::Relaxed),
            _ => 0,
        }
    }

    /// Reserves `bytes`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when the budget would be passed; nothing is reserved then.
    pub fn reserve(&self, bytes: usize) -> Result<Reservation> {
        self.take(bytes)?;
        Ok(Reservation { memory: self.clone(), bytes })
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let account = &*self.account;
        let mut ahead = account.ahead();
        let missing = bytes.saturating_sub(ahead.bytes);
        if missing > 0 {
            account
                .budget
                .take(account.id, missing, ReserveMode::Required, false)
                .map_err(|used| self.refused(missing, used))?;
        }
        ahead.bytes -= bytes - missing;
        Ok(())
    }

    /// What to say where so many bytes cannot be had.
    fn refused(&self, need: usize, used: usize) -> Error {
        let budget = self.account.budget.limit_bytes();
        Error::OutOfMemory { operator: self.account.owner.to_string(), need, used, budget }
    }

    /// Makes sure that the next `bytes` can be reserved, and takes them ahead; whether they were granted. Where not, the owner spills and asks
    /// again; an owner that has nothing to spill has at least its minimum.
    #[must_use]
    pub fn try_reserve(&self, bytes: usize) -> bool {
        self.take_ahead(bytes, ReserveMode::MayRevoke, false)
    }

    /// As [`Memory::try_reserve`], if others of its team that are still collecting can then have as much as this one: where memory does not hold the rows of all,
    /// each has some of its own on disk, and none is left to work on when the others are done.
    #[must_use]
    pub fn try_reserve_fair(&self, bytes: usize) -> bool {
        self.take_ahead(bytes, ReserveMode::MayRevoke, true)
    }

    /// As [`Memory::try_reserve`], for who does nearly as well without: where it is refused, nobody else is asked to spill for it.
    #[must_use]
    pub fn try_reserve_idle(&self, bytes: usize) -> bool {
        self.take_ahead(bytes, ReserveMode::BestEffort, false)
    }

    fn take_ahead(&self, bytes: usize, mode: ReserveMode, evenly: bool) -> bool {
        /// Taken at once, where there is enough: asking costs a lock.
        const AT_ONCE: usize = 1 << 20;
        let account = &*self.account;
        let mut ahead = account.ahead();
        let missing = bytes.saturating_sub(ahead.bytes);
        if missing == 0 {
            return true;
        }
        for (more, mode) in [(missing.max(AT_ONCE), ReserveMode::BestEffort), (missing, mode)] {
            if account.budget.take(account.id, more, mode, evenly).is_ok() {
                ahead.bytes += more;
                return true;
            }
        }
        false
    }

    /// From now on up to so many bytes that are given back stay taken ahead: for who gives pages back and will need as many again.
    pub fn keep(&self, bytes: usize) {
        self.account.ahead().kept = bytes;
    }

    /// Gives back what was taken ahead and is not reserved, and keeps nothing any more.
    pub fn shrink(&self) {
        let account = &*self.account;
        let ahead = std::mem::take(&mut *account.ahead());
        account.budget.give(account.id, ahead.bytes);
    }

    /// Gives back what was taken ahead beyond so many bytes: how much that is.
    pub fn shrink_to(&self, bytes: usize) -> usize {
        let account = &*self.account;
        let mut ahead = account.ahead();
        let beyond = ahead.bytes.saturating_sub(bytes);
        ahead.bytes -= beyond;
        account.budget.give(account.id, beyond);
        beyond
    }

    /// The most that was held through it and its portions at once: reserved, or taken ahead.
    #[must_use]
    pub fn peak_bytes(&self) -> usize {
        self.account.budget.lock().arbiter.peak_of(self.account.id)
    }

    /// The budget behind it.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.account.budget
    }

    /// Who reserves.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.account.owner
    }
}

/// Asks an owner of memory to give back, without holding any of it.
#[derive(Clone, Debug)]
pub struct RevokeHandle(Arc<RevokeRequest>);

impl RevokeHandle {
    /// Asks for so many bytes.
    pub fn ask(&self, bytes: usize) {
        self.0.tell(bytes);
    }
}

/// Bytes of a budget that belong to somebody until dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: Memory,
    bytes: usize,
}

impl Reservation {
    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Grows or shrinks to `bytes`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the reservation is then as before.
    pub fn resize(&mut self, bytes: usize) -> Result<()> {
        if bytes > self.bytes {
            self.memory.take(bytes - self.bytes)?;
        } else {
            self.memory.account.give(self.bytes - bytes);
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Some of the bytes, or all where there are no more, as a reservation of their own: nobody else can have them in between.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Reservation {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Reservation { memory: self.memory.clone(), bytes }
    }

    /// Gives all bytes up, but not back: they stay taken ahead, for what the same owner reserves next.
    pub fn leave_ahead(&mut self) {
        self.memory.account.ahead().bytes += std::mem::take(&mut self.bytes);
    }

    /// Gives all bytes back.
    pub fn release(&mut self) {
        self.memory.account.give(std::mem::take(&mut self.bytes));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_counted_and_given_back() {
        let budget = Budget::new(100);
        let memory = Memory::new(budget.clone(), "sort");
        let mut first = memory.reserve(60).unwrap();
        let refused = memory.reserve(41).unwrap_err().to_string();
        assert!(refused.contains("sort") && refused.contains("41 B") && refused.contains("60 B"), "{refused}");
        first.resize(10).unwrap();
        let second = memory.reserve(90).unwrap();
        assert!(first.resize(11).is_err());
        assert_eq!((budget.used_bytes(), budget.peak_bytes()), (100, 100));
        drop((first, second));
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn what_is_taken_ahead_is_there_when_it_is_needed_and_goes_back() {
        let budget = Budget::new(64 << 20);
        let memory = Memory::spilling(budget.clone(), "sort", 1 << 20);
        assert!(memory.try_reserve(10 << 20));
        let greedy = Memory::new(budget.clone(), "greedy");
        let rest = greedy.reserve(54 << 20).unwrap();
        let page = memory.reserve(10 << 20).unwrap();
        assert!(!memory.try_reserve(1), "nothing is left");
        assert!(memory.reserve(1).is_err());
        drop((page, rest));
        assert!(memory.try_reserve(1) && budget.used_bytes() > 0);
        memory.shrink();
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn who_does_as_well_without_asks_nobody_to_spill() {
        let budget = Budget::new(64 << 20);
        let (table, other) =
            (Memory::spilling(budget.clone(), "table", 0), Memory::spilling(budget.clone(), "other", 0));
        assert!(other.try_reserve(1 << 20));
        while table.try_reserve(table.peak_bytes() + 1) {}
        assert!(!other.try_reserve_idle(4 << 20));
        assert_eq!(table.revoke_requested(), 0);
        assert!(!other.try_reserve(4 << 20));
        assert!(table.revoke_requested() > 0);
        table.shrink();
        other.shrink();
    }

    #[test]
    fn what_is_ahead_beyond_what_is_needed_goes_back() {
        let budget = Budget::new(64 << 20);
        let memory = Memory::spilling(budget.clone(), "table", 0);
        assert!(memory.try_reserve(5 << 20));
        let page = memory.reserve(1 << 20).unwrap();
        assert_eq!((memory.shrink_to(3 << 20), memory.shrink_to(3 << 20), budget.used_bytes()), (1 << 20, 0, 4 << 20));
        drop(page);
        memory.shrink();
    }

    #[test]
    fn what_is_given_back_stays_as_far_as_it_is_kept() {
        let budget = Budget::new(64 << 20);
        let memory = Memory::spilling(budget.clone(), "sort", 0);
        memory.keep(3 << 20);
        let page = memory.reserve(8 << 20).unwrap();
        drop(page);
        assert_eq!(budget.used_bytes(), 3 << 20);
        let page = memory.reserve(2 << 20).unwrap();
        assert_eq!(budget.used_bytes(), 3 << 20);
        drop(page);
        memory.shrink();
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn what_is_left_ahead_is_nobody_elses() {
        let budget = Budget::new(64 << 20);
        let memory = Memory::spilling(budget.clone(), "join", 0);
        let mut room = memory.reserve(3 << 20).unwrap();
        room.leave_ahead();
        assert_eq!((room.bytes(), budget.used_bytes()), (0, 3 << 20));
        let greedy = Memory::new(budget.clone(), "greedy").reserve(61 << 20).unwrap();
        room.resize(3 << 20).unwrap();
        drop((room, greedy));
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn each_owner_knows_the_most_that_it_held() {
        let budget = Budget::new(64 << 20);
        let (first, second) = (Memory::new(budget.clone(), "first"), Memory::spilling(budget.clone(), "second", 0));
        let mut page = first.reserve(300).unwrap();
        page.resize(100).unwrap();
        drop(first.clone().reserve(150).unwrap());
        assert!(second.try_reserve(2 << 20));
        second.shrink();
        assert_eq!((first.peak_bytes(), second.peak_bytes()), (300, 2 << 20));
        drop((page, first));
        // Whoever gets its number begins anew.
        assert_eq!(Memory::new(budget, "third").peak_bytes(), 0);
    }

    #[test]
    fn a_portion_is_its_owners_and_can_always_be_had() {
        let budget = Budget::new(16 << 20);
        let whole = Memory::spilling(budget.clone(), "tables", 6 << 20);
        let portion = whole.child(4 << 20);
        let greedy = Memory::spilling(budget.clone(), "greedy", 0);
        let granted = (1..=16).take_while(|mib| greedy.try_reserve(mib << 20)).count();
        assert!((8..10).contains(&granted), "{granted} MiB beyond the least of 6, and some slack");
        let (mine, refused) = (portion.reserve(4 << 20).unwrap(), portion.reserve(4 << 20).unwrap_err());
        assert!(refused.to_string().contains("tables"), "{refused}");
        let rest = whole.reserve(2 << 20).unwrap();
        assert_eq!((whole.peak_bytes(), portion.owner()), (6 << 20, "tables"));
        drop((mine, rest, whole));
        drop(portion);
        greedy.shrink();
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn an_owner_is_told_when_it_should_give_back() {
        let budget = Budget::new(64 << 20);
        let (first, second) =
            (Memory::spilling(budget.clone(), "first", 0), Memory::spilling(budget, "second", 1 << 20));
        let woken = Arc::new(AtomicUsize::new(0));
        let wakes = woken.clone();
        first.on_revoke_request(move || {
            wakes.fetch_add(1, Ordering::Relaxed);
        });
        assert!(first.try_reserve(58 << 20) && second.try_reserve(1 << 20) && !second.try_reserve(3 << 20));
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        assert!(first.revoke_requested() > 20 << 20);
        assert_eq!((first.revoke_requested(), second.revoke_requested()), (0, 0));
    }
}
