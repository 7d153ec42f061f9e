//! Operators on single records: `filter`, `process`, and their fallible variants.
//!
//! `map`, `flat_map` and `filter_map` compile to `process`, and their fallible variants to
//! `try_process`.

use std::panic::Location;

use runtime::kernel::{ChainFactory, PredicateFactory};
use runtime::operators::{Expansion, Filter, MapChain};
use runtime::plan::{Forwards, Reads};
use runtime::row::Schema;

use super::{Flow, Handle, Mode};
use crate::error::UserError;
use crate::kernel::{Emitter, predicate, process, try_predicate, try_process};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Keeps the records for which `keep` returns `true`.
    ///
    /// # Cost
    /// One call per record, in place. Nothing is copied. The documentation of
    /// [`filter`](crate::operators::filter) describes how filters are moved.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn large(numbers: DataSet<u64>, least: u64) -> DataSet<u64> {
    ///     numbers.filter(|n| n >= least)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let numbers = Env::embedded().collection([1u64, 20, 3])?;
    /// assert_eq!(large(numbers, 3).collect()?, [20, 3]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn filter<F>(&self, keep: F) -> Flow<T, M>
    where
        F: for<'a> Fn(T::At<'a>) -> bool + Clone + Send + 'static,
    {
        self.filtered(predicate::<T, F>(keep), Location::caller())
    }

    /// Keeps the records for which `keep` returns `Ok(true)`. An error ends the job, and names the
    /// operator and the record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn large(texts: DataSet<String>) -> DataSet<String> {
    ///     texts.try_filter(|text| text.parse::<u64>().map(|n| n > 9))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// assert_eq!(large(env.collection(["5", "10"])?).collect()?, ["10"]);
    /// let error = large(env.collection(["ten"])?).collect().unwrap_err().to_string();
    /// assert!(error.starts_with("`try_filter` at "), "{error}");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_filter<F>(&self, keep: F) -> Flow<T, M>
    where
        F: for<'a> Fn(T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
    {
        self.filtered(try_predicate::<T, F>(keep, self.reads()), Location::caller())
    }

    pub(super) fn filtered(&self, predicate: PredicateFactory, location: &'static Location<'static>) -> Flow<T, M> {
        self.handle.filtered(T::schema(), predicate, location).typed()
    }

    /// The leaves that the closure of the next operator reads. Errors may show them.
    pub(super) fn reads(&self) -> Reads {
        self.handle.next.reads(0, &T::schema())
    }

    /// Calls `body` for each record. It emits any number of records.
    ///
    /// [`map`](crate::operators::map), [`flat_map`](crate::operators::flat_map) and
    /// [`filter_map`](crate::operators::filter_map) in `#[dataflow]` compile to this.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let numbers = env.collection([1u64, 2, 3])?;
    /// let twice = numbers.process(|n, out| {
    ///     out.emit(n);
    ///     out.emit(n * 10);
    /// });
    /// assert_eq!(twice.collect()?, [1u64, 10, 2, 20, 3, 30]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn process<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.chained("process", process::<T, U, F>(body), Location::caller())
    }

    /// Like [`Flow::process`], with a fallible closure. An error ends the job, and names the
    /// operator and the record.
    ///
    /// [`try_map`](crate::operators::try_map), [`try_flat_map`](crate::operators::try_flat_map) and
    /// [`try_filter_map`](crate::operators::try_filter_map) in `#[dataflow]` compile to this.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let texts = env.collection(["1", "x"])?;
    /// let numbers = texts.try_process(|text, out| {
    ///     out.emit(text.parse::<u64>()?);
    ///     Ok(())
    /// });
    /// let error = numbers.collect().unwrap_err().to_string();
    /// assert!(error.contains("invalid digit found in string"), "{error}");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_process<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'a> Fn(T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        self.chained("process", try_process::<T, U, F>(body, self.reads()), Location::caller())
    }

    pub(super) fn chained<U: Record>(
        &self,
        word: &'static str,
        chain: ChainFactory,
        location: &'static Location<'static>,
    ) -> Flow<U, M> {
        self.handle.chained(word, chain, [T::schema(), U::schema()], location).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn filtered(&self, schema: Schema, predicate: PredicateFactory, location: &'static Location<'static>) -> Handle {
        let this = self.called_at(location);
        let next = &this.next;
        let reads = next.reads(0, &schema);
        let (moves, below) = next.moves();
        // The macro moved this filter before a closure, and the closure can also evaluate it. If
        // the types do not prove that it may move, the closure does.
        let was_moved = !below.is_empty();
        if was_moved && !moves {
            return self.with_evaluated_filters(true);
        }
        let (bounds, may_have_effects, may_run_on_sample) =
            (next.bounds(), next.may_have_effects(), next.may_run_on_sample(predicate.captures()));
        let schema = this.rows_of(schema);
        let filter = Filter {
            schema,
            predicate,
            reads,
            bounds,
            moves,
            may_have_effects,
            may_run_on_sample,
            selectivity: None,
            below: below.into(),
        };
        this.append(filter).with_evaluated_filters(was_moved && next.evaluates_filters())
    }

    #[inline(never)]
    fn chained(
        &self,
        word: &'static str,
        chain: ChainFactory,
        schemas: [Schema; 2],
        location: &'static Location<'static>,
    ) -> Handle {
        let this = self.called_at(location);
        let forwards = this.next.forwards(&schemas[1], &[&schemas[0]]);
        this.chained_with(word, chain, schemas, forwards)
    }

    pub(super) fn chained_with(
        &self,
        word: &'static str,
        chain: ChainFactory,
        [input, output]: [Schema; 2],
        forwards: Forwards,
    ) -> Handle {
        let reads = self.next.reads(0, &input);
        let output = self.rows_of(output);
        let expansion = Expansion(if self.next.expands() { 5.0 } else { 1.0 });
        let (may_run_on_sample, selectivity) = (self.next.may_run_on_sample(chain.captures()), None);
        self.append(MapChain { word, input, output, chain, reads, expansion, may_run_on_sample, forwards, selectivity })
    }
}
