//! Flows: cheap handles of nodes in a lazy plan.
//!
//! There is one file per operator family. Every method takes `&self` and returns a new handle.
//! Nothing runs before [`Env::run`](crate::Env::run) or a result such as [`Flow::collect`].
//!
//! # One error per mistake
//! A pipeline's parameters and an aggregate's slots pass through a projection of the trait that
//! they need (`of_records`, `Measure::Kept`). If the trait is missing, the compiler reports that
//! there. It then has no type for the following code, and reports nothing more. Correct programs
//! pay nothing.

mod aggregate;
mod capture;
mod chain;
mod co_group;
mod describe;
mod files;
mod folders;
mod group;
mod group_records;
mod handle;
mod hint;
mod iterate;
mod join;
mod join_kind;
mod join_sides;
mod joined;
mod keyed;
mod looped;
pub(crate) mod measures;
mod mode;
mod order;
mod output;
mod partition;
mod persist;
mod product;
mod project;
pub(crate) mod proof;
mod records;
mod reduce_group;
mod results;
mod sample;
mod scope;
mod seen;
mod semi_join;
mod set;
mod sorted_groups;
mod step;
mod task;
mod updates;
mod window;
mod with_all;
mod words;
mod zip;

use crate::record::{Record, Value};
use handle::Typed;

pub use crate::kernel::{Task, TaskState};

pub use aggregate::Aggregates;
pub use capture::{Capture, Collection};
pub use co_group::{CoGroup, CoGroups};
pub use folders::InFolders;
pub use group::{Grouped, Total};
pub use hint::{
    BroadcastLeft, BroadcastRight, BuildLeft, BuildRight, Hint, Hinted, Repartition, RepartitionBuildLeft,
    RepartitionBuildRight, Semi, SharesLeft, SharesRight, SortMerge, Unhinted,
};
pub use iterate::{Solution, SolutionSides};
pub use join::{Join, Side};
pub use join_kind::{FullOuter, Inner, LeftOuter, Outer, RightOuter};
pub use joined::Joined;
pub use mode::{AnyMode, Bounded, CombinesWith, Ends, KeepsValues, Mode, OfGroups, Timed, Unbounded, Updating};
pub use output::{IfExists, Output};
pub use records::Records;
pub use scope::{Scope, scope};
pub use seen::{OtherParameter, Parameter, field_of_twin, option, seen_as};
pub use semi_join::SemiJoin;
pub use sorted_groups::SortedGroups;
pub use step::{Forward, Reads, Step};
pub use window::{Lateness, Tumbling, Windowed};
pub use with_all::{WithAll, WithMade};

pub(crate) use handle::Handle;
pub(crate) use step::NextStep;

/// A lazy flow of records of type `T`.
///
/// Cloning copies the handle. Two flows that share a node share its work.
///
/// Its methods are operators, results, and methods that only `#[dataflow]` calls.
/// [`operators`](crate::operators) documents the operators that take closures. Some of these are
/// not methods here, such as [`map`](crate::operators::map).
#[must_use = "a flow is a plan: nothing runs before a result asks for it, such as `.collect()` or `.write_csv(..)`"]
pub struct Flow<T, M = Bounded> {
    handle: Handle,
    _types: Typed<T, M>,
}

/// A flow that ends.
pub type DataSet<T> = Flow<T, Bounded>;

/// A flow that does not end.
pub type DataStream<T> = Flow<T, Unbounded>;

/// A flow that does not end, whose records have an [event time](Flow::event_time).
pub type TimedStream<T> = Flow<T, Timed>;

/// A flow of updates: the result of grouping a flow that does not end.
///
/// An update is the new record of a group after records of its key arrived. It replaces the
/// previous record of the key. See [`Flow::updates`].
pub type UpdateStream<T> = Flow<T, Updating>;

/// Returns the flow unchanged, with its record type `R`.
///
/// Pipelines call this on their parameters. If a type is not a record, the compiler reports it
/// here. `R` is then unknown, so the operators that follow cause no more errors.
#[doc(hidden)]
pub fn of_records<T: Value<Record = R>, R: Record, M: AnyMode>(flow: Flow<T, M>) -> Flow<R, M> {
    flow.handle.typed()
}
