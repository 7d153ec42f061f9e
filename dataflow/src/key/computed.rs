//! Keys and orders that are computed of each record: `|o| o.day.month()`.
//!
//! A closure over symbols cannot compute, as there is no record yet when it runs. So a computed key is a closure over records: it runs once for each
//! record, and the key that it emits travels behind the record's own leaves, where closures over the record do not see it.

use std::marker::PhantomData;

use runtime::operators::Keyed;
use runtime::row::{LeafSet, RecordType, Schema, SchemaBuilder, Shape};
use runtime::sort::OrderKey;
use runtime::value::Timestamp;
use runtime::{plan, row};

use crate::kernel::{KeyOf, Keying, keying};
use crate::record::Record;

use super::matched::SameKey;
use super::order::keys_of;
use super::{Equality, EventTimeOf, Field, Key, KeyedBy, OfFields, Order, Projection, listed};

/// What key closures see of a record: its symbols, or one symbol. Any of them stands for the record where a key is computed.
pub trait Symbols: Copy {
    /// The record.
    type Root;

    /// A key, or an order, that is computed of each record: `body` emits it, once. What `#[dataflow]` writes for
    /// `group_by(|o| o.day.month())`.
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
    /// Cost: one call for each record, and a copy of those of its fields that are read later.
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

/// A key of `T` with values of type `V` that is computed of each record; [`Symbols::computed`] makes it.
#[must_use = "a computed key is what a key closure returns"]
pub struct Computed<T, V, F> {
    body: F,
    reads: plan::Reads,
    text: &'static str,
    of: PhantomData<fn() -> (T, V)>,
}

/// An order by parts of a computed value; [`Computed::order`] makes it.
#[must_use = "a computed order is what an order closure returns"]
pub struct ComputedOrder<T, V, F> {
    computed: Computed<T, V, F>,
    keys: Vec<OrderKey>,
}

impl<T: Record, V: Record, F> Computed<T, V, F> {
    /// Says which fields it is computed from, by dotted path. `#[dataflow]` writes this; without it, all fields count as read.
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

    /// Says by which source text it is computed: a snapshot's state by a key of another text is not restored. `#[dataflow]` writes this.
    pub fn written(self, text: &'static str) -> Self {
        Computed { text, ..self }
    }

    /// Orders by the value's parts: `.order(|k| (desc(k.0), asc(k.1)))`. Without it the order ascends.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let words = env.collection(["to", "be", "or", "not"].map(str::to_owned))?;
    /// let longest = words.top(2, |w| w.computed(|w, key| key.emit((w.len(), w))).order(|k| (desc(k.0), asc(k.1))));
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
    /// The operator that computes the value, for records behind which a `B` stands already.
    fn operator<B: Record>(&self, name: &'static str) -> Option<Keyed> {
        let [input, output] = schemas([T::TYPE, B::TYPE, V::TYPE], name);
        let chain = keying::<T, B, V, F>(self.body.clone());
        Some(Keyed { input, output, chain, reads: self.reads.clone(), text: self.text })
    }
}

/// A trait of keys or orders, which a computed one has as fields have it.
/// The schemas of records behind which a key stands, and of these with a value of this name behind them. Compiled once, whatever the types are.
#[inline(never)]
fn schemas([record, key, value]: [&RecordType; 3], name: &'static str) -> [Schema; 2] {
    let behind = |schema: &mut SchemaBuilder| {
        let shape = schema.of(record);
        vec![row::Field { ident: "", name: "", shape }, schema.field("key", |schema| schema.of(key))]
    };
    let tuple = |fields| Shape::Record { name: "", fields };
    let input = SchemaBuilder::build(|schema| tuple(behind(schema)));
    let output = SchemaBuilder::build(|schema| {
        let mut fields = behind(schema);
        fields.push(schema.field(name, |schema| schema.of(value)));
        tuple(fields)
    });
    [input, output]
}

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

// Written out, as the compiler shows it where the two sides of a join differ.
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
