//! Accumulators of any type, as a run sees them.

use std::any::Any;
use std::sync::Arc;

/// An accumulator of any type, to runs.
pub(super) trait AnyAccumulator: Send + Sync {
    /// A run begins.
    fn begin(&self, run: u64);
    /// Name and value so far.
    fn shown(&self, run: u64) -> (String, String);
    /// A run ends; its value is kept where it ended well.
    fn end(&self, run: u64, success: bool);
    /// For messages: `` a `Count` at src/main.rs:7 ``.
    fn described(&self) -> String;
    fn name(&self) -> &str;
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}
