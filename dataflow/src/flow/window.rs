//! Event time and windows.

use std::marker::PhantomData;
use std::panic::Location;
use std::time::Duration;

use runtime::operators::{
    EventTime, Fold, Keyed, LateDataSplit, Project, SideOutput, StateLeaf, WindowAggregate, WindowStart,
};
use runtime::plan::Reads;
use runtime::row::{HiddenLeaf, LeafType, Schema};
use runtime::strategy::TumblingWindows;
use runtime::value::Timestamp;

use super::aggregate::{Aggregates, Types, grouping};
use super::group::Total;
use super::{Flow, Grouped, Handle, Mode, Timed, Unbounded};
use crate::kernel::folds;
use crate::key::{EventTimeOf, Field};
use crate::record::Record;

/// The longest delay of records, in event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness(Duration);

impl Lateness {
    /// Allows records to be at most `by` older than the newest record that was read before from the
    /// same split.
    ///
    /// Records that are later are left out of windows that have ended. They are counted, and can be
    /// [read](Windowed::late).
    #[must_use]
    pub fn bounded(by: Duration) -> Self {
        Lateness(by)
    }

    /// Expects the records of each split in the order of their event time.
    #[must_use]
    pub fn none() -> Self {
        Lateness(Duration::ZERO)
    }
}

/// Windows of equal length without gaps or overlaps, aligned to the Unix epoch in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tumbling(Duration);

impl Tumbling {
    /// Creates windows of this length, which is at least a microsecond.
    #[must_use]
    pub fn of(length: Duration) -> Self {
        Tumbling(length)
    }
}

/// Modes of flows that do not end and whose records have no event time yet.
#[diagnostic::on_unimplemented(
    message = "event time is for a flow that does not end, once",
    label = "this flow ends, or has its event time",
    note = "the records of a `DataSet` are all there: group them by the hour or day of a field; what an `.aggregate(…)` of windows gives is a `DataStream` without event time"
)]
pub trait Untimed: Mode {}
impl Untimed for Unbounded {}

/// Modes of flows whose records have an event time.
#[diagnostic::on_unimplemented(
    message = "windows are cut by event time, and these records have none",
    label = "no event time",
    note = "name their time before the windows: `.event_time(|r| r.time, Lateness::bounded(secs(5)))`; the records of a `DataSet` are grouped by the hour or day of a field; a join of two streams has no event time"
)]
pub trait HasTime: Mode {}
impl HasTime for Timed {}

/// The duration in microseconds, capped at `i64::MAX`.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Sets the event time of records and their longest delay. The time is a field or is computed.
    ///
    /// From here on each record has an event time, and records that a closure emits have that of
    /// the closure's input.
    ///
    /// The watermark follows the greatest event times. It is computed per split if this operator
    /// directly follows the source, or if all operators between process single records. After an
    /// exchange or a grouping, such as `rebalance` or `union`, it is computed per task. The same
    /// holds after operators on single records if the source has other readers.
    ///
    /// # Cost
    /// Eight bytes per record that is shipped or stored. A computed time also needs one call per
    /// record, and a copy of the fields that are read later.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[derive(Record, Clone, Debug, PartialEq)]
    /// struct Click {
    ///     url: String,
    ///     time: Timestamp,
    /// }
    ///
    /// #[derive(Record, Clone, Debug, PartialEq)]
    /// struct Hits {
    ///     url: String,
    ///     minute: Timestamp,
    ///     hits: u64,
    /// }
    ///
    /// #[dataflow]
    /// fn hits_per_minute(clicks: DataStream<Click>) -> DataStream<Hits> {
    ///     clicks
    ///         .event_time(|c| c.time, Lateness::bounded(secs(5)))
    ///         .group_by(|c| c.url)
    ///         .window(Tumbling::of(mins(1)))
    ///         .aggregate(|w| HitsRef { url: w.key, minute: w.start, hits: w.count() })
    /// }
    /// ```
    ///
    /// A computed time:
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn per_minute(readings: DataStream<(u32, i64)>) -> DataStream<(u32, Timestamp, u64)> {
    ///     let timed = readings.event_time(
    ///         |r| Timestamp::from_micros(r.1 * 1_000_000),
    ///         Lateness::bounded(secs(5)),
    ///     );
    ///     timed.group_by(|r| r.0).window(Tumbling::of(mins(1))).count()
    /// }
    /// ```
    #[track_caller]
    pub fn event_time<E: EventTimeOf<T>>(
        &self,
        time: impl FnOnce(T::Fields<T>) -> E,
        lateness: Lateness,
    ) -> Flow<T, Timed>
    where
        M: Untimed,
    {
        let time = time(T::fields(0));
        let handle = self.handle.called_at(Location::caller());
        handle.event_time((T::schema(), time.leaf()), time.computation(), micros(lateness.0)).typed()
    }
}

impl<T: Record, K: Record, M: Mode> Grouped<T, K, M> {
    /// Divides the records of each key into windows by their event time. The result of a window is
    /// emitted when the watermark reaches its end.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn totals(sales: DataStream<(u32, i64, Timestamp)>) -> DataStream<(u32, Timestamp, i64)> {
    ///     let timed = sales.event_time(|s| s.2, Lateness::none());
    ///     timed
    ///         .group_by(|s| s.0)
    ///         .window(Tumbling::of(hours(1)))
    ///         .aggregate(|w| (w.key, w.start, w.sum(|s| s.1)))
    /// }
    /// ```
    #[track_caller]
    pub fn window(&self, windows: Tumbling) -> Windowed<T, K>
    where
        M: HasTime,
    {
        let micros = micros(windows.0);
        let (handle, key) = self.handle.windowed(&self.key, windows.0, Location::caller());
        Windowed { handle, key, micros, of: PhantomData }
    }
}

/// The windows of groups with keys `K`. Its methods return one record per window.
#[must_use = "windows need what is made of them: `.count()`, `.aggregate(|w| ..)`"]
pub struct Windowed<T, K> {
    handle: Handle,
    key: Vec<usize>,
    micros: i64,
    of: Types<T, K, Timed>,
}

impl<T, K> Clone for Windowed<T, K> {
    fn clone(&self) -> Self {
        Windowed { handle: self.handle.clone(), key: self.key.clone(), ..*self }
    }
}

impl<T: Record, K: Record> Windowed<T, K> {
    /// Computes several aggregates of each window in one pass. The key consists of the group's key
    /// and the start of the window.
    ///
    /// [`aggregate`](crate::operators::aggregate) in `#[dataflow]` compiles to this.
    pub fn aggregates(&self) -> Aggregates<T, (K, Timestamp), Unbounded, ()> {
        Aggregates::new(self.handle.clone(), self.key.clone()).of_windows(self.micros)
    }

    /// Counts the records of each window. Emits the key, the start of the window and the count.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn visits_per_hour(
    ///     visits: DataStream<(String, Timestamp)>,
    /// ) -> DataStream<(String, Timestamp, u64)> {
    ///     let timed = visits.event_time(|v| v.1, Lateness::none());
    ///     timed.group_by(|v| v.0).window(Tumbling::of(hours(1))).count()
    /// }
    /// ```
    pub fn count(&self) -> Flow<(K, Timestamp, u64), Unbounded> {
        let count = StateLeaf { ty: LeafType::U64, fold: Fold::Count };
        self.handle
            .window_measures("count", (self.key.clone(), self.micros), vec![count], <(K, Timestamp, u64)>::schema())
            .typed()
    }

    /// Sums a field over each window. Emits the key, the start of the window and the sum.
    ///
    /// In an `Option` field, `None` is skipped. The sum is `None` if a window has no other value.
    ///
    /// # Errors
    /// The job fails if the sum overflows the type of the field.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn turnover(sales: DataStream<(u32, i64, Timestamp)>) -> DataStream<(u32, Timestamp, i64)> {
    ///     let timed = sales.event_time(|s| s.2, Lateness::none());
    ///     timed.group_by(|s| s.0).window(Tumbling::of(hours(1))).sum(|s| s.1)
    /// }
    /// ```
    pub fn sum<V: Total>(&self, field: impl FnOnce(T::Fields<T>) -> Field<T, V>) -> Flow<(K, Timestamp, V), Unbounded> {
        let field = field(T::fields(0)).leaves();
        let types = V::schema().types();
        let states = types.into_iter().zip(folds::sum(field)).map(|(ty, fold)| StateLeaf { ty, fold }).collect();
        self.handle
            .window_measures("sum", (self.key.clone(), self.micros), states, <(K, Timestamp, V)>::schema())
            .typed()
    }
}

impl<T: Record, K> Windowed<T, K> {
    /// Returns the late records: those that arrive after their window has ended.
    ///
    /// Each record is either in its window or here. If this is not called, late records are dropped
    /// and only counted.
    ///
    /// Records are those that are grouped, in any order. They have no event time, because they
    /// would be late for every window. Whether a record is late depends on the records before it,
    /// so it can differ between runs. A job that continues from a snapshot keeps the decisions made
    /// before.
    ///
    /// # Cost
    /// One more step before records are grouped, and a channel even with one task.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The visits of each hour, and the late visits.
    /// #[dataflow]
    /// fn visits_per_hour(
    ///     visits: DataStream<(String, Timestamp)>,
    /// ) -> (DataStream<(String, Timestamp, u64)>, DataStream<(String, Timestamp)>) {
    ///     let timed = visits.event_time(|v| v.1, Lateness::bounded(secs(5)));
    ///     let hours = timed.group_by(|v| v.0).window(Tumbling::of(hours(1)));
    ///     (hours.count(), hours.late())
    /// }
    /// ```
    #[track_caller]
    pub fn late(&self) -> Flow<T, Unbounded> {
        self.handle.called_at(Location::caller()).side_output("late", T::schema()).typed()
    }
}

impl Handle {
    /// The side output of an operator before, without leaves that follow the record's.
    #[inline(never)]
    fn side_output(&self, word: &'static str, output: Schema) -> Handle {
        let leaves = (0..output.leaves().len()).collect();
        let next = self.next.for_part(word);
        let late = self.with_next(next.clone()).append(SideOutput { word, schema: self.schema() });
        late.with_next(next).projected("records", output, leaves)
    }

    /// Groups windows with measures that the engine computes without a kernel.
    #[inline(never)]
    fn window_measures(
        &self,
        word: &'static str,
        (key, micros): (Vec<usize>, i64),
        states: Vec<StateLeaf>,
        output: Schema,
    ) -> Handle {
        let mut aggregate = grouping(word, [self.schema(), output], key, states, None, Reads::All);
        aggregate.closures = self.next.closures.clone();
        self.append(WindowAggregate { aggregate, micros })
    }

    /// Copies `leaf` to the end of the rows, as their event time.
    #[inline(never)]
    fn event_time(&self, (record, leaf): (Schema, usize), computed: Option<Keyed>, lateness_micros: i64) -> Handle {
        let handle = self.keyed(computed);
        let leaves = (0..record.leaves().len()).chain([leaf]).collect();
        let (input, output) = (handle.schema(), record.with_event_time());
        let view = Project { word: "event_time", output, input, leaves };
        handle.append(EventTime { view, of: runtime::strategy::EventTimeOf { leaf, lateness_micros } })
    }

    /// Appends the start of the window to the rows. Returns the flow, and the key of the windows.
    #[inline(never)]
    fn windowed(&self, key: &[usize], length: Duration, caller: &'static Location<'static>) -> (Handle, Vec<usize>) {
        let schema = self.schema();
        let start = schema.leaves().len();
        // Rows of a timed flow have an event time. Otherwise this names a leaf that does not exist,
        // and the plan is rejected.
        let time = schema.event_time().unwrap_or(start);
        let schema = schema.with_hidden(HiddenLeaf::WindowStart);
        let micros = micros(length);
        let windows = TumblingWindows { time, micros };
        let next = self.next.called_at(caller);
        let key: Vec<usize> = key.iter().copied().chain([start]).collect();
        let late_split = LateDataSplit { schema: schema.clone(), key: key.clone(), micros };
        let handle = self.with_next(next.for_part("window")).append(WindowStart { schema, windows, length });
        let handle = handle.with_next(next.for_part("in time")).append(late_split);
        (handle.with_next(next), key)
    }
}
