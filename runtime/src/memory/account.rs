//! Accounts: a task passes a [`Memory`] to all code that needs memory.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::arbiter::{HolderId, ReserveMode};
use super::budget::Budget;
use super::revocation::{RevokeHandle, RevokeRequest};
use crate::error::{Error, Result};

mod reservation;

pub use reservation::Reservation;

/// The account of one owner with a budget. Clones share the account.
#[derive(Clone, Debug)]
pub struct Memory {
    account: Arc<Account>,
}

#[derive(Debug)]
struct Account {
    budget: Arc<Budget>,
    owner: Arc<str>,
    id: HolderId,
    /// Requests to release memory. `None` for an owner that does not spill.
    revoke_request: Option<Arc<RevokeRequest>>,
    ahead: Mutex<Ahead>,
    /// The account of which this is a child. It is charged together with it, so it is closed later.
    parent: Option<Memory>,
}

/// Bytes taken from the budget but not reserved.
#[derive(Debug, Default)]
struct Ahead {
    bytes: usize,
    /// Released reservations stay taken ahead up to this many bytes.
    keep_bytes: usize,
}

impl Account {
    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Releases reserved bytes.
    fn release(&self, bytes: usize) {
        let mut ahead = self.ahead();
        let stays = ahead.keep_bytes.saturating_sub(ahead.bytes).min(bytes);
        ahead.bytes += stays;
        drop(ahead);
        self.budget.release(self.id, bytes - stays);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let ahead = std::mem::take(self.ahead.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.budget.release(self.id, ahead.bytes);
        self.budget.close(self.id);
        drop(self.parent.take());
    }
}

impl Memory {
    /// An account whose memory cannot be revoked. Errors name the `owner` if the budget is
    /// exceeded.
    #[must_use]
    pub fn new(budget: Arc<Budget>, owner: impl Into<Arc<str>>) -> Self {
        let id = budget.open(None, None, None);
        Memory::of(Account {
            budget,
            owner: owner.into(),
            id,
            revoke_request: None,
            ahead: Mutex::default(),
            parent: None,
        })
    }

    /// An account with an unlimited budget of its own. For memory that is already paid for, or need
    /// not be.
    #[must_use]
    pub fn unbounded(owner: impl Into<Arc<str>>) -> Self {
        Memory::new(Budget::new(usize::MAX / 2), owner)
    }

    /// An account of an owner that spills. `minimum` bytes are always granted to it. It may be
    /// asked to release memory beyond them.
    #[must_use]
    pub fn spilling(budget: Arc<Budget>, owner: impl Into<Arc<str>>, minimum: usize) -> Self {
        let revoke_request = Arc::new(RevokeRequest::default());
        let id = budget.open(Some(minimum), None, Some(revoke_request.clone()));
        let revoke_request = Some(revoke_request);
        Memory::of(Account { budget, owner: owner.into(), id, revoke_request, ahead: Mutex::default(), parent: None })
    }

    fn of(account: Account) -> Self {
        Memory { account: Arc::new(account) }
    }

    /// A child account, for one of several tables of the owner that spill separately. `minimum`
    /// bytes of this account's minimum are moved to it. Requests to release memory go to the owner.
    #[must_use]
    pub fn child(&self, minimum: usize) -> Self {
        let Account { budget, owner, id, revoke_request, .. } = &*self.account;
        Memory::of(Account {
            id: budget.open(Some(minimum), Some(*id), revoke_request.clone()),
            budget: budget.clone(),
            owner: owner.clone(),
            revoke_request: revoke_request.clone(),
            ahead: Mutex::default(),
            parent: Some(self.clone()),
        })
    }

    /// Sets whether the owner can release memory. If not, it is not asked to.
    pub fn set_revocable(&self, is_revocable: bool) {
        self.account.budget.lock().arbiter.set_revocable(self.account.id, is_revocable);
    }

    /// States that the owner releases memory on request without a task. It must call
    /// [`set_revocable`](Memory::set_revocable) once it has no more to release.
    pub fn set_revokes_by_itself(&self) {
        self.account.budget.lock().arbiter.set_revokes_by_itself(self.account.id);
    }

    /// Adds the account to a group: the accounts of the tasks of one operator. All pass the same
    /// number.
    pub fn set_operator_group(&self, group: u64) {
        self.account.budget.lock().arbiter.set_operator_group(self.account.id, group);
    }

    /// States that the owner does not spill, and holds this number of pages at a time. Memory for
    /// them is left free once a record is longer than a page.
    pub fn set_pages(&self, pages: usize) {
        self.account.budget.lock().arbiter.set_pages(self.account.id, pages);
    }

    /// Notes in the budget that a record is longer than a page and takes a run of `bytes`. Reserves
    /// nothing.
    pub(crate) fn note_run(&self, bytes: usize) {
        self.account.budget.lock().arbiter.note_run(bytes);
    }

    /// Calls `wake` when the owner is asked to release memory. Only the first callback is kept.
    pub fn on_revoke_request(&self, wake: impl Fn() + Send + Sync + 'static) {
        if let Some(revoke_request) = &self.account.revoke_request {
            // One task owns it, and sets the callback once.
            let _ = revoke_request.wake.set(Box::new(wake));
        }
    }

    /// A handle that asks the owner to release memory. `None` for an owner that does not spill.
    #[must_use]
    pub fn revoke_handle(&self) -> Option<RevokeHandle> {
        self.account.revoke_request.clone().map(RevokeHandle)
    }

    /// Returns the bytes that the owner is asked to release, and resets them to 0.
    #[must_use]
    pub fn revoke_requested(&self) -> usize {
        match &self.account.revoke_request {
            Some(revoke_request) if revoke_request.bytes.load(Ordering::Relaxed) > 0 => {
                revoke_request.bytes.swap(0, Ordering::Relaxed)
            }
            _ => 0,
        }
    }

    /// Reserves `bytes` on the heap, for memory that the caller cannot work without. Never waits.
    ///
    /// If little memory is left, the operator that holds most is asked to spill. Bytes that were
    /// taken ahead by [`try_reserve`](Memory::try_reserve) are used first.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] if the budget cannot grant `bytes`. Nothing is reserved then.
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
                .map_err(|used| self.out_of_memory(missing, used))?;
        }
        ahead.bytes -= bytes - missing;
        Ok(())
    }

    /// The error for `need` bytes that were refused.
    fn out_of_memory(&self, need: usize, used: usize) -> Error {
        let budget = self.account.budget.limit_bytes();
        let longest_run = self.account.budget.lock().arbiter.longest_run();
        Error::OutOfMemory { operator: self.account.owner.to_string(), need, used, budget, longest_run }
    }

    /// Takes `bytes` ahead, so that reservations of as many bytes succeed. Returns `false` if they
    /// are refused. The owner then spills and tries again. An owner with nothing to spill gets at
    /// least its minimum.
    #[must_use]
    pub fn try_reserve(&self, bytes: usize) -> bool {
        self.take_ahead(bytes, ReserveMode::MayRevoke, false)
    }

    /// As [`Memory::try_reserve`], but fair in the operator's group: members that still collect
    /// rows must be able to hold as much as this one. If memory is too small for all their rows,
    /// every task then has some rows on disk, and no task is left working after the others have
    /// finished.
    #[must_use]
    pub fn try_reserve_fair(&self, bytes: usize) -> bool {
        self.take_ahead(bytes, ReserveMode::MayRevoke, true)
    }

    /// As [`Memory::try_reserve`], but never asks another operator to spill. For memory that the
    /// caller does nearly as well without.
    #[must_use]
    pub fn try_reserve_idle(&self, bytes: usize) -> bool {
        self.take_ahead(bytes, ReserveMode::BestEffort, false)
    }

    fn take_ahead(&self, bytes: usize, mode: ReserveMode, fair: bool) -> bool {
        /// Bytes that are taken together if they are free, because each request takes a lock.
        const BATCH_BYTES: usize = 1 << 20;
        let account = &*self.account;
        let mut ahead = account.ahead();
        let missing = bytes.saturating_sub(ahead.bytes);
        if missing == 0 {
            return true;
        }
        for (more, mode) in [(missing.max(BATCH_BYTES), ReserveMode::BestEffort), (missing, mode)] {
            if account.budget.take(account.id, more, mode, fair).is_ok() {
                ahead.bytes += more;
                return true;
            }
        }
        false
    }

    /// From now on, up to `bytes` bytes of released reservations stay taken ahead. For owners that
    /// release pages and soon need as many again.
    pub fn keep(&self, bytes: usize) {
        self.account.ahead().keep_bytes = bytes;
    }

    /// Releases the bytes that are taken ahead, and undoes [`keep`](Memory::keep).
    pub fn shrink(&self) {
        let account = &*self.account;
        let ahead = std::mem::take(&mut *account.ahead());
        account.budget.release(account.id, ahead.bytes);
    }

    /// Releases the bytes that are taken ahead beyond `bytes`. Returns their number.
    pub fn shrink_to(&self, bytes: usize) -> usize {
        let account = &*self.account;
        let mut ahead = account.ahead();
        let beyond = ahead.bytes.saturating_sub(bytes);
        ahead.bytes -= beyond;
        account.budget.release(account.id, beyond);
        beyond
    }

    /// Most bytes that the account and its children held at one time, reserved or taken ahead.
    #[must_use]
    pub fn peak_bytes(&self) -> usize {
        self.account.budget.lock().arbiter.peak_of(self.account.id)
    }

    /// The budget.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.account.budget
    }

    /// Name of the owner.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.account.owner
    }
}
