//! Closures that compute a key of each record.

use runtime::kernel::ChainFactory;

use super::Emitter;
use super::chain::process;
use super::emitted::EmittedAs;
use crate::record::{Record, Value};

/// Receives the key of one record.
pub struct KeyOf<'k, V: Record> {
    put: &'k mut dyn for<'a> FnMut(V::At<'a>),
}

/// Proof that a closure has emitted a record's key. The closure returns it.
#[must_use = "a closure that computes keys gives this back"]
pub struct Keying(());

impl<V: Record> KeyOf<'_, V> {
    /// Emits the record's key: a value, or a tuple of values. Borrowed data is copied.
    #[inline(always)]
    pub fn emit<K>(self, key: K) -> Keying
    where
        K: Value + EmittedAs<V, K::Record>,
    {
        (self.put)(key.twin_of());
        Keying(())
    }
}

/// Makes a chain for rows of a record `T` and an earlier key `B`. It appends a key to each row,
/// which `body` computes from the record.
pub(crate) fn key_chain<T: Record, B: Record, V: Record, F>(body: F) -> ChainFactory
where
    F: for<'r> Fn(T::At<'r>, KeyOf<'_, V>) -> Keying + Clone + Send + 'static,
{
    let keyed = move |(record, previous_key): <(T, B) as Record>::At<'_>, out: &mut Emitter<'_, ((T, B), V)>| {
        let Keying(()) = body(record, KeyOf { put: &mut |key| out.emit(((record, previous_key), KeyTwin::<V>(key))) });
    };
    process::<(T, B), ((T, B), V), _>(keyed)
}

/// A key in the form in which it was emitted.
struct KeyTwin<'a, V: Record>(V::At<'a>);

impl<V: Record> Value for KeyTwin<'_, V> {
    type Record = V;
    #[inline(always)]
    fn twin(&self) -> V::At<'_> {
        self.0.twin()
    }
}
