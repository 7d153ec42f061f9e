//! Asking for memory back: what is asked, of whom, and how the owner hears of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// What a spilling holder is asked to give back, and how it hears of it.
#[derive(Default)]
pub(super) struct RevokeRequest {
    pub(super) bytes: AtomicUsize,
    pub(super) wake: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl RevokeRequest {
    pub(super) fn tell(&self, back: usize) {
        self.bytes.fetch_max(back, Ordering::Relaxed);
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

/// Who was asked to give memory back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Its owner needs no task for it, so it comes, or is asked no more once the owner cannot.
    ByItself,
    /// A task gives it when it comes to that.
    Task,
}

/// Asks an owner of memory to give back, without holding any of it.
#[derive(Clone, Debug)]
pub struct RevokeHandle(pub(super) Arc<RevokeRequest>);

impl RevokeHandle {
    /// Asks for so many bytes.
    pub fn ask(&self, bytes: usize) {
        self.0.tell(bytes);
    }
}
