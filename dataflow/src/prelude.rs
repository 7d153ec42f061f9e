//! The imports of a program with pipelines: `use dataflow::prelude::*;`.

pub use dataflow_macros::{Record, dataflow};

pub use crate::date;
pub use crate::env::{Env, Options};
pub use crate::flow::{
    BroadcastLeft, BroadcastRight, BuildLeft, BuildRight, DataSet, DataStream, Flow, IfExists, Lateness, Output,
    Repartition, RepartitionBuildLeft, RepartitionBuildRight, Solution, SortMerge, TimedStream, Tumbling, UpdateStream,
};
pub use crate::key::{Symbols, asc, desc};
pub use crate::like::Like;
pub use crate::record::{List, Map, Record, Value};
pub use crate::text::TextExt;
#[cfg(feature = "csv")]
pub use formats::CsvOptions;
#[cfg(feature = "json")]
pub use formats::JsonOptions;
#[cfg(feature = "parquet")]
pub use formats::ParquetOptions;
pub use runtime::source::Lenient;
pub use runtime::value::{Date, Decimal, Texts, TimeDelta, TimeUnit, Timestamp, Zone};

pub use crate::lengths::{hours, millis, mins, secs};
