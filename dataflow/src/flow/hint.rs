//! Hints: how to run a join, and the expected sizes of flows.
//!
//! Hints are types. The types of a join state which side can be broadcast. So a hint that cannot be
//! followed does not compile, and the planner never rejects one.

use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{ExpectRows, JoinHint, JoinShip, WrongSelectivity};
use runtime::plan::Node;

use super::join_kind::{FullOuter, Inner, LeftOuter, Outer, RightOuter};
use super::step::NextStep;
use super::{Flow, Handle, Mode};
use crate::record::Record;

/// A strategy for a join of kind `K`, passed to `join(…).hint(…)`.
///
/// A hash join *builds* a table of one side and looks up the records of the other side in it. The
/// built side is *broadcast* to all tasks, or both sides are *repartitioned* by the hash of their
/// keys. A merge join sorts both sides.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no hint for a join",
    label = "not a hint",
    note = "hints are `BuildLeft`, `BuildRight`, `BroadcastLeft`, `BroadcastRight`, `Repartition`, `RepartitionBuildLeft`, `RepartitionBuildRight` and `SortMerge`"
)]
pub trait Hint<K> {
    /// The hint, as a value.
    const HINT: JoinHint;
}

/// Joins without a hint.
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
// The message about a second hint is enough, so no bound on the side may fail as well.
impl<K> SharesLeft for Hinted<K> {}
impl<K> SharesRight for Hinted<K> {}

/// A join with a hint.
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
    /// A hash join that builds the left side. The optimizer chooses the shipping.
    BuildLeft [Unhinted] JoinHint::Hash { build: Some(0), ship: None };
    /// A hash join that builds the right side. The optimizer chooses the shipping.
    BuildRight [Unhinted] JoinHint::Hash { build: Some(1), ship: None };
    /// A hash join that builds the left side and sends it to all tasks. The right side is not
    /// shipped.
    BroadcastLeft [Unhinted + SharesLeft] JoinHint::Hash { build: Some(0), ship: Some(JoinShip::Broadcast) };
    /// A hash join that builds the right side and sends it to all tasks. The left side is not
    /// shipped.
    BroadcastRight [Unhinted + SharesRight] JoinHint::Hash { build: Some(1), ship: Some(JoinShip::Broadcast) };
    /// A hash join that sends both sides by the hash of their keys. The optimizer chooses the built
    /// side.
    Repartition [Unhinted] JoinHint::Hash { build: None, ship: Some(JoinShip::Repartition) };
    /// A hash join that sends both sides by the hash of their keys and builds the left one.
    RepartitionBuildLeft [Unhinted] JoinHint::Hash { build: Some(0), ship: Some(JoinShip::Repartition) };
    /// A hash join that sends both sides by the hash of their keys and builds the right one.
    RepartitionBuildRight [Unhinted] JoinHint::Hash { build: Some(1), ship: Some(JoinShip::Repartition) };
    /// A *merge join*: sends both sides by the hash of their keys, sorts them by key, and reads
    /// them together.
    ///
    /// Both sides may be larger than memory, and sort on disk then.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn changes(
    ///     today: DataSet<(u64, i64)>,
    ///     yesterday: DataSet<(u64, i64)>,
    /// ) -> DataSet<(u64, i64)> {
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
    /// let (today, yesterday) =
    ///     (env.collection([(1u64, 30i64), (2, 5)])?, env.collection([(1u64, 10i64), (3, 7)])?);
    /// assert_eq!(changes(today, yesterday).collect()?, [(1, 20), (2, 5), (3, -7)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    /// A sort of each side that is not sorted by its key yet. Without this hint, a merge join is
    /// chosen only if both sides are sorted already.
    SortMerge [Unhinted] JoinHint::Merge;
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// States the approximate number of records, for cost estimates.
    ///
    /// Use it where the estimate is wrong, for example after a filter that keeps one record of a
    /// thousand. EXPLAIN shows the number. A wrong number can make a plan slow, but never changes
    /// results.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn rare(lines: DataSet<String>) -> DataSet<String> {
    ///     lines.filter(|line| line.contains("panicked")).expect_rows(100)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// let lines =
    ///     Env::embedded().collection(["all is well".to_owned(), "it panicked".to_owned()])?;
    /// assert_eq!(rare(lines).collect()?, ["it panicked"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    /// None.
    #[track_caller]
    pub fn expect_rows(&self, rows: u64) -> Flow<T, M> {
        self.handle.called_at(Location::caller()).with_expected_rows(rows).typed()
    }

    /// States the share of records, from 0 to 1, that the filter directly before it keeps.
    ///
    /// Use it where the sampled records, on which filters are tried before the run, are not
    /// typical. EXPLAIN shows the share with the filter, and after the run reports a share that was
    /// far off. A wrong share can make a plan slow, but never changes results. The filter can still
    /// be moved.
    ///
    /// # Errors
    /// The job fails before the first record if no filter comes directly before, or if `share` is
    /// outside of 0 to 1.
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
    /// # Cost
    /// None.
    #[track_caller]
    pub fn expect_selectivity(&self, share: f64) -> Flow<T, M> {
        self.handle.called_at(Location::caller()).with_selectivity(share).typed()
    }
}

const WORD: &str = "expect_selectivity";

impl Handle {
    #[inline(never)]
    fn with_expected_rows(&self, rows: u64) -> Handle {
        self.append(ExpectRows { schema: self.schema(), rows })
    }

    #[inline(never)]
    fn with_selectivity(&self, share: f64) -> Handle {
        match with_filter_selectivity(&self.node, share).filter(|_| (0.0..=1.0).contains(&share)) {
            Some(node) => {
                // A `let` binding of the result names the filter.
                let (origin, _) = self.next.origin(WORD);
                let node = if *origin.name == *WORD { node } else { node.named(origin.name) };
                Handle { node, env: self.env.clone(), next: NextStep::default() }
            }
            None => {
                let follows_filter = self.node.operator.as_filter().is_some();
                self.append(WrongSelectivity { schema: self.schema(), share, follows_filter })
            }
        }
    }
}

/// Returns a copy of `node` whose filter has the selectivity `share`. The filter may be the node
/// itself, or a filter that the macro moved before it. Returns `None` if no filter accepts it.
fn with_filter_selectivity(node: &Arc<Node>, share: f64) -> Option<Arc<Node>> {
    let is_filter = |node: &Node| node.operator.as_filter().is_some();
    let input = node.inputs.first();
    if is_filter(node) {
        // One filter in the program may be several nodes, one per part of a conjunction. The first
        // of them gets the share, and the others get 1.
        let location = |node: &Node| (node.origin.file.clone(), node.origin.line, node.origin.column);
        let earlier_part = input.filter(|input| is_filter(input) && location(input) == location(node));
        let (share, input) = match earlier_part {
            Some(part) => (1.0, with_filter_selectivity(part, share)?),
            None => (share, input?.clone()),
        };
        return Some(node.with_operator(node.operator.expecting(share)?, vec![input]));
    }
    // A filter after a join may have moved to one of its sides.
    let has_moved = |input: &Arc<Node>| is_filter(input) && !input.operator.placement().is_empty();
    if let Some(side) = node.inputs.iter().position(has_moved) {
        let mut inputs = node.inputs.clone();
        inputs[side] = with_filter_selectivity(&inputs[side], share)?;
        return Some(node.with_inputs(inputs));
    }
    // A filter that could not be moved is evaluated by the operator's closure. A closure over pairs
    // has no selectivity.
    if !node.origin.operator.ends_with("filter") {
        return None;
    }
    let chain = node.operator.expecting(share);
    Some(chain.map_or_else(|| node.clone(), |chain| node.with_operator(chain, node.inputs.clone())))
}
