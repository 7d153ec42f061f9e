//! The kinds of joins, which stand in their types.

use runtime::operators::JoinKind;

use crate::record::Record;

/// Which records of a join the closure may see without a partner: the other side is an `Option` to it.
pub trait Outer: 'static {
    /// What the closure sees of the left side.
    type Left<L: Record>: Record;
    /// What the closure sees of the right side.
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
    /// Pairs only.
    Inner, Inner, L => L, R => R;
    /// Every left record; the right one is an `Option`.
    LeftOuter, Left, L => L, R => Option<R>;
    /// Every right record; the left one is an `Option`.
    RightOuter, Right, L => Option<L>, R => R;
    /// Every record of both sides; both are `Option`s, of which at least one is there.
    FullOuter, Full, L => Option<L>, R => Option<R>;
}
