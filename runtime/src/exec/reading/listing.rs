//! Lists the splits of an endless source periodically, for all tasks of a job.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::source::{Scan, Source, SplitList};
use crate::storage::Blocking;

/// Time between the end of a listing and the next.
const PAUSE: Duration = Duration::from_millis(50);

/// The list of an endless source's splits. The tasks of a stage share it.
pub(in crate::exec) struct Listing {
    source: Arc<dyn Source>,
    scan: Scan,
    blocking: Arc<dyn Blocking>,
    state: Mutex<ListingState>,
}

struct ListingState {
    list: Arc<SplitList>,
    /// The time at which the list was made. `None` while a thread makes a new one.
    listed_at: Option<Instant>,
    error: Option<Error>,
}

impl Listing {
    /// `list` was made before the first task.
    pub(in crate::exec) fn new(
        source: Arc<dyn Source>,
        scan: Scan,
        blocking: Arc<dyn Blocking>,
        list: SplitList,
    ) -> Self {
        let state = ListingState { list: Arc::new(list), listed_at: Some(Instant::now()), error: None };
        Listing { source, scan, blocking, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, ListingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the present list. If it is old, a blocking thread makes a new one.
    ///
    /// # Errors
    /// The error of the last listing.
    pub(super) fn splits(self: &Arc<Self>) -> Result<Arc<SplitList>> {
        let mut state = self.lock();
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        let list = state.list.clone();
        let is_old = state.listed_at.is_some_and(|listed_at| listed_at.elapsed() >= PAUSE);
        if is_old && !list.is_complete {
            state.listed_at = None;
            drop(state);
            let listing = self.clone();
            self.blocking.submit(Box::new(move || listing.list_again()));
        }
        Ok(list)
    }

    fn list_again(&self) {
        let listed = self.source.splits(&self.scan);
        let mut state = self.lock();
        state.listed_at = Some(Instant::now());
        match listed {
            Ok(list) => state.list = Arc::new(list),
            Err(error) => state.error = Some(error),
        }
    }
}
