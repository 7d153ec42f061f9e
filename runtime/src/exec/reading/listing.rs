//! Lists the splits of an endless source periodically, for all tasks of a job.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::kernel::catching;
use crate::source::{Scan, Source, SplitList};
use crate::storage::Blocking;

/// Minimum time between the end of a listing and the start of the next.
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
        let before = self.lock().list.clone();
        let listed = catching(|| self.source.splits(&self.scan)).and_then(|list| {
            check_continues(&*self.source, &list, &before)?;
            Ok(list)
        });
        let mut state = self.lock();
        state.listed_at = Some(Instant::now());
        match listed {
            Ok(list) => state.list = Arc::new(list),
            Err(error) => state.error = Some(error),
        }
    }
}

/// Checks that a later list begins with the splits of the earlier one, and that new names are new.
fn check_continues(source: &dyn Source, list: &SplitList, before: &SplitList) -> Result<()> {
    let same = list.splits.iter().zip(&before.splits).take_while(|(later, earlier)| later.name == earlier.name);
    let known = same.count();
    if let Some(missing) = before.splits.get(known) {
        return Err(Error::Connector(format!(
            "{} lists its splits again without `{}` at its place; a later list must begin with the splits of the \
             earlier one, in their order",
            source.describe(),
            missing.name
        )));
    }
    if list.splits.len() == known { Ok(()) } else { check_names(source, list, known) }
}

/// Checks that the splits from number `first` on have names that no other split has.
pub(in crate::exec) fn check_names(source: &dyn Source, list: &SplitList, first: usize) -> Result<()> {
    let mut names: HashSet<&str> = list.splits[..first].iter().map(|split| &*split.name).collect();
    match list.splits[first..].iter().find(|split| !names.insert(&split.name)) {
        None => Ok(()),
        Some(split) => Err(Error::Connector(format!(
            "{} has two splits with the name `{}`; a snapshot finds the position of a split by its name, so give each \
             a name of its own",
            source.describe(),
            split.name
        ))),
    }
}
