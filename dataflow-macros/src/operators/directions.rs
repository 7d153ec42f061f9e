//! The words for the direction of a part of an order, and what to write for those that others have.

use proc_macro2::Ident;

/// Functions around a part.
static DIRECTIONS: &[&str] = &["asc", "desc"];

/// Functions and methods of others, each with the direction that it means.
static FUNCTIONS_OF_OTHERS: &[(&str, &str)] = &[("Reverse", "desc")];
static METHODS_OF_OTHERS: &[(&str, &str)] =
    &[("asc", "asc"), ("ascending", "asc"), ("desc", "desc"), ("descending", "desc"), ("reverse", "desc")];

/// Whether a function says a direction.
pub(crate) fn is_direction(function: &Ident) -> bool {
    DIRECTIONS.iter().any(|direction| function == direction)
}

/// The direction that a function of others means.
pub(crate) fn of_function(word: &Ident) -> Option<&'static str> {
    meant(FUNCTIONS_OF_OTHERS, word)
}

/// The direction that a method of others means.
pub(crate) fn of_method(word: &Ident) -> Option<&'static str> {
    meant(METHODS_OF_OTHERS, word)
}

fn meant(words: &[(&str, &'static str)], word: &Ident) -> Option<&'static str> {
    words.iter().find(|(known, _)| word == known).map(|(_, direction)| *direction)
}
