//! [`Budget`]: the memory that operators share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::arbiter::{Arbiter, HolderId, Request, ReserveMode, Verdict};
use super::revocation::{Revocation, RevokeRequest};

/// The memory that operators share, and the bytes of each holder.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) arbiter: Arbiter,
    /// By holder, the requests to release memory. `None` for holders that do not spill.
    revoke_requests: Vec<Option<Arc<RevokeRequest>>>,
    holders: usize,
}

/// A budget above this is unlimited: no machine has more memory.
const MAX_BYTES: usize = 1 << 46;

/// The sum of the limits of all budgets in use. A budget without limit adds nothing.
static LIMITS: AtomicUsize = AtomicUsize::new(0);

/// Bytes on the heap that all reservations hold.
static HEAP: AtomicUsize = AtomicUsize::new(0);

/// The callback of [`on_heap_growth`].
static ON_HEAP_GROWTH: OnceLock<fn()> = OnceLock::new();

/// Growth of [`HEAP`] in bytes between two calls of [`ON_HEAP_GROWTH`].
const HEAP_STEP: usize = 4 << 20;

/// The least value of [`HEAP`] since the last call of [`ON_HEAP_GROWTH`].
static HEAP_AFTER_CALL: AtomicUsize = AtomicUsize::new(0);

/// The bytes that pages may take: the limits of all budgets in use, without what is reserved on the
/// heap.
pub(crate) fn bytes_for_pages() -> usize {
    LIMITS.load(Ordering::Relaxed).saturating_sub(HEAP.load(Ordering::Relaxed))
}

/// The bytes that a budget adds to [`LIMITS`].
fn counted_limit(limit: usize) -> usize {
    if limit > MAX_BYTES { 0 } else { limit }
}

/// Sets the function that is called when reserved bytes on the heap have grown by [`HEAP_STEP`].
/// Resident pages may then exceed [`bytes_for_pages`]. Only the first callback is kept.
pub(crate) fn on_heap_growth(callback: fn()) {
    let _ = ON_HEAP_GROWTH.set(callback);
}

/// Counts bytes on the heap that are reserved from now on.
pub(super) fn add_heap(bytes: usize) {
    let heap = HEAP.fetch_add(bytes, Ordering::Relaxed) + bytes;
    if has_grown(heap, &HEAP_AFTER_CALL)
        && let Some(callback) = ON_HEAP_GROWTH.get()
    {
        callback();
    }
}

/// Counts bytes on the heap as no longer reserved.
pub(super) fn remove_heap(bytes: usize) {
    let heap = HEAP.fetch_sub(bytes, Ordering::Relaxed) - bytes;
    HEAP_AFTER_CALL.fetch_min(heap, Ordering::Relaxed);
}

/// Returns `true` if `heap` exceeds `after_call` by a step. It then becomes the new `after_call`.
/// Returns `true` in only one of several threads.
fn has_grown(heap: usize, after_call: &AtomicUsize) -> bool {
    let last = after_call.load(Ordering::Relaxed);
    let is_step = heap.saturating_sub(last) >= HEAP_STEP;
    is_step && after_call.compare_exchange(last, heap, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

impl Budget {
    /// A budget of `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Budget {
            state: Mutex::new(State { arbiter: Arbiter::new(limit_bytes), revoke_requests: Vec::new(), holders: 0 }),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
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

    /// Returns `true` if at most half of the budget is reserved now.
    #[must_use]
    pub fn is_half_free(&self) -> bool {
        let state = self.lock();
        state.arbiter.held() <= state.arbiter.limit() / 2
    }

    /// Most bytes that were reserved at one time.
    #[must_use]
    pub fn peak_bytes(&self) -> usize {
        self.lock().arbiter.peak()
    }

    /// Reserves `bytes` for memory that cannot be spilled, until the guard is dropped.
    #[must_use]
    pub fn reserve_for_pinned(self: &Arc<Self>, bytes: usize) -> PinnedFloor {
        self.lock().arbiter.reserve_for_pinned(bytes);
        PinnedFloor { budget: self.clone(), bytes }
    }

    /// Asks a holder to release memory if `bytes` more cannot be reserved for an operator that is
    /// about to start. Returns how the holder releases it. `None` if no holder was asked.
    #[must_use]
    pub fn request_revoke(&self, bytes: usize) -> Option<Revocation> {
        let state = self.lock();
        let (other, wanted_bytes) = state.arbiter.request_for_start(bytes)?;
        let revocation = if state.arbiter.revokes_by_itself(other) { Revocation::ByItself } else { Revocation::Task };
        let revoke_request = state.revoke_requests.get(other)?.clone()?;
        drop(state);
        revoke_request.send(wanted_bytes);
        Some(revocation)
    }

    /// Adds a holder. With `parent` and a minimum, it is a child of `parent`.
    pub(super) fn open(
        &self,
        minimum: Option<usize>,
        parent: Option<HolderId>,
        revoke_request: Option<Arc<RevokeRequest>>,
    ) -> HolderId {
        let mut state = self.lock();
        let id = match (parent, minimum) {
            (Some(parent), Some(minimum)) => state.arbiter.open_child(parent, minimum),
            _ => state.arbiter.open(minimum),
        };
        if state.revoke_requests.len() <= id {
            state.revoke_requests.resize(id + 1, None);
        }
        state.revoke_requests[id] = revoke_request;
        state.holders += 1;
        if state.holders == 1 {
            LIMITS.fetch_add(counted_limit(state.arbiter.limit()), Ordering::Relaxed);
        }
        id
    }

    pub(super) fn close(&self, id: HolderId) {
        let mut state = self.lock();
        state.revoke_requests[id] = None;
        state.arbiter.close(id);
        state.holders -= 1;
        if state.holders == 0 {
            LIMITS.fetch_sub(counted_limit(state.arbiter.limit()), Ordering::Relaxed);
        }
    }

    /// Takes bytes for a holder. If `fair`, other members of its group must be able to have as
    /// much. Sends the request to release memory, if there is one.
    ///
    /// # Errors
    /// Returns the bytes held by all holders if the bytes are refused.
    pub(super) fn take(&self, id: HolderId, bytes: usize, mode: ReserveMode, fair: bool) -> Result<(), usize> {
        let mut state = self.lock();
        let left_for_group = if fair { state.arbiter.owed_to_group(id, bytes) } else { 0 };
        let (verdict, request) = state.arbiter.take(id, bytes, left_for_group, mode);
        let held = state.arbiter.held();
        let to_send: Option<(Arc<RevokeRequest>, usize)> = request.and_then(|(other, wanted_bytes): Request| {
            Some((state.revoke_requests.get(other)?.clone()?, wanted_bytes))
        });
        // The woken owner may request memory immediately, which takes the lock.
        drop(state);
        if let Some((revoke_request, wanted_bytes)) = to_send {
            revoke_request.send(wanted_bytes);
        }
        if verdict == Verdict::Granted { Ok(()) } else { Err(held) }
    }

    pub(super) fn release(&self, id: HolderId, bytes: usize) {
        self.lock().arbiter.release(id, bytes);
    }
}

/// Bytes that are reserved for memory that cannot be spilled.
#[derive(Debug)]
pub struct PinnedFloor {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Drop for PinnedFloor {
    fn drop(&mut self) {
        self.budget.lock().arbiter.release_pinned_floor(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heap_growth_is_reported_once_per_step() {
        let after_call = AtomicUsize::new(0);
        assert!(!has_grown(HEAP_STEP - 1, &after_call));
        assert!(has_grown(HEAP_STEP + 5, &after_call));
        assert!(!has_grown(2 * HEAP_STEP, &after_call));
        assert!(has_grown(2 * HEAP_STEP + 5, &after_call));
        assert!(!has_grown(HEAP_STEP, &after_call));
    }
}
