//! The directions of an order, and the words that other systems use for them.

use proc_macro2::Ident;

use crate::words::is_one_of;

/// A direction of an order.
struct Direction {
    word: &'static str,
    functions_of_others: &'static str,
    methods_of_others: &'static str,
}

static DIRECTIONS: &[Direction] = &[
    Direction { word: "asc", functions_of_others: "", methods_of_others: "asc ascending" },
    Direction { word: "desc", functions_of_others: "Reverse", methods_of_others: "desc descending reverse" },
];

/// Returns `true` if a function is a direction: `asc` or `desc`.
pub(crate) fn is_direction(function: &Ident) -> bool {
    DIRECTIONS.iter().any(|direction| function == direction.word)
}

/// The direction that a function of another system stands for.
pub(crate) fn of_function(word: &Ident) -> Option<&'static str> {
    meant(|direction| is_one_of(word, direction.functions_of_others))
}

/// The direction that a method of another system stands for.
pub(crate) fn of_method(word: &Ident) -> Option<&'static str> {
    meant(|direction| is_one_of(word, direction.methods_of_others))
}

fn meant(is_meant: impl Fn(&Direction) -> bool) -> Option<&'static str> {
    DIRECTIONS.iter().find(|direction| is_meant(direction)).map(|direction| direction.word)
}
