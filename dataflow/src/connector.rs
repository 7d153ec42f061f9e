//! The interfaces of connectors: sources and sinks that are not files.
//!
//! [`Env::read_from`](crate::Env::read_from) and [`Env::read_stream_from`](crate::Env::read_stream_from)
//! read a [`Source`]; [`Flow::write_to`](crate::Flow::write_to) writes to a [`Sink`]. The guide's page
//! "Write a connector" explains them. The package `examples/own-connector` has a source of three splits that resumes from snapshots, and a sink that
//! writes each record exactly once to a server.
//!
//! * A source lists named splits. A [`SplitReader`] opens a split at a position, and returns batches that
//!   [`Columns`] make of plain values and texts: one column for each of [`Schema::leaves`].
//! * A [`Writer`] takes rows. It returns `Pending` if the target takes no more, and wakes its task.
//! * Work that blocks runs on [`Blocking`] threads, which wake the task after it. A [`Background`] holds what
//!   such work uses, and its result.
//! * Errors of a client are [`EngineError::User`]; the engine adds the operator and its line.

pub use runtime::error::Error as EngineError;
pub use runtime::kernel::Background;
pub use runtime::memory::{Memory, Reservation};
pub use runtime::output::{Commit, EpochSink, Transaction};
pub use runtime::page::{Batch, Columns, Input, TextColumn};
pub use runtime::row::{LeafSet, Schema};
pub use runtime::sink::{Guarantee, Prepared, Sink, Writer, WriterContext};
pub use runtime::source::{
    Position, ReadProgress, ReaderContext, RowFilters, Sample, Scan, Source, Split, SplitList, SplitPosition,
    SplitReader, Statistics, TableSource,
};
pub use runtime::storage::Blocking;
pub use runtime::strategy::Progress;

use crate::record::Record;

/// The schema of a record type, for [`Source::schema`].
#[must_use]
pub fn schema_of<T: Record>() -> Schema {
    T::schema()
}

/// A password or a token. Its text appears in no `Debug` output, so it is in no plan and no message.
///
/// ```
/// use dataflow::connector::Secret;
///
/// let password = Secret::from("swordfish");
/// assert_eq!(format!("{password:?}"), "Secret(..)");
/// assert_eq!(password.reveal(), "swordfish");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text, for the client that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<S: Into<String>> From<S> for Secret {
    fn from(text: S) -> Self {
        Secret(text.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
