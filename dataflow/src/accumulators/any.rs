//! Accumulators of any type, as a run uses them.

use std::any::Any;
use std::sync::Arc;

/// An accumulator of any type, as a run uses it.
pub(super) trait AnyAccumulator: Send + Sync {
    /// Begins a run.
    fn begin(&self, run: u64);
    /// Returns the name, and the formatted value so far.
    fn formatted(&self, run: u64) -> (String, String);
    /// Ends a run. Its value is kept if `success` is `true`.
    fn end(&self, run: u64, success: bool);
    /// Describes the accumulator for messages: `` a `Count` at src/main.rs:7 ``.
    fn description(&self) -> String;
    fn name(&self) -> &str;
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}
