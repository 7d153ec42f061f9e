//! The barriers that a source injects.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Snapshots;
use crate::source::SplitPosition;

/// The barriers that a source injects, and its positions at each until that snapshot is complete.
pub(in crate::exec) struct Barriers {
    /// The epoch whose barrier must be injected.
    requested_epoch: Arc<AtomicU64>,
    /// The last complete epoch.
    completed_epoch: Arc<AtomicU64>,
    injected: u64,
    positions: VecDeque<(u64, Vec<SplitPosition>)>,
}

impl Barriers {
    pub(in crate::exec) fn of(snapshots: &Arc<Snapshots>) -> Self {
        let epoch = snapshots.settings.restored_epoch();
        Barriers::from(snapshots.requested_epoch.clone(), snapshots.completed_epoch.clone(), epoch)
    }

    /// The barriers after the epoch `injected`.
    pub(in crate::exec) fn from(
        requested_epoch: Arc<AtomicU64>,
        completed_epoch: Arc<AtomicU64>,
        injected: u64,
    ) -> Self {
        Barriers { requested_epoch, completed_epoch, injected, positions: VecDeque::new() }
    }

    /// The next barrier to inject, if any. `positions` returns the present positions of the source.
    pub(in crate::exec) fn next(&mut self, positions: impl FnOnce() -> Vec<SplitPosition>) -> Option<u64> {
        let requested_epoch = self.requested_epoch.load(Ordering::SeqCst);
        if requested_epoch <= std::mem::replace(&mut self.injected, requested_epoch) {
            return None;
        }
        self.positions.push_back((requested_epoch, positions()));
        Some(requested_epoch)
    }

    /// The next complete snapshot, with the positions at its barrier. Each is returned once.
    pub(in crate::exec) fn take_completed(&mut self) -> Option<(u64, Vec<SplitPosition>)> {
        let completed = self.completed_epoch.load(Ordering::SeqCst);
        self.positions.pop_front_if(|(epoch, _)| *epoch <= completed)
    }
}
