//! Modes: whether a flow ends, and whether its records are final.
//!
//! ```text
//!                          ends                 goes on
//!   records                Bounded              Unbounded, with event time Timed
//!   groups, by a key       Bounded: each once   Updating: each again and again
//! ```
//! In a flow of updates, a record replaces the previous one of its key. This is a property of the
//! flow: the records keep their fields, columns and files. Most operators require [`Mode`], which
//! `Updating` does not implement. They therefore reject updates. Operators that accept updates
//! require [`AnyMode`].
//!
//! Source: the changelog modes of Flink, the updating tables of Arroyo.

use runtime::value::Timestamp;

use crate::record::Record;

/// The mode of any flow: of records, with a [`Mode`], or of updates. Sinks accept both.
pub trait AnyMode: 'static {
    /// `true` if a record replaces the previous one of its key.
    const UPDATES: bool = false;
    /// The leaves after the record's own: the event time, or none.
    #[doc(hidden)]
    type Hidden: Record;
}

/// The mode of a flow of records.
#[diagnostic::on_unimplemented(
    message = "these are updates, of which each takes the place of the one before it of the same key",
    label = "not for updates: a group would count again with each of them",
    note = "write `.updates()` before it to take each update as a record of its own, or cut the stream into windows, which give each group once: `.group_by(..).window(..).aggregate(..)`"
)]
pub trait Mode: AnyMode {
    /// The mode of its groups: updates if the flow does not end.
    type Grouped: OfGroups;
    /// The mode of a join of two such flows. It has no event time: each record of a pair has its
    /// own, and pairs are emitted when the flows end.
    type Joined: Mode;
}

/// The mode of a flow of groups: each group once, or updates of groups.
#[diagnostic::on_unimplemented(
    message = "only groupings of a flow that does not end give updates",
    label = "these are records",
    note = "write `.updates()` behind `.group_by(..).count()`, or another grouping"
)]
pub trait OfGroups: AnyMode {
    /// The mode after [`Flow::updates`](super::Flow::updates), when each update is a record of its
    /// own.
    type Updates: Mode;
}

/// A flow that ends.
pub enum Bounded {}

/// A flow that does not end.
pub enum Unbounded {}

/// A flow that does not end, whose records have an event time.
pub enum Timed {}

/// A flow that does not end, in which each record replaces the previous one of its key.
pub enum Updating {}

impl AnyMode for Bounded {
    type Hidden = ();
}
impl AnyMode for Unbounded {
    type Hidden = ();
}
impl AnyMode for Timed {
    type Hidden = Timestamp;
}
impl AnyMode for Updating {
    const UPDATES: bool = true;
    type Hidden = ();
}

impl Mode for Bounded {
    type Grouped = Bounded;
    type Joined = Bounded;
}

impl Mode for Unbounded {
    type Grouped = Updating;
    type Joined = Unbounded;
}

impl Mode for Timed {
    type Grouped = Updating;
    type Joined = Unbounded;
}

impl OfGroups for Bounded {
    type Updates = Bounded;
}

impl OfGroups for Updating {
    type Updates = Unbounded;
}

/// Modes of flows that end. A total order and a result in memory require it.
#[diagnostic::on_unimplemented(
    message = "this needs a flow that ends",
    label = "this flow goes on",
    note = "a `DataSet` ends, a `DataStream` does not: cut the stream into windows, `.group_by(..).window(..).aggregate(|w| …)`, take the state of each key, `.group_by(..).aggregate(|g| …)`, or read a log to its end, `env.read_log_to_end(..)`"
)]
pub trait Ends: Mode {}
impl Ends for Bounded {}

/// Modes of groups that support measures over all of their values: quantiles and distinct counts.
/// `R` is the record type of the groups.
///
/// The other modes, of windows and of updates, each have their own message, as in [`CombinesWith`].
pub trait KeepsValues<R>: AnyMode {}
impl<R> KeepsValues<R> for Bounded {}
impl<R: WindowsKeepValues> KeepsValues<R> for Unbounded {}
impl<R: UpdatesKeepValues> KeepsValues<R> for Timed {}
impl<R: UpdatesKeepValues> KeepsValues<R> for Updating {}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "this measure keeps the values of a group, which windows do not yet",
    label = "not available for windows",
    note = "read a log to its end, by `env.read_log_to_end(..)`, and group by the hour, too: `.group_by(|r| (r.key, r.time.truncate(TimeUnit::Hour))).aggregate(|g| …)`"
)]
pub trait WindowsKeepValues {}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "this measure keeps the values of a group, and these groups never end",
    label = "this flow goes on",
    note = "read a log to its end, by `env.read_log_to_end(..)`: then its groups end, too"
)]
pub trait UpdatesKeepValues {}

/// The mode of a second input with records `R`, if the first input has mode `M`. Both must have the
/// same mode.
///
/// Every other pair is implemented under a bound that no record meets, which carries its message.
/// The second mode is `Self`. If it were a parameter, the compiler would infer it from the only
/// bound that is met, and would report mismatched types instead of the message.
pub trait CombinesWith<M, R>: AnyMode {}
impl<M: Mode, R> CombinesWith<M, R> for M {}

/// Pairs of modes that cannot be combined, with the message and the note.
macro_rules! apart {
    ($($name:ident $message:literal $note:literal: $($left:ident $right:ident),*;)*) => {$(
        /// Implemented by nothing.
        #[diagnostic::on_unimplemented(message = $message, label = "the two flows are of different kinds", note = $note)]
        pub trait $name {}

        $(impl<R: $name> CombinesWith<$left, R> for $right {})*
    )*};
}
apart! {
    SetAndStream "a `DataSet` and a `DataStream` do not go together"
        "read a log to its end, by `env.read_log_to_end(..)`, to have two `DataSet`s. A `DataStream` looks records of a `DataSet` up by `.with_all(set)`":
        Bounded Unbounded, Unbounded Bounded;
    SetAndTimed "a `DataSet` and a `TimedStream` do not go together"
        "read a log to its end, by `env.read_log_to_end(..)`, to have two `DataSet`s. A `TimedStream` looks records of a `DataSet` up by `.with_all(set)`":
        Bounded Timed, Timed Bounded;
    StreamAndTimed "a `DataStream` and a `TimedStream` do not go together"
        "take both with event time, `.event_time(|r| r.time, Lateness::bounded(secs(5)))`, or take the stream as it is before its `.event_time(..)`":
        Unbounded Timed, Timed Unbounded;
    SetAndUpdates "a `DataSet` and an `UpdateStream` do not go together"
        "read a log to its end, by `env.read_log_to_end(..)`: then its groups are a `DataSet`, too":
        Bounded Updating;
    StreamAndUpdates "a `DataStream` and an `UpdateStream` do not go together"
        "write `.updates()` after the grouping: then each update is a record of a `DataStream`":
        Unbounded Updating;
    TimedAndUpdates "a `TimedStream` and an `UpdateStream` do not go together"
        "write `.updates()` after the grouping for a `DataStream`, and take the other stream as it is before its `.event_time(..)`":
        Timed Updating;
}
