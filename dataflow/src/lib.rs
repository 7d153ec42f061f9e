//! Typed dataflow pipelines, checked and fused at compile time.
//!
//! An ordinary function marked `#[dataflow]` says what a pipeline computes; `cargo build` checks it, and the run time picks how. See the
//! README for a first pipeline, ARCHITECTURE.md for how it works.

#![forbid(unsafe_code)]

mod dates;
mod env;
mod error;
mod flow;
mod kernel;
mod key;
pub mod prelude;
mod record;
mod text;

pub use dataflow_macros::{Record, dataflow_inline as dataflow};

pub use env::{Engine, Env, Options, ProgressWhen, Report};
pub use error::{Error, Result, UserError};
pub use flow::{
    Aggregates, Bounded, DataSet, DataStream, Ends, Flow, Grouped, InFolders, Join, Joined, Mode, Reads, Records,
    Scope, SemiJoin, Side, SortedGroups, Step, Task, TaskState, Total, Unbounded, scope,
};
pub use kernel::{Averaged, Emitter, Group, TaskRecords, mean};
pub use key::{Asc, Desc, Equality, Field, Key, KeyedBy, Order, Projection, asc, desc};
pub use record::{Record, Value};
pub use runtime::format::{CsvOptions, JsonOptions};
pub use runtime::source::{Comparison, Lenient};
pub use runtime::value::{Date, Decimal, Texts, Timestamp};
pub use text::{TextExt, Words};

/// The kinds of a [`Join`], as they stand in its type.
pub mod joins {
    pub use crate::flow::{FullOuter, Inner, LeftOuter, Outer, RightOuter};
}

/// The slots of [`Aggregates`], as they stand in its type.
pub mod slots {
    pub use crate::kernel::{
        Avg, Condition, Count, CountDistinct, CountIf, Extreme, First, Greatest, GreatestBy, Least, LeastBy, Measure,
        Slots, State, Sum,
    };
}

/// What generated code names. Not for programs.
#[doc(hidden)]
pub mod __private {
    pub use runtime::page::{Claims, LeafReader, NewRow, Row, SinkLeaves};
    pub use runtime::row::{Field as SchemaField, LeafType, SchemaBuilder, Shape, Tag};

    pub use crate::flow::Capture;
    pub use crate::key::{Equality, EqualityIn, Field};
    pub use crate::record::{Record, Value};
    pub use runtime::value::Texts;
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
        first_pipeline: "first-pipeline.md";
        records: "records.md";
        joins_and_groups: "joins-and-groups.md";
        errors: "errors.md";
    }
}
