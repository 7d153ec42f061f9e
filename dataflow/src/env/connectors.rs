//! Sources that read from a connector.

use std::panic::Location;
use std::sync::Arc;

use runtime::row::Schema;
use runtime::source::Source;

use super::Env;
use crate::error::Result;
use crate::flow::{DataSet, DataStream, Handle};
use crate::record::Record;

impl Env {
    /// Reads the records of a connector's bounded source. [`connector`](crate::connector) describes
    /// the interface.
    ///
    /// # Errors
    /// Fails if the source is unbounded, or has records of another type than `T`.
    #[track_caller]
    pub fn read_from<T: Record>(&self, source: impl Source + 'static) -> Result<DataSet<T>> {
        self.connector_flow(Arc::new(source), &T::schema(), false, Location::caller()).map(Handle::typed)
    }

    /// Reads the records of a connector's unbounded source. [`connector`](crate::connector)
    /// describes the interface.
    ///
    /// # Errors
    /// Fails if the source is bounded, or has records of another type than `T`.
    #[track_caller]
    pub fn read_stream_from<T: Record>(&self, source: impl Source + 'static) -> Result<DataStream<T>> {
        self.connector_flow(Arc::new(source), &T::schema(), true, Location::caller()).map(Handle::typed)
    }

    fn connector_flow(
        &self,
        source: Arc<dyn Source>,
        schema: &Schema,
        is_endless: bool,
        caller: &'static Location<'static>,
    ) -> Result<Handle> {
        let describe = source.describe();
        let plan_error = |message: String| Err(runtime::error::Error::Plan(message));
        let checked = match () {
            () if source.is_endless() && !is_endless => {
                plan_error(format!("{describe} has no end, and a `DataSet` has one: use `read_stream_from`"))
            }
            () if !source.is_endless() && is_endless => {
                plan_error(format!("{describe} ends, and a `DataStream` does not: use `read_from`"))
            }
            () if source.schema().types() != schema.types() => {
                let (found, expected) = (source.schema().describe(), schema.describe());
                plan_error(format!("{describe} has records of {found}, and this flow has records of {expected}"))
            }
            () => Ok(source),
        };
        self.source_flow(checked, caller)
    }
}
