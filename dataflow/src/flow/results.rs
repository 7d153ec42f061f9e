//! Results and sinks: methods that run a plan, or add an output to it.

use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{Collect, Collector, WriteFile, WriteSink};
use runtime::output::Target;
use runtime::row::Schema;
use runtime::sink::Sink;
use runtime::source::Format;

use super::{AnyMode, Ends, Flow, Handle, Mode, Records};
use crate::error::Result;
use crate::record::Record;

impl<T: Record, M: AnyMode> Flow<T, M> {
    /// Runs the flow and returns its records. A sorted flow keeps its order.
    ///
    /// # Cost
    /// All records are in memory. They count against the budget while they are collected.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let numbers = Env::embedded().collection([3u64, 1, 2])?;
    /// assert_eq!(numbers.sort(|n| n).collect()?, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails if the job fails.
    #[track_caller]
    pub fn collect(&self) -> Result<Vec<T>>
    where
        M: Ends,
    {
        self.records().map(|records| records.to_vec())
    }

    /// Runs the flow and returns its records in the engine's pages, without copying them. A sorted
    /// flow keeps its order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection([("to", 1u64), ("be", 2)])?.records()?;
    /// let mut letters = 0;
    /// words.for_each(|(word, count)| letters += word.len() as u64 * count);
    /// assert_eq!((words.len(), letters), (2, 6));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails if the job fails.
    #[track_caller]
    pub fn records(&self) -> Result<Records<T>>
    where
        M: Ends,
    {
        Ok(Records::new(self.handle.collected(T::schema(), false, Location::caller())?.take()))
    }

    /// Runs the flow and returns the number of its records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// assert_eq!(Env::embedded().collection([3u64, 1, 2])?.count()?, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails if the job fails.
    #[track_caller]
    pub fn count(&self) -> Result<u64>
    where
        M: Ends,
    {
        Ok(self.handle.collected(T::schema(), true, Location::caller())?.rows())
    }

    /// Prints each record as a line of tab-separated values when the environment runs.
    ///
    /// Lists, maps and enums with values are printed as Rust values:
    /// `[Item { name: "tea", count: 2 }]`. If the reader closes the output (`| head`), the rest is
    /// not printed. A job without other outputs then ends early, without an error.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// env.collection([("to", 1u64), ("be", 2)])?.print();
    /// env.run()?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn print(&self) {
        self.handle.print(T::schema(), Location::caller());
    }

    /// Prints the first `rows` records as a table with names and types when the environment runs. A
    /// sorted flow prints its first records, other flows print any.
    ///
    /// The table is as wide as the terminal, or 120 columns if the output is not a terminal. Long
    /// texts are cut with `…`, numbers are not. Columns that do not fit are listed below.
    ///
    /// # Cost
    /// That of [`Flow::first`], and memory for the printed records.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// env.collection([("to", Some(1u64)), ("be", None)])?.show(20);
    /// env.run()?;
    /// // 0                 1
    /// // String  Option<u64>
    /// // ──────  ───────────
    /// // to                1
    /// // be             null
    /// // 2 rows
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn show(&self, rows: usize)
    where
        M: Mode,
    {
        self.handle.show(rows, T::schema, Location::caller());
    }

    /// Writes to a connector when the environment runs.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// use dataflow::connector::{
    ///     EngineError, Guarantee, Input, Progress, Sink, Writer, WriterContext,
    /// };
    /// # use dataflow::prelude::*;
    ///
    /// /// Counts records.
    /// #[derive(Clone, Default)]
    /// struct Count(Arc<AtomicUsize>);
    ///
    /// impl Sink for Count {
    ///     fn describe(&self) -> String {
    ///         "count".to_owned()
    ///     }
    ///     fn guarantee(&self) -> Guarantee {
    ///         Guarantee::AtLeastOnce
    ///     }
    ///     fn writer(&self, _: WriterContext) -> Result<Box<dyn Writer>, EngineError> {
    ///         Ok(Box::new(self.clone()))
    ///     }
    /// }
    ///
    /// impl Writer for Count {
    ///     fn write(&mut self, rows: &Input<'_>) -> Result<Progress, EngineError> {
    ///         self.0.fetch_add(rows.len(), Ordering::Relaxed);
    ///         Ok(Progress::Done)
    ///     }
    ///     fn flush(&mut self) -> Result<Progress, EngineError> {
    ///         Ok(Progress::Done)
    ///     }
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let (env, count) = (Env::embedded(), Count::default());
    /// env.collection([1u64, 2, 3])?.write_to(count.clone());
    /// env.run()?;
    /// assert_eq!(count.0.load(Ordering::Relaxed), 3);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn write_to(&self, sink: impl Sink + 'static) {
        self.handle.write_sink(T::schema(), Arc::new(sink), Location::caller());
    }
}

impl Handle {
    #[inline(never)]
    fn collected(
        &self,
        schema: Schema,
        count_only: bool,
        location: &'static Location<'static>,
    ) -> Result<Arc<Collector>> {
        let sink = Collect::new(schema, count_only);
        let collector = sink.collector.clone();
        self.env.run_now(&self.called_at(location).append(sink).node)?;
        Ok(collector)
    }

    #[inline(never)]
    fn print(&self, schema: Schema, location: &'static Location<'static>) {
        self.called_at(location).write_with(schema, Arc::new(formats::LinesFormat), Target::printed());
    }

    #[inline(never)]
    fn show(&self, rows: usize, record: fn() -> Schema, location: &'static Location<'static>) {
        // Request one more record, to detect whether there are more.
        let first = self.called_at(location).first(Vec::new(), rows.saturating_add(1), Vec::new()).called_at(location);
        first.write_with(record(), Arc::new(formats::TableFormat { rows, width: None }), Target::printed());
    }

    #[inline(never)]
    fn write_sink(&self, schema: Schema, sink: Arc<dyn Sink>, location: &'static Location<'static>) {
        self.env.add_sink(self.called_at(location).append(WriteSink::new(schema, sink)).node);
    }

    pub(super) fn write_with(&self, schema: Schema, format: Arc<dyn Format>, target: Target) {
        self.env.add_sink(self.append(WriteFile::new(schema, format, target)).node);
    }
}
