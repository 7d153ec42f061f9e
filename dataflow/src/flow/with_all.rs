//! `with_all`: passes all records of a small flow to closures.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use runtime::operators;
use runtime::plan::Reads;
use runtime::sort::SideInputFactory;

use crate::error::UserError;
use crate::kernel::{Emitter, Rows, try_with_made, try_with_rows};
use crate::record::Record;

use super::join_sides::JoinSides;
use super::proof::Proof;
use super::step::Step;
use super::{DataSet, Flow, Mode, TaskState};

type Types<T, R, M> = PhantomData<fn() -> (T, R, M)>;

/// A flow whose closure also receives all records of another flow. It needs that closure.
#[must_use = "a flow beside another needs a closure: `.map(|record, rows| …)`"]
pub struct WithAll<T, R, M> {
    sides: JoinSides,
    of: Types<T, R, M>,
}

/// A flow whose closure also receives the value that `init` makes of all records of another flow.
/// It needs that closure.
#[must_use = "a flow beside another needs a closure: `.map(|record, made| …)`"]
pub struct WithMade<T, R, M, O> {
    sides: JoinSides,
    init: O,
    of: Types<T, R, M>,
}

impl<T, R, M> WithAll<T, R, M> {
    /// Like [`Joined::step`](super::Joined::step).
    #[doc(hidden)]
    pub fn step(&self, step: &'static Step) -> Self {
        WithAll { sides: self.sides.completed_by(step), of: PhantomData }
    }

    /// Like [`Flow::captured`].
    #[doc(hidden)]
    pub fn captured<P: Proof>(&self, _: P) -> Self {
        WithAll { sides: self.sides.with_proof(P::HOLDS), of: PhantomData }
    }
}

impl<T, R, M, O: Clone> WithMade<T, R, M, O> {
    /// Like [`Joined::step`](super::Joined::step).
    #[doc(hidden)]
    pub fn step(&self, step: &'static Step) -> Self {
        WithMade { sides: self.sides.completed_by(step), init: self.init.clone(), of: PhantomData }
    }

    /// Like [`Flow::captured`].
    #[doc(hidden)]
    pub fn captured<P: Proof>(&self, _: P) -> Self {
        WithMade { sides: self.sides.with_proof(P::HOLDS), init: self.init.clone(), of: PhantomData }
    }
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Passes all records of a small flow to closures, as [`Rows`], with each record of this flow.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn in_band(
    ///     weights: DataSet<u32>,
    ///     bands: DataSet<(u32, String)>,
    /// ) -> DataSet<(u32, Option<String>)> {
    ///     weights.with_all(bands).map(|w, bands| {
    ///         let band = bands.iter().filter(|b| b.0 <= w).max_by_key(|b| b.0);
    ///         (w, band.map(|b| b.1))
    ///     })
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let bands = env.collection([(0u32, "light".to_owned()), (10, "heavy".to_owned())])?;
    /// let found = in_band(env.collection([3u32, 12])?, bands).collect()?;
    /// assert_eq!(found, [(3, Some("light".to_owned())), (12, Some("heavy".to_owned()))]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The rows are in the order of `all` if that flow has one task, as after a `sort`. Otherwise
    /// their order is unspecified. There may be no rows. To look records up, build an index once
    /// with [`WithAll::init`]. To look up records with equal keys, use [`Flow::join`].
    ///
    /// # Cost
    /// The small flow is stored in memory, once for all tasks, before the first record is
    /// processed.
    #[track_caller]
    pub fn with_all<R: Record>(&self, all: DataSet<R>) -> WithAll<T, R, M> {
        WithAll { sides: JoinSides::new(self, all, Location::caller()), of: PhantomData }
    }
}

impl<T: Record, R: Record, M: Mode> WithAll<T, R, M> {
    /// Makes a value of all records, once in each task. Closures receive a reference to it instead
    /// of the records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use std::collections::HashMap;
    ///
    /// #[dataflow]
    /// fn in_euros(prices: DataSet<(String, f64)>, rates: DataSet<(String, f64)>) -> DataSet<f64> {
    ///     prices
    ///         .with_all(rates)
    ///         .init(|rates| {
    ///             rates.iter().map(|r| (r.0.to_owned(), r.1)).collect::<HashMap<_, _>>()
    ///         })
    ///         .try_map(|p, rates| rates.get(p.0).map(|rate| p.1 * rate).ok_or("no such currency"))
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let rates = env.collection([("EUR".to_owned(), 1.0), ("USD".to_owned(), 0.5)])?;
    /// assert_eq!(in_euros(env.collection([("USD".to_owned(), 8.0)])?, rates).collect()?, [4.0]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    /// The value is ordinary memory in each task, outside of the budget. The memory of the records
    /// is then released.
    pub fn init<S, O>(self, init: O) -> WithMade<T, R, M, O>
    where
        O: for<'r> Fn(Rows<'r, R>) -> S + Clone + Send + 'static,
    {
        WithMade { sides: self.sides, init, of: PhantomData }
    }

    /// Calls `body` for each record, with all rows. It emits any number of records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let (weights, limits) = (env.collection([3u32, 12])?, env.collection([5u32, 10])?);
    /// let passed = weights.with_all(limits).process(|weight, limits, out| {
    ///     out.emit((weight, limits.iter().filter(|&limit| limit < weight).count() as u64));
    /// });
    /// assert_eq!(passed.collect()?, [(3u32, 0u64), (12, 2)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn process<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'a, 'r> Fn(T::At<'a>, Rows<'r, R>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.try_process(move |record: T::At<'_>, rows: Rows<'_, R>, out: &mut Emitter<'_, U>| {
            body(record, rows, out);
            Ok(())
        })
    }

    /// Like [`WithAll::process`], with a fallible closure. An error ends the job, and names the
    /// operator and the record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn places(names: DataSet<String>, all: DataSet<String>) -> DataSet<u64> {
    ///     names.with_all(all).try_map(|name, all| {
    ///         all.iter()
    ///             .position(|other| other == name)
    ///             .map(|place| place as u64)
    ///             .ok_or("an unknown name")
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let all = env.collection(["Ada", "Grace"])?;
    /// assert_eq!(places(env.collection(["Grace"])?, all.clone()).collect()?, [1]);
    /// assert!(places(env.collection(["Bob"])?, all).collect().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_process<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'a, 'r> Fn(T::At<'a>, Rows<'r, R>, &mut Emitter<'_, U>) -> Result<(), UserError>
            + Clone
            + Send
            + 'static,
    {
        let reads = self.sides.reads();
        let kernel = try_with_rows::<T, R, U, F>(body, reads[0].clone());
        with_kernel(self.sides.clone(), kernel, reads)
    }
}

impl<T: Record, R: Record, M: Mode, O> WithMade<T, R, M, O> {
    /// Calls `body` for each record, with the value of `init`. It emits any number of records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let (weights, limits) = (env.collection([3u32, 12])?, env.collection([5u32, 10])?);
    /// let limited =
    ///     weights.with_all(limits).init(|limits| limits.iter().max().unwrap_or(u32::MAX));
    /// let limited = limited.process(|weight, most: &u32, out| out.emit(weight.min(*most)));
    /// assert_eq!(limited.collect()?, [3u32, 10]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn process<S, U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        S: TaskState,
        O: for<'r> Fn(Rows<'r, R>) -> S + Clone + Send + 'static,
        F: for<'a> Fn(T::At<'a>, &S, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.try_process(move |record: T::At<'_>, made: &S, out: &mut Emitter<'_, U>| {
            body(record, made, out);
            Ok(())
        })
    }

    /// Like [`WithMade::process`], with a fallible closure. An error ends the job, and names the
    /// operator and the record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn known(names: DataSet<String>, all: DataSet<String>) -> DataSet<String> {
    ///     let names = names.with_all(all).init(|all| {
    ///         all.iter().map(str::to_owned).collect::<std::collections::HashSet<_>>()
    ///     });
    ///     names.try_map(
    ///         |name, all| if all.contains(name) { Ok(name) } else { Err("an unknown name") },
    ///     )
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let all = env.collection(["Ada", "Grace"])?;
    /// assert_eq!(known(env.collection(["Grace"])?, all.clone()).collect()?, ["Grace"]);
    /// assert!(known(env.collection(["Bob"])?, all).collect().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_process<S, U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        S: TaskState,
        O: for<'r> Fn(Rows<'r, R>) -> S + Clone + Send + 'static,
        F: for<'a> Fn(T::At<'a>, &S, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        let [of_record, _] = self.sides.reads();
        let kernel = try_with_made::<T, R, U, S, O, F>(self.init.clone(), body, of_record.clone());
        // The fields that `#[dataflow]` found for the second parameter are not fields of the rows.
        with_kernel(self.sides.clone(), kernel, [of_record, Reads::All])
    }
}

fn with_kernel<U: Record, M: Mode>(sides: JoinSides, kernel: SideInputFactory, reads: [Reads; 2]) -> Flow<U, M> {
    let left = sides.left();
    let JoinSides { nodes, records: inputs, .. } = sides;
    let operator = operators::WithAll { inputs, output: left.rows_of(U::schema()), kernel, reads };
    left.append_with_inputs(Arc::new(operator), &nodes[1..]).typed()
}
