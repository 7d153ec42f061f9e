//! A table as the state of a driver: restores the files of a snapshot.

use std::path::Path;

use super::restoring::Restoring;
use crate::error::Result;
use crate::state::{GroupTimes, StateTable};
use crate::strategy::{DriverState, Progress};

impl StateTable {
    /// The epoch of the restored snapshot, and its event time, which is the maximum over all files.
    /// `None` if nothing was restored.
    #[must_use]
    pub fn restored(&self) -> Option<(u64, i64)> {
        self.restored
    }

    /// Takes the restored event time of each key group. `None` if nothing was restored.
    pub(crate) fn take_restored_times(&mut self) -> Option<GroupTimes> {
        self.restored_times.take()
    }

    /// Calls `f` with the file that is being restored.
    fn restore<R>(&mut self, f: impl FnOnce(&mut Restoring, &mut Self) -> R) -> Option<R> {
        let mut restoring = self.restoring.take()?;
        let done = f(&mut restoring, self);
        self.restored = self.restored.max(restoring.epoch_and_time());
        if let Some(header) = restoring.new_header.take() {
            GroupTimes::add(&mut self.restored_times, &header);
        }
        self.restoring = Some(restoring);
        Some(done)
    }
}

impl DriverState for StateTable {
    fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        self.next_image(out)
    }

    fn begin_restore(&mut self, path: &Path) {
        self.restoring = Some(Restoring::new(path, &self.rows.memory));
    }

    fn wanted_bytes(&self) -> usize {
        self.restoring.as_ref().map_or(0, Restoring::wanted_bytes)
    }

    fn supply(&mut self, bytes: &[u8]) -> Result<()> {
        self.restore(|restoring, table| restoring.supply(table, bytes)).unwrap_or(Ok(()))
    }

    fn place(&mut self) -> Result<Progress> {
        self.restore(Restoring::place).unwrap_or(Ok(Progress::Done))
    }
}
