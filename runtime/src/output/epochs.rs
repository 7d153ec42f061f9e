//! Outputs that become visible epoch by epoch.

use crate::error::Result;

/// The name of what a writer has prepared: a file, or a transaction of the target system. Snapshots
/// store it as text.
pub type Transaction = String;

/// The result of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// All transactions are committed.
    Done,
    /// The target is not available now. The call is repeated until the job is cancelled.
    Retry,
}

/// An output with two-phase commit: others see the records of complete snapshots only.
///
/// Tasks write records, and a barrier makes them prepare.
/// [Prepared](crate::strategy::Snapshotted::prepared) transactions are durable and invisible. They
/// are committed after the snapshot that lists them is complete. If the process ends before that,
/// the job that resumes from the snapshot commits them. So commits must be repeatable.
pub trait EpochSink: Send + Sync {
    /// Commits transactions. Called after each complete snapshot, also without transactions. Must
    /// be repeatable. May block.
    ///
    /// # Errors
    /// Fails if a transaction can no longer be committed. That ends the job.
    fn commit(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit>;

    /// Aborts transactions. Must be repeatable. May block.
    ///
    /// # Errors
    /// Fails if the target refuses.
    fn abort(&self, transactions: &[Transaction]) -> Result<()> {
        let _ = transactions;
        Ok(())
    }

    /// Transactions of this output that are neither committed nor aborted. Called before the first
    /// task of a job. May block.
    ///
    /// # Errors
    /// Fails if the target cannot be reached.
    fn in_doubt(&self) -> Result<Vec<Transaction>> {
        Ok(Vec::new())
    }

    /// Commits the transactions of a snapshot, and aborts those of later ones. May block.
    ///
    /// Called before the first task of a job. `epoch` is that of the snapshot from which the job
    /// resumes, or 0 if it starts.
    ///
    /// # Errors
    /// Fails if a transaction of the snapshot is lost, or if the target refuses.
    fn recover(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit> {
        if self.commit(epoch, prepared)? == Commit::Retry {
            return Ok(Commit::Retry);
        }
        let mut others = self.in_doubt()?;
        others.retain(|transaction| !prepared.contains(transaction));
        self.abort(&others).map(|()| Commit::Done)
    }
}
