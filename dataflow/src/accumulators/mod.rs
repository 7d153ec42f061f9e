//! Accumulators: values that closures collect for the program and for the progress line.
//!
//! A closure captures a handle like any local variable. The engine sets the run on a thread before
//! it opens kernels there. A handle that is cloned on such a thread holds a partial value of its
//! own for that run. So each task has its own value, and adding takes no lock. Partial values are
//! merged for the progress line, and when a task drops its closure.
//!
//! Cloning a closure clones every handle in it, at any depth. This is how the engine detects
//! closures with accumulators (`Factory::has_effects`). A filter with such a closure is neither
//! repeated nor evaluated per branch, and no record is skipped before it.

mod any;
mod declared;
mod handle;
mod predefined;
mod run;

pub use handle::Accumulated;
pub use predefined::{Average, Buckets, Count, Histogram, Maximum, Minimum};

pub(crate) use declared::Registry;
pub(crate) use handle::captures_accumulator;
pub(crate) use run::{AccumulatorScope, Run};

use std::fmt::Debug;

/// The value that closures add to while a job runs: a counter, a histogram, or a type of your own.
///
/// ```
/// use dataflow::Accumulator;
/// # use dataflow::prelude::*;
///
/// /// The longest text.
/// #[derive(Clone, Default)]
/// struct Longest(String);
///
/// impl Accumulator for Longest {
///     type Item = String;
///     type Value = String;
///     fn add(&mut self, text: String) {
///         if text.len() > self.0.len() {
///             self.0 = text;
///         }
///     }
///     fn merge(&mut self, other: Self) {
///         self.add(other.0);
///     }
///     fn value(&self) -> String {
///         self.0.clone()
///     }
/// }
///
/// # fn main() -> dataflow::Result<()> {
/// # let env = Env::embedded();
/// let longest = env.accumulator("longest word", Longest::default());
/// let words = env.collection(["to", "be", "or", "not"])?;
/// let longest_of = longest.clone();
/// words.filter(move |word| { longest_of.add(word.to_owned()); word != "be" }).count()?;
/// assert_eq!(longest.value()?, "not");
/// # Ok(())
/// # }
/// ```
///
/// The engine decides which task processes which record. So the result of `add` and `merge` must
/// not depend on the order.
pub trait Accumulator: Clone + Send + 'static {
    /// The items that closures add.
    type Item;
    /// The value of all items.
    type Value: Debug;

    /// Adds an item.
    fn add(&mut self, item: Self::Item);

    /// Merges the partial value of another task.
    fn merge(&mut self, other: Self);

    /// Returns the value of all items so far.
    fn value(&self) -> Self::Value;

    /// Formats the value in a few characters, for the progress line.
    fn show(&self) -> String {
        format!("{:?}", self.value())
    }
}
