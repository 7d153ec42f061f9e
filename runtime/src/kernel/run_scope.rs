//! The run that kernels are opened for.

use std::sync::Arc;

use crate::error::{Error, Result};

/// The run of the program on whose behalf a thread opens kernels. Closures of kernels are cloned
/// there, and accumulators among their captures then count for that run. Kernels of a loop's later
/// rounds are opened by the pool's threads, so the run is a part of the task's context.
pub trait RunScope: Send + Sync {
    /// Calls `open` once, with this run as that of the calling thread.
    fn enter(&self, open: &mut dyn FnMut());
}

/// Opens kernels for a run.
///
/// # Errors
/// Fails if `open` fails.
pub(crate) fn opened_in<K>(run: Option<&Arc<dyn RunScope>>, open: impl Fn() -> Result<K>) -> Result<K> {
    let Some(run) = run else { return open() };
    let mut opened = None;
    run.enter(&mut || opened = Some(open()));
    opened.unwrap_or_else(|| Err(Error::Internal("a run has not opened its kernels".to_owned())))
}
