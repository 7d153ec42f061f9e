//! Brand: the lifetime that ties rows to the cursors and sinks that may be used on them.

use std::marker::PhantomData;

/// Invariant in its lifetime, so that two brands never unify.
pub(crate) type Brand<'b> = PhantomData<fn(&'b ()) -> &'b ()>;
