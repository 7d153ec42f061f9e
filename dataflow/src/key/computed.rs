//! Keys and orders that are computed from each record: `|o| o.day.month()`.
//!
//! A key closure receives symbols, and has no record to compute with. So a computed key is a
//! closure over records, which runs once per record. The key is appended to the record's leaves,
//! where closures over the record do not see it.

use std::marker::PhantomData;

use runtime::operators::Keyed;
use runtime::row::{LeafSet, RecordType, Schema, SchemaBuilder, Shape};
use runtime::sort::OrderKey;
use runtime::value::Timestamp;
use runtime::{plan, row};

use crate::kernel::{KeyOf, Keying, key_chain};
use crate::record::Record;

use super::matched::SameKey;
use super::order::keys_of;
use super::{Equality, EventTimeOf, Field, Key, KeyedBy, OfFields, Order, Projection, listed};

/// The argument of key closures: the symbols of a record, or one symbol. Any of them can start a
/// computed key.
pub trait Symbols: Copy {
    /// The record that the symbols belong to.
    type Root;

    /// Creates a key or an order that is computed from each record. `body` emits it exactly once.
    /// `#[dataflow]` generates this call for `group_by(|o| o.day.month())`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let words = env.collection(["to", "be", "or", "not"].map(str::to_owned))?;
    /// let by_length = words.group_by(|w| w.computed(|w, key| key.emit(w.len())));
    /// let mut counts: Vec<(u64, u64)> = by_length.count().collect()?;
    /// counts.sort();
    /// assert_eq!(counts, [(2, 3), (3, 1)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    /// One call per record, and a copy of the fields that are read later.
    fn computed<V: Record, F>(self, body: F) -> Computed<Self::Root, V, F>
    where
        Self::Root: Record,
        F: for<'r> Fn(<Self::Root as Record>::At<'r>, KeyOf<'_, V>) -> Keying + Clone + Send + 'static,
    {
        Computed { body, reads: plan::Reads::All, text: "", of: PhantomData }
    }
}

impl<T, V> Symbols for Field<T, V> {
    type Root = T;
}

/// A computed key of `T` with values of type `V`; see [`Symbols::computed`].
#[must_use = "a computed key is what a key closure returns"]
pub struct Computed<T, V, F> {
    body: F,
    reads: plan::Reads,
    text: &'static str,
    of: PhantomData<fn() -> (T, V)>,
}

/// An order by parts of a computed value; see [`Computed::order`].
#[must_use = "a computed order is what an order closure returns"]
pub struct ComputedOrder<T, V, F> {
    computed: Computed<T, V, F>,
    keys: Vec<OrderKey>,
}

impl<T: Record, V: Record, F> Computed<T, V, F> {
    /// Declares the fields that `body` reads, by dotted paths. Without it, `body` counts as reading
    /// all fields. `#[dataflow]` generates this call.
    pub fn reading(mut self, paths: &[&str]) -> Self {
        let schema = T::schema();
        let mut leaves = LeafSet::none();
        for path in paths {
            match schema.leaves_at(path) {
                Some(found) => leaves.extend_from(&found),
                None => return self,
            }
        }
        self.reads = plan::Reads::Leaves(leaves);
        self
    }

    /// Sets the source text of the computation. State from a snapshot is not restored if the text
    /// has changed. `#[dataflow]` generates this call.
    pub fn written(self, text: &'static str) -> Self {
        Computed { text, ..self }
    }

    /// Orders by the parts of the value: `.order(|k| (desc(k.0), asc(k.1)))`. Without it the order
    /// is ascending.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let words = env.collection(["to", "be", "or", "not"].map(str::to_owned))?;
    /// let longest = words.top(2, |w| {
    ///     w.computed(|w, key| key.emit((w.len(), w))).order(|k| (desc(k.0), asc(k.1)))
    /// });
    /// assert_eq!(longest.collect()?, ["not", "be"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn order<O: Order<T> + OfFields>(self, order: impl FnOnce(V::Fields<T>) -> O) -> ComputedOrder<T, V, F> {
        let keys = order(V::fields(T::LEAVES)).keys();
        ComputedOrder { computed: self, keys }
    }

    fn leaves() -> Vec<usize> {
        listed(T::LEAVES..T::LEAVES + V::LEAVES)
    }
}

impl<T: Record, V: Record, F> Computed<T, V, F>
where
    F: for<'r> Fn(T::At<'r>, KeyOf<'_, V>) -> Keying + Clone + Send + 'static,
{
    /// Returns the operator that computes the value from rows of `T` followed by `B`.
    fn operator<B: Record>(&self, name: &'static str) -> Option<Keyed> {
        let [input, output] = schemas([T::TYPE, B::TYPE, V::TYPE], name);
        let chain = key_chain::<T, B, V, F>(self.body.clone());
        Some(Keyed { input, output, chain, reads: self.reads.clone(), text: self.text })
    }
}

/// Returns the schemas of `(record, key)` and of `(record, key, value)`, in which the value has
/// this name. Not generic, so that it is compiled once.
#[inline(never)]
fn schemas([record, key, value]: [&RecordType; 3], name: &'static str) -> [Schema; 2] {
    let record_and_key = |schema: &mut SchemaBuilder| {
        let shape = schema.of(record);
        vec![row::Field { ident: "", name: "", shape }, schema.field("key", |schema| schema.of(key))]
    };
    let tuple = |fields| Shape::Record { name: "", fields };
    let input = SchemaBuilder::build(|schema| tuple(record_and_key(schema)));
    let output = SchemaBuilder::build(|schema| {
        let mut fields = record_and_key(schema);
        fields.push(schema.field(name, |schema| schema.of(value)));
        tuple(fields)
    });
    [input, output]
}

/// Implements a trait of keys or orders for [`Computed`].
macro_rules! computed {
    ($tr:ident, $bound:ident, $name:literal; $($item:item)*) => {
        impl<T: Record, V: $bound, F> $tr<T> for Computed<T, V, F>
        where
            F: for<'r> Fn(T::At<'r>, KeyOf<'_, V>) -> Keying + Clone + Send + 'static,
        {
            $($item)*
            fn computation<B: Record>(&self) -> Option<Keyed> {
                self.operator::<B>($name)
            }
        }
    };
}
computed! { Key, Equality, "key";
    type Value = V;
    const IS_COMPUTED: bool = true;
    fn leaves(&self) -> Vec<usize> {
        Self::leaves()
    }
}
computed! { Projection, Record, "order";
    type Value = V;
    fn leaves(&self) -> Vec<usize> {
        Self::leaves()
    }
}
computed! { Order, Record, "order";
    fn keys(&self) -> Vec<OrderKey> {
        keys_of(T::LEAVES..T::LEAVES + V::LEAVES, false)
    }
}

// Not by the macro, because the compiler shows this impl if the keys of a join differ.
impl<T: Record, V: Record + SameKey<W>, W: Record, F> KeyedBy<T, W> for Computed<T, V, F>
where
    F: for<'r> Fn(T::At<'r>, KeyOf<'_, V>) -> Keying + Clone + Send + 'static,
{
    fn leaves(&self) -> Vec<usize> {
        Self::leaves()
    }
    fn computation<B: Record>(&self) -> Option<Keyed> {
        self.operator::<B>("key")
    }
}

impl<T: Record, F> EventTimeOf<T> for Computed<T, Timestamp, F>
where
    F: for<'r> Fn(T::At<'r>, KeyOf<'_, Timestamp>) -> Keying + Clone + Send + 'static,
{
    fn leaf(&self) -> usize {
        T::LEAVES
    }
    fn computation(&self) -> Option<Keyed> {
        self.operator::<()>("event time")
    }
}

impl<T: Record, V: Record, F> Order<T> for ComputedOrder<T, V, F>
where
    F: for<'r> Fn(T::At<'r>, KeyOf<'_, V>) -> Keying + Clone + Send + 'static,
{
    fn keys(&self) -> Vec<OrderKey> {
        self.keys.clone()
    }
    fn computation<B: Record>(&self) -> Option<Keyed> {
        self.computed.operator::<B>("order")
    }
}
