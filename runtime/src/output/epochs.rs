//! Outputs that become visible epoch by epoch.

use crate::error::Result;

/// Names what a writer has prepared: a file, or a transaction of the target. Snapshots hold it as
/// text.
pub type Transaction = String;

/// The result of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// All transactions are part of the result.
    Done,
    /// The target is not available now. The call is repeated until the job is cancelled.
    Retry,
}

/// A result that others see as far as snapshots hold the records that it was made of. Tasks write, a
/// barrier has them prepare, and a complete snapshot commits (two-phase commit).
///
/// [Prepared](crate::strategy::Snapshotted::prepared) transactions are durable and invisible. They are
/// committed once the snapshot that lists them is complete. If the process ends before that, the job
/// that resumes from the snapshot commits them. So commits are repeatable.
pub trait EpochSink: Send + Sync {
    /// Makes transactions part of the result. Called after each complete snapshot, also without
    /// transactions. Repeatable. May block.
    ///
    /// # Errors
    /// Fails if a transaction cannot be committed any more. That ends the job.
    fn commit(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit>;

    /// Gives transactions up. Repeatable. May block.
    ///
    /// # Errors
    /// Fails if the target refuses.
    fn abort(&self, transactions: &[Transaction]) -> Result<()> {
        let _ = transactions;
        Ok(())
    }

    /// Transactions of this output that are neither committed nor aborted. Asked before the first task
    /// of a job. May block.
    ///
    /// # Errors
    /// Fails if the target cannot be reached.
    fn in_doubt(&self) -> Result<Vec<Transaction>> {
        Ok(Vec::new())
    }

    /// Called before the first task of a job that resumes from a snapshot of `epoch`, or starts, which
    /// is epoch 0. Commits the transactions of that snapshot, and aborts those of later ones. May block.
    ///
    /// # Errors
    /// Fails if a transaction of the snapshot is gone, or the target refuses.
    fn recover(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit> {
        if self.commit(epoch, prepared)? == Commit::Retry {
            return Ok(Commit::Retry);
        }
        let mut others = self.in_doubt()?;
        others.retain(|transaction| !prepared.contains(transaction));
        self.abort(&others).map(|()| Commit::Done)
    }
}
