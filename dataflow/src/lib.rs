//! Typed dataflow pipelines, checked and fused at compile time.
//!
//! An ordinary function marked `#[dataflow]` says what a pipeline computes; `cargo build` checks it, and the run time picks how. See the
//! README for a first pipeline, ARCHITECTURE.md for how it works.
//!
//! [`operators`] has a page for each word of the language, [`prelude`] what programs import, [`Env`] the sources,
//! [`Record`](macro@Record) what a record may be.

#![forbid(unsafe_code)]

/// `Clone` and `Copy` for types whose parameters need neither.
macro_rules! copies {
    ($([$($parameters:tt)*] $ty:ty),* $(,)?) => {$(
        impl<$($parameters)*> Clone for $ty {
            #[inline(always)]
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<$($parameters)*> Copy for $ty {}
    )*};
}

/// Calls a macro for the tuples of one to eight parts, with a name for each part's type, one for another type, and its index.
macro_rules! for_tuples {
    ($each:ident) => {
        $each!(A RA 0);
        $each!(A RA 0, B RB 1);
        $each!(A RA 0, B RB 1, C RC 2);
        $each!(A RA 0, B RB 1, C RC 2, D RD 3);
        $each!(A RA 0, B RB 1, C RC 2, D RD 3, E RE 4);
        $each!(A RA 0, B RB 1, C RC 2, D RD 3, E RE 4, F RF 5);
        $each!(A RA 0, B RB 1, C RC 2, D RD 3, E RE 4, F RF 5, G RG 6);
        $each!(A RA 0, B RB 1, C RC 2, D RD 3, E RE 4, F RF 5, G RG 6, H RH 7);
    };
}

pub mod accumulators;
mod checked;
pub mod connector;
mod dates;
mod env;
mod error;
mod flow;
mod kernel;
mod key;
pub mod operators;
mod lengths;
mod like;
pub mod prelude;
mod record;
mod text;

pub use dataflow_macros::{Record, dataflow_inline as dataflow};

pub use accumulators::{Accumulated, Accumulator};
#[cfg(feature = "log")]
pub use env::LogWriter;
pub use env::{Engine, Env, Explain, JobHandle, Options, Plan, ProgressWhen, Report};
pub use error::{Error, Result, UserError};
pub use flow::{
    Aggregates, AnyMode, Bounded, CoGroup, CoGroups, CombinesWith, DataSet, DataStream, Ends, Flow, Forward, Grouped,
    IfExists, InFolders, Join, Joined, KeepsValues, Lateness, Mode, OfGroups, Output, Reads, Records, Scope, SemiJoin,
    Side, Solution, SolutionSides, SortedGroups, Step, Task, TaskState, Timed, TimedStream, Total, Tumbling, Unbounded,
    UpdateStream, Updating, Windowed, WithAll, WithMade, scope,
};
#[cfg(feature = "csv")]
pub use formats::CsvOptions;
#[cfg(feature = "json")]
pub use formats::JsonOptions;
#[cfg(feature = "parquet")]
pub use formats::{ParquetCodec, ParquetOptions};
pub use formats::{TextEncoding, TimeForms};
pub use kernel::{Aggregator, Averaged, Emitter, FoldState, Group, KeyOf, Keying, Rows, RowsIter, TaskRecords};
pub use key::{
    Asc, Computed, ComputedOrder, Desc, Equality, EventTimeOf, Field, Key, KeyedBy, NamesField, OfFields, Order,
    Projection, Symbols, asc, desc,
};
pub use like::Like;
pub use record::{List, ListIter, Map, MapIter, Record, Value};
pub use runtime::metrics::{Metrics, MetricsOfOperator, MetricsOfSnapshots};
pub use runtime::optimizer::{Profile, Rule, Weights};
pub use runtime::physical::{Candidate, Choice, Decisions, JoinOrder, JoinRegion, OrderEstimate};
pub use runtime::source::{Comparison, Lenient};
pub use runtime::strategy::Estimate;
pub use runtime::value::{Date, Decimal, LocalTime, ParseValueError, Texts, TimeDelta, TimeUnit, Timestamp, Zone};
pub use text::{TextExt, Words};

/// The kinds of a [`Join`], as they stand in its type, and the hints that it takes.
pub mod joins {
    pub use crate::flow::{
        BroadcastLeft, BroadcastRight, BuildLeft, BuildRight, FullOuter, Hint, Hinted, Inner, LeftOuter, Outer,
        Repartition, RepartitionBuildLeft, RepartitionBuildRight, RightOuter, Semi, SharesLeft, SharesRight, SortMerge,
        Unhinted,
    };
}

/// The slots of [`Aggregates`], as they stand in its type.
pub mod slots {
    pub use crate::flow::measures::*;
    pub use crate::kernel::{
        ByAggregator, ByClosures, Extreme, Folded, Folding, Keeps, Measure, MeasureClosure, Measured, OfField, Ordered,
        RecordLifetime, Room, Slots, State, SumWithTally, Summaries, Summary, Tally,
    };
}

/// What generated code names. Not for programs.
#[doc(hidden)]
pub mod __private {
    pub use runtime::operators::must_cover;
    pub use runtime::page::{Claims, LeafReader, NewRow, Row, SinkLeaves, TrustedRecord};
    pub use runtime::row::{FieldType, LeafType, RecordType, Tag};

    pub use crate::checked::{Negated, Operands};
    pub use crate::flow::proof::*;
    pub use crate::flow::{OtherParameter, Parameter, field_of_twin, of_records, option, seen_as};
    pub use crate::key::{Equality, EqualityIn, Field, Named, Symbols, field_at, key_at, matched_key};
    pub use crate::record::{AsItems, List, ListForm, ListOf, Map, Record, Value};
    pub use runtime::value::Texts;

    /// Methods that copy what closures over records capture. They have no names of their own in a program's functions.
    pub mod copying {
        pub use crate::flow::{Capture as _, Collection as _};
    }
}

/// The programs in the guide are compiled and run.
#[cfg(doctest)]
mod guide {
    macro_rules! pages {
        ($($name:ident: $path:literal;)*) => {$(
            #[doc = include_str!(concat!("../../docs/guide/", $path))]
            mod $name {}
        )*};
    }
    pages! {
        getting_started: "getting-started.md";
        records: "records.md";
        transformations: "transformations.md";
        grouping: "grouping.md";
        joins: "joins.md";
        partitioning: "partitioning.md";
        iterations: "iterations.md";
        streams: "streams.md";
        snapshots: "snapshots.md";
        files: "files.md";
        connectors: "connectors.md";
        plans: "plans.md";
        memory: "memory.md";
        tuning: "tuning.md";
        testing: "testing.md";
        errors: "errors.md";
        cookbook: "cookbook.md";
    }
}
