//! The words for the direction of a part of an order, and what to write for those that others have.

use proc_macro2::Ident;

use crate::words::is_one_of;

/// A direction of an order: its word, and what others write for it.
struct Direction {
    word: &'static str,
    functions_of_others: &'static str,
    methods_of_others: &'static str,
}

static DIRECTIONS: &[Direction] = &[
    Direction { word: "asc", functions_of_others: "", methods_of_others: "asc ascending" },
    Direction { word: "desc", functions_of_others: "Reverse", methods_of_others: "desc descending reverse" },
];

/// Whether a function says a direction.
pub(crate) fn is_direction(function: &Ident) -> bool {
    DIRECTIONS.iter().any(|direction| function == direction.word)
}

/// The direction that a function of others means.
pub(crate) fn of_function(word: &Ident) -> Option<&'static str> {
    meant(|direction| is_one_of(word, direction.functions_of_others))
}

/// The direction that a method of others means.
pub(crate) fn of_method(word: &Ident) -> Option<&'static str> {
    meant(|direction| is_one_of(word, direction.methods_of_others))
}

fn meant(is_meant: impl Fn(&Direction) -> bool) -> Option<&'static str> {
    DIRECTIONS.iter().find(|direction| is_meant(direction)).map(|direction| direction.word)
}
