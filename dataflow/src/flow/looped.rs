//! Error messages for a `for` loop over a flow or over groups.
//!
//! A flow implements `Iterator` under a bound that no type meets. The compiler reports a loop with
//! the message of that bound. For the same reason the methods of iterators are not found. `words`
//! has messages for them.

use super::words::{MissingGroupWords, MissingWords};
use super::{Flow, Grouped};

/// Implemented by nothing.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a flow has no records to go over yet",
    label = "a flow, which is a plan until it is run",
    note = "say what is done with each in `.map(|record| …)` and its like; to go over results, run the plan: `for record in flow.collect()? {{ … }}`"
)]
pub trait HasRecordsToGoOver {}

/// Implemented by nothing.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "there are no groups to go over yet",
    label = "groups of a flow, which is a plan until it is run",
    note = "go over the records of each in `.reduce_group(|group, out| …)`, or take their measures in `.aggregate(|g| …)`"
)]
pub trait HasGroupsToGoOver {}

macro_rules! for_loop_errors {
    ($([$($lent:tt)*] $owner:ident<$($of:ident),*>: $words:ident, $bound:ident;)*) => {$(
        #[doc(hidden)]
        impl<$($of),*> Iterator for $($lent)* $owner<$($of),*>
        where
            $words<$($of),*>: $bound,
        {
            type Item = T;
            fn next(&mut self) -> Option<T> {
                None
            }
        }
    )*};
}
for_loop_errors! {
    [] Flow<T, M>: MissingWords, HasRecordsToGoOver;
    [&] Flow<T, M>: MissingWords, HasRecordsToGoOver;
    [] Grouped<T, K, M>: MissingGroupWords, HasGroupsToGoOver;
    [&] Grouped<T, K, M>: MissingGroupWords, HasGroupsToGoOver;
}
