//! Lists of words: names in one text, with spaces between them.

use proc_macro2::Ident;

/// Whether a name is one of these words.
pub(crate) fn is_one_of(name: &Ident, words: &str) -> bool {
    words.split_ascii_whitespace().any(|word| name == word)
}
