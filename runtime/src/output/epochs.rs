//! Outputs that become visible epoch by epoch.

use crate::error::Result;

/// A result that others see as far as snapshots hold what it was made of: written by tasks, prepared at barriers, committed behind them.
///
/// What tasks have [prepared](crate::strategy::Snapshotted::prepared) lies on disk for good and is seen by nobody. When the snapshot is whole, it is committed; where the
/// process ends before that is done, the one that goes on from the snapshot does it. So commits may be repeated.
///
/// A snapshot says what is prepared for it alone. So none may be whole before what the one before says is committed; and who goes back to one removes those behind it
/// before [`EpochSink::recover`], which takes back what they say to be there.
pub trait EpochSink {
    /// Called before the first task of a job that goes on from a snapshot of `epoch`, or begins, which is epoch 0: commits what that snapshot says to be prepared, and
    /// removes what was prepared, or committed, for later ones.
    ///
    /// # Errors
    /// Where what is prepared is not there, or the system refuses.
    fn recover(&self, epoch: u64, prepared: &[String]) -> Result<()>;

    /// Makes prepared files part of the result. Called after each complete snapshot, also with no file.
    ///
    /// # Errors
    /// The output was removed or replaced while the job was running, or the system refuses.
    fn commit(&self, prepared: &[String]) -> Result<()>;
}
