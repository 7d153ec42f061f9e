//! What closures see of a record, as far as the spelling of its fields' types tells.
//!
//! A text or a list is borrowed, a number is not. The derive knows only the name of a nested record: whether its values own
//! anything is left to the compiler.

use syn::Type;

use super::spelling::{TypeSpelling, spelling};

/// What closures see of a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Borrowing {
    /// The record itself: nothing is borrowed.
    Itself,
    /// The twin if one of the nested records borrows, else the record itself.
    AsNested,
    /// Its twin.
    Twin,
}

/// What closures see of a record with a field of this type.
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
