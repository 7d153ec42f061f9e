//! Lists of words, each list a string with spaces between the words.

use proc_macro2::Ident;

/// Returns `true` if `name` is one of `words`.
pub(crate) fn is_one_of(name: &Ident, words: &str) -> bool {
    words.split_ascii_whitespace().any(|word| name == word)
}
