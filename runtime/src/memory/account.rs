//! Who reserves: what a task hands to everything that needs memory.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::arbiter::{HolderId, ReserveMode};
use super::budget::Budget;
use super::revocation::{RevokeHandle, RevokeRequest};
use crate::error::{Error, Result};

mod reservation;

pub use reservation::Reservation;

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

    /// The owner does not spill, and holds this number of pages at a time. Room for them is kept
    /// once a record is longer than a page.
    pub fn set_pages(&self, pages: usize) {
        self.account.budget.lock().arbiter.set_pages(self.account.id, pages);
    }

    /// Notes in the budget that a record is longer than a page and takes a run of `bytes`. Reserves
    /// nothing.
    pub(crate) fn note_run(&self, bytes: usize) {
        self.account.budget.lock().arbiter.note_run(bytes);
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

    /// Reserves `bytes` on the heap.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when the budget would be passed; nothing is reserved then.
    pub fn reserve(&self, bytes: usize) -> Result<Reservation> {
        self.take(bytes)?;
        Ok(Reservation::new(self.clone(), bytes, false))
    }

    /// Reserves `bytes` of pages.
    ///
    /// # Errors
    /// As [`Memory::reserve`].
    pub fn reserve_pages(&self, bytes: usize) -> Result<Reservation> {
        self.take(bytes)?;
        Ok(Reservation::new(self.clone(), bytes, true))
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
        let longest_run = self.account.budget.lock().arbiter.longest_run();
        Error::OutOfMemory { operator: self.account.owner.to_string(), need, used, budget, longest_run }
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
