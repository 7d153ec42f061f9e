//! Decides whether closures get a record itself or its twin, by the spelling of its fields' types.
//!
//! A text or a list is borrowed, a number is not. For a nested record, the derive knows only its
//! name, so the compiler decides whether it borrows.

use syn::Type;

use super::spelling::{TypeSpelling, spelling};

/// The type that closures get for a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Borrowing {
    /// The record itself: nothing is borrowed.
    Itself,
    /// The twin if one of the nested records borrows, else the record itself.
    AsNested,
    /// The twin.
    Twin,
}

/// The type that closures get for a record with a field of this type.
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
