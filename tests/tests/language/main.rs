//! The language of `#[dataflow]` by feature: each pipeline compiles and runs on every engine.

#![allow(clippy::clone_on_copy, clippy::redundant_closure, reason = "programs are written as users may write them")]
#![allow(clippy::type_complexity, reason = "a pipeline of several results gives a tuple of flows")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod arithmetic;
mod captures;
mod composition;
mod fallible;
mod groups;
mod hygiene;
mod inference;
mod joins;
mod keys;
mod macros;
mod names;
mod own_words;
mod predicates;
mod reads;
mod runs;
mod tasks;

/// Converts to owned texts.
fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).into()
}

/// A pair with an owned text.
fn pair<V>(text: &str, value: V) -> (String, V) {
    (text.to_owned(), value)
}
