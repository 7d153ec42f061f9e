//! The key of a join's second side, checked at its own span.
//!
//! `#[dataflow]` writes `|r| matched_key(r.name)` for `|r| r.name`. The compiler reports an unmet
//! bound of `on` at the word `on`, and one of [`matched_key`] at its argument. So a key of another
//! type is reported where it is written. Each part of a tuple has a call of its own,
//! `matched_key((matched_key(r.name), matched_key(r.day)))`, so that only the wrong part is
//! reported.

use std::marker::PhantomData;

use runtime::operators::Keyed;

use crate::record::Record;

use super::{KeyedBy, OfFields};

/// Implemented only for `V` itself: the type that keys of type `V` are compared with.
#[diagnostic::on_unimplemented(
    message = "the keys of the two sides have different types: `{V}` and `{Self}`",
    label = "this key is `{Self}`, the other one is `{V}`",
    note = "compare fields of one type, or convert one side in a `map` before; keys of joins may also be computed, `|r| u64::from(r.id)`"
)]
pub trait SameKey<V> {}

#[diagnostic::do_not_recommend]
impl<V: Record> SameKey<V> for V {}

/// The key of records of `T`, with values of type `V`. [`matched_key`] makes it.
pub struct MatchedKey<T, V> {
    leaves: Vec<usize>,
    computation: Option<Keyed>,
    of: PhantomData<fn() -> (T, V)>,
}

/// Checks a key against the type of the other side's key. `#[dataflow]` generates this call.
///
/// `on` determines `V`, which is the type of the other side's key.
pub fn matched_key<T, V, K: KeyedBy<T, V>>(key: K) -> MatchedKey<T, V> {
    MatchedKey { leaves: key.leaves(), computation: key.computation::<()>(), of: PhantomData }
}

/// Returns the key. The call has the span of the key in the program. `#[dataflow]` generates it.
#[inline(always)]
pub fn key_at<K>(key: K) -> K {
    key
}

impl<T, V: Record> KeyedBy<T, V> for MatchedKey<T, V> {
    fn leaves(&self) -> Vec<usize> {
        self.leaves.clone()
    }
    fn computation<B: Record>(&self) -> Option<Keyed> {
        self.computation.clone()
    }
}

impl<T, V> OfFields for MatchedKey<T, V> {}

/// Two types that are never keys. Because of these two implementations, `K: KeyedBy<T, V>` is
/// ambiguous while `V` is not inferred. So the compiler infers `V` from the other side's key, and
/// never from `K`.
macro_rules! types_of_no_key {
    ($($unknown:ident)*) => {$(
        #[doc(hidden)]
        pub enum $unknown {}

        #[doc(hidden)]
        #[diagnostic::do_not_recommend]
        impl<T, K> KeyedBy<T, $unknown> for K {
            fn leaves(&self) -> Vec<usize> {
                Vec::new()
            }
        }
    )*};
}
types_of_no_key! { Unknown Undetermined }
