//! Revocation: requests to release memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// A request to a spilling holder: the bytes to release, and the callback that wakes it.
#[derive(Default)]
pub(super) struct RevokeRequest {
    pub(super) bytes: AtomicUsize,
    pub(super) wake: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl RevokeRequest {
    pub(super) fn send(&self, bytes: usize) {
        self.bytes.fetch_max(bytes, Ordering::Relaxed);
        if let Some(wake) = self.wake.get() {
            wake();
        }
    }
}

impl std::fmt::Debug for RevokeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RevokeRequest({:?})", self.bytes)
    }
}

/// How a holder releases the memory that it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Without a task. It either releases the memory, or becomes not revocable.
    ByItself,
    /// By a task, when the task next checks for requests.
    Task,
}

/// A handle that asks an owner to release memory. It keeps no memory alive.
#[derive(Clone, Debug)]
pub struct RevokeHandle(pub(super) Arc<RevokeRequest>);

impl RevokeHandle {
    /// Asks the owner to release `bytes` bytes, and wakes it. Of several requests the largest
    /// counts.
    pub fn ask(&self, bytes: usize) {
        self.0.send(bytes);
    }
}
