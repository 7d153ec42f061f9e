//! Accumulators: values that closures gather for the program and for the progress line.
//!
//! A closure captures a handle like any local. The engine opens kernels with the run set on the
//! thread. A handle that is cloned there gathers for that run, in a value of its own. So each task
//! has its own value, and adding takes no lock. Values are merged for the progress line, and when a
//! task drops its closure.
//!
//! Cloning a closure clones every handle in it, at any depth. So the engine detects filters that
//! count (`Factory::has_effects`). Such a filter is not repeated and not evaluated per branch, and
//! no record is skipped before it.

mod any;
mod declared;
mod handle;
mod kinds;
mod run;

pub use handle::Accumulated;
pub use kinds::{Average, Buckets, Count, Histogram, Maximum, Minimum};

pub(crate) use declared::Registry;
pub(crate) use handle::are_in;
pub(crate) use run::{InRun, Run};

use std::fmt::Debug;

/// What closures add to while a job runs: a counter, a histogram, or one of your own.
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
/// Which task gets which record is up to the engine, so what is added, and what is merged, must give the same in any order.
pub trait Accumulator: Clone + Send + 'static {
    /// The items that closures add.
    type Item;
    /// The value of all items.
    type Value: Debug;

    /// Adds an item.
    fn add(&mut self, item: Self::Item);

    /// Adds what another task gathered.
    fn merge(&mut self, other: Self);

    /// The value of what was gathered.
    fn value(&self) -> Self::Value;

    /// The value in a few characters, for the progress line.
    fn show(&self) -> String {
        format!("{:?}", self.value())
    }
}
