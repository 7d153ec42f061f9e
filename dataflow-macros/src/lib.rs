//! The procedural macros of `dataflow`.
//!
//! [`macro@dataflow`] turns an ordinary function into a pipeline: its body says *what* is computed, in closures over
//! one record, and the macro writes the calls of the builder API that compute it. It works in three stages, each a
//! folder, and everything a stage has to say against the program is collected and reported together:
//!
//! 1. `syntax` reads the function: which expressions are flows, which calls are operators, which names are in scope;
//! 2. `analyse` checks it and plans it: which closures run together, what they read, what they capture;
//! 3. `emit` writes it, one file per family of operators.
//!
//! `operators` holds the tables of operators and measures that all three consult. The expansion names the public API of
//! `dataflow` and nothing else, so whatever the macro writes can also be written by hand.

mod analyse;
mod diagnostics;
mod emit;
mod expand;
mod operators;
mod record;
mod spans;
mod syntax;
#[cfg(test)]
mod tests;
mod words;

use proc_macro::TokenStream;

/// Makes a function a pipeline.
///
/// Parameters written `DataSet<..>`, `DataStream<..>` or `Flow<..>`, sources (`env.read_*`, `env.collection`), calls
/// that take a flow, and whatever is chained onto or bound from these are flows. Their operators take closures over
/// records; everything else in the function is ordinary Rust and stays as it is. `flow!(expr)` marks an expression
/// that the macro cannot recognise as a flow.
///
/// ```
/// use dataflow::prelude::*;
///
/// #[derive(Record, Clone, Debug, PartialEq)]
/// struct WordCount {
///     word: String,
///     count: u64,
/// }
///
/// #[dataflow]
/// fn word_count(lines: DataSet<String>) -> DataSet<WordCount> {
///     lines
///         .flat_map(|line| line.words().map(|word| WordCountRef { word, count: 1 }))
///         .group_by(|w| w.word)
///         .sum(|w| w.count)
/// }
///
/// # fn main() -> dataflow::Result<()> {
/// let env = Env::embedded();
/// let counts = word_count(env.collection(["to be or", "not to be"])?);
/// let most = counts.top(1, |w| (desc(w.count), asc(w.word))).collect()?;
/// assert_eq!(most, [WordCount { word: "be".to_owned(), count: 2 }]);
/// # Ok(())
/// # }
/// ```
///
/// The function keeps its signature, attributes and documentation, to which its plan is added. Flows may be used any
/// number of times without `.clone()`, and closures may name any local value that is `Clone + Send` and owns what it
/// holds: they run when the plan does, on many threads, after the function has returned.
///
/// # Limits
///
/// * What a closure gives is emitted where it is made, so a later use says nothing of its type: in a tuple, a number is
///   an `i32` or `f64` unless it says otherwise, `(word, 1u64)`. A `None` is of the type that another branch of the
///   closure has; where there is none, and in operators with `try_`, it says what is missing, `None::<u64>`. The fields of a struct say it for
///   themselves.
/// * Flows are told by syntax. A flow that comes out of a field, an alias or a method is marked: `flow!(inputs.lines)`.
/// * A closure that only names fields, alone or in tuples, runs once, while the plan is built. Those of `group_by`, `on`,
///   `top` and the like may also compute, `|o| o.day.month()`: they then run once for each record. Those of `sum`, `project`
///   and their like may not: values are computed in a `map` before.
#[proc_macro_attribute]
pub fn dataflow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(arguments.into(), item.into()).into()
}

/// A pipeline written inline: `dataflow! { … }` is an expression, with the language of [`macro@dataflow`].
///
/// It does not see the code around it. A name from outside is a flow where an operator is called on it, and a
/// captured value where a closure reads it; any other flow from outside is marked by `flow!(name)`.
///
/// ```
/// # use dataflow::prelude::*;
/// # fn main() -> dataflow::Result<()> {
/// let (numbers, least) = (Env::embedded().collection([1u64, 2, 3])?, 2);
/// let squares = dataflow::dataflow! { numbers.filter(|n| n >= least).map(|n| n * n) };
/// assert_eq!(squares.collect()?, [4, 9]);
/// # Ok(())
/// # }
/// ```
///
/// Two macros of one crate cannot share a name, so `dataflow` re-exports this one as `dataflow::dataflow!`, and the
/// attribute by its prelude.
#[proc_macro]
pub fn dataflow_inline(tokens: TokenStream) -> TokenStream {
    expand::expression(tokens.into()).into()
}

/// Makes a struct or an enum a record: its layout, its borrowed twin and the symbols that name its fields.
///
/// Closures over records see the twin, which is `Copy`: `WordRef<'a>`, with texts and lists borrowed. A record that has
/// nothing to borrow must be `Copy` itself, and is its own twin. A field or a variant that has another name in files says so. A `String` with
/// `#[record(source_file)]` is the path of the file that a row is read from.
///
/// ```
/// use dataflow::prelude::*;
///
/// #[derive(Record, Clone, Debug, PartialEq)]
/// struct Word {
///     #[record(name = "Word Text")]
///     text: String,
///     places: Vec<u64>,
/// }
///
/// # fn main() -> dataflow::Result<()> {
/// let words = Env::embedded().collection([WordRef { text: "be", places: &[1, 5] }])?;
/// assert_eq!(words.collect()?, [Word { text: "be".to_owned(), places: vec![1, 5] }]);
/// # Ok(())
/// # }
/// ```
///
/// # What can be a field
///
/// | Field | Closures see | Leaves | Equal as a key |
/// |---|---|---|---|
/// | integers, `bool`, `char`, `Date`, `Timestamp`, `TimeDelta`, `Decimal<S>` | the same | 1 | yes |
/// | `f32`, `f64` | the same | 1 | no: rounding decides |
/// | `String`, `Vec<u8>` | `&str`, `&[u8]` | 1 | yes |
/// | `Vec<T>` of integers of 16 bits and more, floats, dates, timestamps, decimals | `&[T]` | 1 | where `T` is |
/// | `Vec<String>` | `Texts` | 1 | yes |
/// | `Vec<T>` of anything else that can be a field | `List<T>`, of what they see of `T` | 1 | where `T` is |
/// | `BTreeMap<K, V>`, `HashMap<K, V>`, where `K: Ord` | `Map<K, V>` | 1 | where `K` and `V` are |
/// | `Option<T>` | `Option` of what they see of `T` | 1 + those of `T` | where `T` is |
/// | `(A, B, …)` of up to eight | a tuple | those of all parts | where all parts are |
/// | `[T; N]`, `N` at most 16 | an array | `N` times those of `T` | where `T` is |
/// | `Box<T>` | what they see of `T` | those of `T` | where `T` is |
/// | a record, generic or not | its twin | its own | where all its fields are |
/// | an enum | its twin | 1 + those of all variants | where all its values are |
///
/// `T`, `K` and `V` are any of these; only `Box` and `HashMap` are not parts of a list or a map. Not among them are references (a record
/// owns its values), `usize` (another size on other machines), sets, and records that contain themselves, also by way of lists: what
/// stands in their place is said at the field. A `HashMap` is kept as a `BTreeMap` is: sorted.
///
/// # Enums
///
/// Variants may have named values, values without names, or none. Closures match on the twin, `EventRef` where a value is
/// borrowed, else the enum itself. A pipeline that matches on an enum reads all of it.
///
/// ```
/// use dataflow::prelude::*;
///
/// #[derive(Record, Clone, Copy, Debug, PartialEq)]
/// enum Button {
///     Left,
///     Right,
/// }
///
/// #[derive(Record, Clone, Debug, PartialEq)]
/// enum Event {
///     Idle,
///     Click { url: String, button: Button },
///     Scroll(i32),
/// }
///
/// #[dataflow]
/// fn clicks(events: DataSet<Event>) -> DataSet<(String, Button)> {
///     events.filter_map(|event| match event {
///         EventRef::Click { url, button } => Some((url, button)),
///         EventRef::Scroll(_) | EventRef::Idle => None,
///     })
/// }
///
/// # fn main() -> dataflow::Result<()> {
/// let events = [EventRef::Idle, EventRef::Click { url: "/", button: Button::Left }, EventRef::Scroll(-3)];
/// let found = clicks(Env::embedded().collection(events)?).collect()?;
/// assert_eq!(found, [("/".to_owned(), Button::Left)]);
/// # Ok(())
/// # }
/// ```
///
/// As a key, an enum is its whole value; it is ordered by its variants as they are written, then by their values, nulls last.
/// In CSV and Parquet an enum of plain names is a text; enums whose variants hold values are refused there.
///
/// # Generic records
///
/// A record may have type parameters, each of which stands for a record; the bound is added. It always has a twin. The value of a
/// twin's field does not say which record it belongs to, so the parameters are named where nothing else does.
///
/// ```
/// use dataflow::prelude::*;
///
/// #[derive(Record, Clone, Debug, PartialEq)]
/// struct Pair<A, B> {
///     first: A,
///     second: B,
/// }
///
/// #[dataflow]
/// fn lengths(lines: DataSet<String>) -> DataSet<Pair<u64, String>> {
///     lines.map(|line| PairRef::<u64, String> { first: line.len() as u64, second: line })
/// }
///
/// # fn main() -> dataflow::Result<()> {
/// let pairs = lengths(Env::embedded().collection(["to be"])?).collect()?;
/// assert_eq!(pairs, [Pair { first: 5, second: "to be".to_owned() }]);
/// # Ok(())
/// # }
/// ```
///
/// # Limits
///
/// An enum has at most 256 variants, an array at most 16 elements. Lifetimes and constants are no parameters of records. A
/// `Box` or a `HashMap` is recognised by its name in a field's type: behind an alias it is not a record.
#[proc_macro_derive(Record, attributes(record))]
pub fn record(input: TokenStream) -> TokenStream {
    record::expand(input.into()).into()
}
