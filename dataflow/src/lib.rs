//! Typed dataflow pipelines, checked and fused at compile time.
//!
//! A pipeline is an ordinary function marked [`#[dataflow]`](macro@dataflow). Its operators, such
//! as `map`, `join` and `group_by`, take closures over typed records. `cargo build` checks the
//! pipeline and compiles its closures into loops over columns and pages. When the program runs, an
//! optimizer chooses how to execute each operator. The engine then runs the plan on all cores of
//! one machine, within a memory budget. Joins, groups and sorts that need more memory spill to
//! disk.
//!
//! ```
//! use dataflow::prelude::*;
//!
//! #[derive(Record, Clone, Debug, PartialEq)]
//! struct WordCount {
//!     word: String,
//!     count: u64,
//! }
//!
//! #[dataflow]
//! fn word_count(lines: DataSet<String>) -> DataSet<WordCount> {
//!     lines
//!         .flat_map(|line| line.words().map(|word| WordCountRef { word, count: 1 }))
//!         .group_by(|w| w.word)
//!         .sum(|w| w.count)
//!         .sort(|w| (desc(w.count), asc(w.word)))
//! }
//!
//! fn main() -> dataflow::Result<()> {
//!     let env = Env::new(Options::default());
//!     let lines = env.collection(["to be", "or not to be"])?;
//!     let counts = word_count(lines).collect()?;
//!     assert_eq!(counts[0], WordCount { word: "be".to_owned(), count: 2 });
//!     Ok(())
//! }
//! ```
//!
//! # Modules and traits
//!
//! Programs import the [`prelude`]. Operators are methods of [`Flow`], and of types that some of
//! them return, such as [`Grouped`] and [`Join`]. [`DataSet`] and [`DataStream`] are aliases of
//! `Flow`. Closures may emit any [`Value`]: a record, its borrowed twin, or a tuple of parts.
//!
//! | To | Use |
//! |---|---|
//! | declare a record type | [`#[derive(Record)]`](macro@Record), [`Value`] |
//! | create sources, set options, run jobs | [`Env`], [`Options`], [`JobHandle`], [`Report`] |
//! | find an operator | [`operators`]: tables of all operators, and pages with examples |
//! | process data with an end | [`DataSet`] |
//! | process data without an end | [`DataStream`], [`TimedStream`], [`UpdateStream`] |
//! | name a key or an order | [`Key`], [`Order`], [`asc`], [`desc`] |
//! | aggregate groups | [`Aggregates`]; [`Aggregator`] for a measure of your own |
//! | count events in closures | [`accumulators`], [`Accumulator`] |
//! | read or write a system that is not a file | [`connector`] |
//! | inspect a plan | [`Env::explain`], [`Plan`], [`Explain`] |
//! | handle errors | [`Error`] of jobs, [`UserError`] of fallible closures |
//!
//! [`joins`] and [`slots`] contain types that appear in signatures and that programs rarely name.
//!
//! # Cargo features
//!
//! | Feature | Enables | Default |
//! |---|---|---|
//! | `csv`, `json`, `parquet`, `binary`, `native` | sources and sinks of this file format | yes |
//! | `log` | logs of records: `LogWriter`, `Env::read_log` | yes |
//! | `compression` | `.gz` and `.zst` files | yes |
//! | `brotli` | Brotli-compressed pages in Parquet files; implies `parquet` | no |
//! | `kill-points` | for tests of recovery: `KILL_AT` kills the process at a named point | no |
//!
//! Text files need no feature.
//!
//! # Guide
//!
//! The guide is in `docs/guide` of the repository. Each page begins with a complete program.
//!
//! * First steps: `getting-started`, `records`, `transformations`, `grouping`, `joins`,
//!   `partitioning`
//! * Loops and streams: `iterations`, `streams`, `snapshots`
//! * Data outside of the program: `files`, `connectors`
//! * In production: `plans`, `memory`, `tuning`, `testing`, `deploying`, `errors`
//! * Reference: `limitations`, `cookbook`, `coming-from`
//!
//! `ARCHITECTURE.md` describes the engine, and `docs/glossary.md` its terms.

#![forbid(unsafe_code)]

/// Implements `Clone` and `Copy` without bounds on the type's parameters, unlike the derives.
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

/// Calls a macro for the tuples of one to eight elements, with three tokens for each: a type
/// parameter, a second one, and the index.
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

/// The kinds and hints of a [`Join`], which its type names.
pub mod joins {
    pub use crate::flow::{
        BroadcastLeft, BroadcastRight, BuildLeft, BuildRight, FullOuter, Hint, Hinted, Inner, LeftOuter, Outer,
        Repartition, RepartitionBuildLeft, RepartitionBuildRight, RightOuter, Semi, SharesLeft, SharesRight, SortMerge,
        Unhinted,
    };
}

/// The measures and slots of [`Aggregates`], which its type names.
pub mod slots {
    pub use crate::flow::measures::*;
    pub use crate::kernel::{
        ByAggregator, ByClosures, Extreme, Folded, Folding, Keeps, Measure, MeasureClosure, Measured, OfField, Ordered,
        RecordLifetime, Room, Slots, State, SumWithTally, Summaries, Summary, Tally,
    };
}

/// Items that generated code uses. Not for programs.
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

    /// Methods that copy the captured variables of closures over records. The imports are
    /// anonymous, so they add no names to a program's functions.
    pub mod copying {
        pub use crate::flow::{Capture as _, Collection as _};
    }
}

/// Compiles and runs the programs in the guide.
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
