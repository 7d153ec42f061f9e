//! The promise of record implementations that cursors and sinks rely on without a check per row.

use std::collections::BTreeMap;

use crate::value::{Date, Decimal, TimeDelta, Timestamp};

/// States that `T`'s implementation of `dataflow::Record` can be trusted. `#[derive(Record)]`
/// implements it.
///
/// The engine knows no user types. The implementation's own functions read and write rows, row by
/// row, without checks.
///
/// # Safety
/// The implementation of `dataflow::Record` for `T`
/// * takes exactly the leaves of its `TYPE`, in their order, from a `LeafReader` and from a
///   `SinkLeaves`;
/// * writes each of them whenever it writes a row, through the sink, the row and the claims that it
///   was given together;
/// * keeps none of these, nor values that it reads from one row, for another row;
/// * reads a row only through the cursor that it was given with it.
///
/// It may panic anywhere, and may write more bytes than it counted. Both end the job.
#[diagnostic::on_unimplemented(
    message = "`Record` is not implemented by hand: `{T}` has to derive it",
    label = "not from `#[derive(Record)]`",
    note = "rows are read and written without checks, by code that `#[derive(Record)]` writes; how a value is seen as a record is said by `Value::twin`"
)]
pub unsafe trait TrustedRecord<T> {}

macro_rules! trusted {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        // SAFETY: only `dataflow` can implement `Record` for a type of the standard library or of
        // the engine. Its implementations read and write the leaves of their `TYPE`, or those of
        // their parts. The parts are records, and so trusted themselves.
        unsafe impl<$($generics)*> TrustedRecord<$ty> for $ty {}
    )*};
}
trusted! {
    [] (); [] bool; [] char; [] String; [] Date; [] TimeDelta; [] Timestamp; [const SCALE: u8] Decimal<SCALE>;
    [] i8; [] i16; [] i32; [] i64; [] i128; [] u8; [] u16; [] u32; [] u64; [] u128; [] f32; [] f64;
    [T] Vec<T>; [T] Option<T>; [T, const N: usize] [T; N]; [K, V] BTreeMap<K, V>;
    [A] (A,); [A, B] (A, B); [A, B, C] (A, B, C); [A, B, C, D] (A, B, C, D); [A, B, C, D, E] (A, B, C, D, E);
    [A, B, C, D, E, F] (A, B, C, D, E, F); [A, B, C, D, E, F, G] (A, B, C, D, E, F, G);
    [A, B, C, D, E, F, G, H] (A, B, C, D, E, F, G, H);
}
