//! Hints: how a join runs, and how large a flow is.
//!
//! Hints are types. The side of an outer join that may be broadcast is known at compile time. So a
//! hint that cannot be followed does not compile, and the planner never rejects one.

use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{ExpectRows, JoinHint, JoinShip, WrongSelectivity};
use runtime::plan::Node;

use super::join_kind::{FullOuter, Inner, LeftOuter, Outer, RightOuter};
use super::step::NextStep;
use super::{Flow, Handle, Mode};
use crate::record::Record;

/// A way to run a join of kind `K`, for `join(…).hint(…)`.
///
/// A hash join *builds* a table of one side and lets the other side's records look for partners in it. Its rows are *broadcast*, all of the
/// built side to every task, or *repartitioned*, both sides by the hash of their keys. A merge join sorts both sides.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no hint for a join",
    label = "not a hint",
    note = "hints are `BuildLeft`, `BuildRight`, `BroadcastLeft`, `BroadcastRight`, `Repartition`, `RepartitionBuildLeft`, `RepartitionBuildRight` and `SortMerge`"
)]
pub trait Hint<K> {
    /// The hint, as a value.
    const HINT: JoinHint;
}

/// Joins that have no hint yet.
#[diagnostic::on_unimplemented(message = "a join takes one hint, and this one has it", label = "a second hint")]
pub trait Unhinted {}
impl Unhinted for Inner {}
impl Unhinted for LeftOuter {}
impl Unhinted for RightOuter {}
impl Unhinted for FullOuter {}
impl Unhinted for Semi {}

/// Joins whose left side can be broadcast.
#[diagnostic::on_unimplemented(
    message = "the left side of this join cannot be broadcast: its records are kept without a partner, and each task would find partners for others of them",
    label = "not for this join",
    note = "use `BroadcastRight` where the right side is small, or `RepartitionBuildLeft`"
)]
pub trait SharesLeft {}
impl SharesLeft for Inner {}
impl SharesLeft for RightOuter {}

/// Joins whose right side can be broadcast.
#[diagnostic::on_unimplemented(
    message = "the right side of this join cannot be broadcast: its records are kept without a partner, and each task would find partners for others of them",
    label = "not for this join",
    note = "use `RepartitionBuildRight`, or `BroadcastLeft` where the left side is small and not kept either"
)]
pub trait SharesRight {}
impl SharesRight for Inner {}
impl SharesRight for LeftOuter {}
impl SharesRight for Semi {}
// What is wrong with a second hint is that there is a first one.
impl<K> SharesLeft for Hinted<K> {}
impl<K> SharesRight for Hinted<K> {}

/// A join that has its hint.
pub struct Hinted<K>(std::marker::PhantomData<K>);

impl<K: Outer> Outer for Hinted<K> {
    type Left<L: Record> = K::Left<L>;
    type Right<R: Record> = K::Right<R>;
    const KIND: runtime::operators::JoinKind = K::KIND;
}

/// Semi-joins and anti-joins.
pub enum Semi {}

macro_rules! hints {
    ($($(#[$doc:meta])* $name:ident [$($join:tt)*] $hint:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl<K: $($join)*> Hint<K> for $name {
            const HINT: JoinHint = $hint;
        }
    )*};
}
hints! {
    /// The left side is built.
    BuildLeft [Unhinted] JoinHint::Hash { build: Some(0), ship: None };
    /// The right side is built.
    BuildRight [Unhinted] JoinHint::Hash { build: Some(1), ship: None };
    /// The left side is built, and sent to all tasks; the right side stays where it is.
    BroadcastLeft [Unhinted + SharesLeft] JoinHint::Hash { build: Some(0), ship: Some(JoinShip::Broadcast) };
    /// The right side is built, and sent to all tasks; the left side stays where it is.
    BroadcastRight [Unhinted + SharesRight] JoinHint::Hash { build: Some(1), ship: Some(JoinShip::Broadcast) };
    /// Both sides are sent by the hash of their keys; which one is built is left open.
    Repartition [Unhinted] JoinHint::Hash { build: None, ship: Some(JoinShip::Repartition) };
    /// Both sides are sent by the hash of their keys, and the left one is built.
    RepartitionBuildLeft [Unhinted] JoinHint::Hash { build: Some(0), ship: Some(JoinShip::Repartition) };
    /// Both sides are sent by the hash of their keys, and the right one is built.
    RepartitionBuildRight [Unhinted] JoinHint::Hash { build: Some(1), ship: Some(JoinShip::Repartition) };
    /// The join is a *merge join*: both sides are sent by the hash of their keys, sorted by them (on disk where memory ends), and gone over together. No
    /// side need be small, and nothing is built of a whole side.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn changes(today: DataSet<(u64, i64)>, yesterday: DataSet<(u64, i64)>) -> DataSet<(u64, i64)> {
    ///     let both = today.full_join(yesterday).hint(SortMerge).on(|t| t.0, |y| y.0);
    ///     let balance = both.map(|t, y| {
    ///         let account = t.map_or(0, |t| t.0).max(y.map_or(0, |y| y.0));
    ///         (account, t.map_or(0, |t| t.1) - y.map_or(0, |y| y.1))
    ///     });
    ///     balance.sort(|b| b.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::new(Options::default());
    /// let (today, yesterday) = (env.collection([(1u64, 30i64), (2, 5)])?, env.collection([(1u64, 10i64), (3, 7)])?);
    /// assert_eq!(changes(today, yesterday).collect()?, [(1, 20), (2, 5), (3, -7)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: a sort of either side that is not in order already. A hash join sorts nothing, and is what runs without this hint unless the sides come in order.
    SortMerge [Unhinted] JoinHint::Merge;
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Says about how many records there are, for the estimates that plans are made by: where the engine guesses badly, as behind a filter that
    /// keeps one record of a thousand. EXPLAIN shows it. A wrong number makes a slow plan, never a wrong result.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn rare(lines: DataSet<String>) -> DataSet<String> {
    ///     lines.filter(|line| line.contains("panicked")).expect_rows(100)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// let lines = Env::embedded().collection(["all is well".to_owned(), "it panicked".to_owned()])?;
    /// assert_eq!(rare(lines).collect()?, ["it panicked"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: nothing.
    #[track_caller]
    pub fn expect_rows(&self, rows: u64) -> Flow<T, M> {
        self.handle.called_at(Location::caller()).expecting_rows(rows).typed()
    }

    /// Says which share of the records the filter keeps that stands right before it, between 0 and 1, where the engine cannot know: it tries filters on some
    /// records before the run, and those may be unlike the rest. EXPLAIN shows it with the filter, which moves as without it; and, after a run in which it was far off, says so.
    /// A wrong number makes a slow plan, never a wrong result. What stands behind no filter, and a number outside of 0 to 1, end the run before the first record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn named(events: DataSet<(u64, u64)>, users: DataSet<(u64, String)>) -> DataSet<String> {
    ///     let rare = events.filter(|e| e.1 % 1_000_003 == 1).expect_selectivity(0.000_001);
    ///     users.join(rare).on(|u| u.0, |r| r.0).map(|u, _| u.1)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let users = env.collection([(1u64, "Ada".to_owned())])?;
    /// assert_eq!(named(env.collection([(1u64, 1u64), (1, 2)])?, users).collect()?, ["Ada"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: nothing.
    #[track_caller]
    pub fn expect_selectivity(&self, share: f64) -> Flow<T, M> {
        self.handle.called_at(Location::caller()).expecting(share).typed()
    }
}

const WORD: &str = "expect_selectivity";

impl Handle {
    /// The same flow, of whose last filter the program says that it keeps this share.
    #[inline(never)]
    fn expecting_rows(&self, rows: u64) -> Handle {
        self.then(ExpectRows { schema: self.schema(), rows })
    }

    #[inline(never)]
    fn expecting(&self, share: f64) -> Handle {
        match expecting(&self.node, share).filter(|_| (0.0..=1.0).contains(&share)) {
            Some(node) => {
                // What the program binds it to is the filter's name.
                let (said, _) = self.next.origin(WORD);
                let node = if *said.name == *WORD { node } else { node.named(said.name) };
                Handle { node, env: self.env.clone(), next: NextStep::default() }
            }
            None => {
                let follows_filter = self.node.operator.as_filter().is_some();
                self.then(WrongSelectivity { schema: self.schema(), share, follows_filter })
            }
        }
    }
}

/// A node with a filter that is said to keep this share: the node itself, or one that the macro has moved in front of it.
fn expecting(node: &Arc<Node>, share: f64) -> Option<Arc<Node>> {
    let is_filter = |node: &Node| node.operator.as_filter().is_some();
    let input = node.inputs.first();
    if is_filter(node) {
        // What the program writes as one filter may be several, one for each part of a conjunction. Together they keep the share.
        let place = |node: &Node| (node.origin.file.clone(), node.origin.line, node.origin.column);
        let part = input.filter(|input| is_filter(input) && place(input) == place(node));
        let (share, input) = match part {
            Some(part) => (1.0, expecting(part, share)?),
            None => (share, input?.clone()),
        };
        return Some(node.with_operator(node.operator.expecting(share)?, vec![input]));
    }
    // The filter of a join may have moved to either side.
    let has_moved = |input: &Arc<Node>| is_filter(input) && !input.operator.placement().is_empty();
    if let Some(place) = node.inputs.iter().position(has_moved) {
        let mut inputs = node.inputs.clone();
        inputs[place] = expecting(&inputs[place], share)?;
        return Some(node.with_inputs(inputs));
    }
    // It could not move: the closure evaluates it in front of which it would stand. A closure over pairs has no share of its own.
    if !node.origin.operator.ends_with("filter") {
        return None;
    }
    let chain = node.operator.expecting(share);
    Some(chain.map_or_else(|| node.clone(), |chain| node.with_operator(chain, node.inputs.clone())))
}
