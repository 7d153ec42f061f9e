//! The texts of messages: the mistake, and its correction.

/// Defines functions that insert a word into a text.
macro_rules! sentences {
    ($($name:ident($word:ident): $text:literal;)*) => {$(
        pub(crate) fn $name($word: &proc_macro2::Ident) -> String {
            format!($text)
        }
    )*};
}

mod closures;
mod measures;
mod misplaced;

pub(crate) use closures::*;
pub(crate) use measures::*;
pub(crate) use misplaced::*;

pub(crate) const UNKNOWN_ARGUMENT: &str = "`#[dataflow]` knows no such argument: there is `as_written`, which leaves filters where they \
                                           stand";
pub(crate) const NOT_A_FUNCTION: &str =
    "`#[dataflow]` goes on a function: write `#[dataflow] fn name(input: DataSet<Record>) -> DataSet<Record> { … }`";
pub(crate) const METHOD: &str =
    "a pipeline is a free function: take what it needs of `self` as parameters, and call it from the method";
pub(crate) const ASYNC: &str =
    "a pipeline only describes what is computed, so there is nothing to await: write `fn` without `async`";
pub(crate) const CONST: &str = "a pipeline is built when the program runs: write `fn` without `const`";
pub(crate) const UNSAFE: &str = "a pipeline has nothing unsafe to promise: write `fn` without `unsafe`";
pub(crate) const EXTERN: &str = "a pipeline is called from Rust: write `fn` without `extern`";

pub(crate) const UNUSED_SOLUTION: &str = "the body of this loop does not use its solution set: join the records of the round with it, \
    `.join(solution).on(|record| record.id)`; without a solution set `iterate` is the word";

pub(crate) fn list_instead_of_flow() -> &'static str {
    "what this function makes is a flow, whose records come when it is run: return `DataSet<..>`; or write `.collect()` behind the flow, and \
     return `dataflow::Result<Vec<..>>`"
}

sentences! {
    no_result(function):
        "the pipeline `{function}` has no result: return a flow, or write one with `.write_csv(..)`, `.print()` or `.collect()`";
    unused_flow(name):
        "the flow `{name}` reaches no result: return it, write it, or join it to another flow; if that is intended, call it `_{name}`";
    unused_round(name):
        "the body of this loop does not use `{name}`, so each round would be the same: make the next round's records of it";
    dropped_flow(word):
        "what this `{word}` makes reaches no result: bind it with `let`, return it, or write it with `.write_csv(..)`, `.print()` or `.collect()`";
    dropped_result(word): "what this `{word}` makes is what the function should return: leave out the `;` behind it";
    bound_missing(name): "a flow is of records, and `{name}` may be anything: write `{name}: Record`";
    source_may_fail(word):
        "`{word}` gives a `Result`, as there may be nothing to read: write `?` behind it, and let the function return `dataflow::Result<..>`";
    recursion(function):
        "the pipeline `{function}` calls itself, so its plan would never end: build what repeats in a `for` loop";
}
