//! The kinds of joins, as types.

use runtime::operators::JoinKind;

use crate::record::Record;

/// A kind of join. A side whose record may be missing is an `Option` in the closure.
pub trait Outer: 'static {
    /// The type of the closure's left parameter.
    type Left<L: Record>: Record;
    /// The type of the closure's right parameter.
    type Right<R: Record>: Record;
    /// The kind, as a value.
    const KIND: JoinKind;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $kind:ident, $l:ident => $left:ty, $r:ident => $right:ty;)*) => {$(
        $(#[$doc])*
        pub enum $name {}
        impl Outer for $name {
            type Left<$l: Record> = $left;
            type Right<$r: Record> = $right;
            const KIND: JoinKind = JoinKind::$kind;
        }
    )*};
}
kinds! {
    /// Only pairs.
    Inner, Inner, L => L, R => R;
    /// Every left record, with an `Option` of the right one.
    LeftOuter, Left, L => L, R => Option<R>;
    /// Every right record, with an `Option` of the left one.
    RightOuter, Right, L => Option<L>, R => R;
    /// Every record of both sides, as `Option`s of which at least one is `Some`.
    FullOuter, Full, L => Option<L>, R => Option<R>;
}
