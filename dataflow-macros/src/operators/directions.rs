//! The directions of an order, and the words that other systems use for them.

use proc_macro2::Ident;

use crate::words::is_one_of;

/// A direction of an order.
struct Direction {
    word: &'static str,
    foreign_functions: &'static str,
    foreign_methods: &'static str,
}

static DIRECTIONS: &[Direction] = &[
    Direction { word: "asc", foreign_functions: "", foreign_methods: "asc ascending" },
    Direction { word: "desc", foreign_functions: "Reverse", foreign_methods: "desc descending reverse" },
];

/// Returns `true` if a function is a direction: `asc` or `desc`.
pub(crate) fn is_direction(function: &Ident) -> bool {
    DIRECTIONS.iter().any(|direction| function == direction.word)
}

/// The direction that a function of another system stands for.
pub(crate) fn of_function(word: &Ident) -> Option<&'static str> {
    direction_where(|direction| is_one_of(word, direction.foreign_functions))
}

/// The direction that a method of another system stands for.
pub(crate) fn of_method(word: &Ident) -> Option<&'static str> {
    direction_where(|direction| is_one_of(word, direction.foreign_methods))
}

fn direction_where(matches: impl Fn(&Direction) -> bool) -> Option<&'static str> {
    DIRECTIONS.iter().find(|direction| matches(direction)).map(|direction| direction.word)
}
