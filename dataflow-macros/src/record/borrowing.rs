//! What closures see of a record, as far as the spelling of its fields' types tells.
//!
//! A text or a list is borrowed, a number is not; of a nested record the derive knows only the name. So there are three
//! answers, and one is left to the compiler, which knows whether a nested record's values own anything.

use syn::Type;

use super::spelling::{TypeSpelling, spelling};

/// What closures see of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Borrowing {
    /// The record itself: nothing is borrowed.
    Itself,
    /// What the nested records make it: the twin where one of them borrows, else the record itself.
    AsNested,
    /// Its twin.
    Twin,
}

/// What a field of this type makes of its record.
pub(super) fn borrowing(ty: &Type) -> Borrowing {
    match spelling(ty) {
        TypeSpelling::Plain => Borrowing::Itself,
        TypeSpelling::Map(..)
        | TypeSpelling::Text
        | TypeSpelling::Texts
        | TypeSpelling::List(_)
        | TypeSpelling::Records(_)
        | TypeSpelling::Unknown
        | TypeSpelling::Boxed(_) => Borrowing::Twin,
        TypeSpelling::Optional(inner) | TypeSpelling::Array(inner, _) => borrowing(inner),
        TypeSpelling::Tuple(parts) => parts.into_iter().map(borrowing).max().unwrap_or(Borrowing::Itself),
        TypeSpelling::Other => Borrowing::AsNested,
    }
}
