//! The procedural macros of `dataflow`: [`macro@dataflow`], `dataflow_inline` and `derive(Record)`.
//!
//! `#[dataflow]` turns an ordinary function into a pipeline. The body computes with closures over
//! one record. The macro writes the calls of the builder API. Each stage is a folder:
//!
//! 1. `syntax` reads the function: flow expressions, operator calls and names in scope.
//! 2. `analyse` checks the pipeline, and decides which closures are fused, what they read and what
//!    they capture.
//! 3. `emit` writes the pipeline, one file per family of operators.
//!
//! All mistakes are collected in `diagnostics` and reported together. `operators` has the tables of
//! operators and measures, which all stages use. `record` is the derive.
//!
//! The expansion uses only the public API of `dataflow`, so any expansion can also be written by
//! hand.

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

/// Turns a function into a pipeline.
///
/// These expressions are flows: parameters of type `DataSet<..>`, `DataStream<..>` or `Flow<..>`,
/// sources (`env.read_*`, `env.collection`), calls that take a flow, and everything chained onto or
/// bound from these. Their operators take closures over records. All other code stays as it is.
/// `flow!(expr)` marks a flow that the macro cannot recognise.
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
/// The function keeps its signature, attributes and documentation. Its plan is added to the
/// documentation. A flow may be used any number of times without `.clone()`.
///
/// Closures run when the plan runs, on many threads and after the function has returned. So they
/// may capture any local value that is `Clone + Send` and borrows nothing.
///
/// # Limits
///
/// * The result of a closure is emitted where it is made. Later uses do not determine its type. In
///   a tuple, a number without a suffix is an `i32` or `f64`: write `(word, 1u64)`.
/// * A `None` has the type of another branch of the closure. Without such a branch, and in `try_`
///   operators, give the type: `None::<u64>`. The fields of a struct determine their types.
/// * Flows are found by syntax. Mark a flow that comes from a field, an alias or a method:
///   `flow!(inputs.lines)`.
/// * A closure that only names fields, alone or in tuples, runs once, while the plan is built.
/// * Closures of `group_by`, `on`, `top` and similar operators may also compute:
///   `|o| o.day.month()`. They then run once per record.
/// * Closures of `sum`, `project` and similar operators only name fields. Compute values in a `map`
///   before.
#[proc_macro_attribute]
pub fn dataflow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(arguments.into(), item.into()).into()
}

/// Builds a pipeline inline: `dataflow! { … }` is an expression in the language of
/// [`macro@dataflow`].
///
/// The macro cannot see the code around it. A name from outside is a flow if an operator is called
/// on it. It is a captured value if a closure reads it. Mark any other outside flow with
/// `flow!(name)`.
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
/// Two macros of one crate cannot share a name. So `dataflow` re-exports this one as
/// `dataflow::dataflow!`, and the attribute in its prelude.
#[proc_macro]
pub fn dataflow_inline(tokens: TokenStream) -> TokenStream {
    expand::expression(tokens.into()).into()
}

/// Makes a struct or an enum a record: derives its layout, its borrowed twin and the symbols that
/// name its fields.
///
/// Closures over records get the twin, for example `WordRef<'a>`. It is `Copy`, and borrows texts
/// and lists. A record that has nothing to borrow must be `Copy` and is its own twin.
///
/// `#[record(name = "…")]` gives a field or a variant another name in files. A `String` field with
/// `#[record(source_file)]` holds the path of the file that the row is read from.
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
/// | Field | Closures get | Leaves | Can be a key |
/// |---|---|---|---|
/// | integers, `bool`, `char`, `Date`, `Timestamp`, `TimeDelta`, `Decimal<S>` | same | 1 | yes |
/// | `f32`, `f64` | same | 1 | no, because of rounding |
/// | `String`, `Vec<u8>` | `&str`, `&[u8]` | 1 | yes |
/// | `Vec<T>` of floats, dates, timestamps, decimals, integers ≥ 16 bits | `&[T]` | 1 | if `T` is |
/// | `Vec<String>` | `Texts` | 1 | yes |
/// | `Vec<T>` of any other field type | `List<T>` of the counterparts of `T` | 1 | if `T` is |
/// | `BTreeMap<K, V>`, `HashMap<K, V>`, if `K: Ord` | `Map<K, V>` | 1 | if `K` and `V` are |
/// | `Option<T>` | `Option` of the counterpart of `T` | 1 + those of `T` | if `T` is |
/// | `(A, B, …)` of up to eight | a tuple | those of all parts | if all parts are |
/// | `[T; N]`, `N` at most 16 | an array | `N` times those of `T` | if `T` is |
/// | `Box<T>` | the counterpart of `T` | those of `T` | if `T` is |
/// | a record, generic or not | its twin | its own | if all its fields are |
/// | an enum | its twin | 1 + those of all variants | if all its values are |
///
/// The counterpart of `T` is the type that closures get for it. `T`, `K` and `V` are any of these
/// types. Only `Box` and `HashMap` cannot be parts of a list or a map. A `HashMap` is stored like a
/// `BTreeMap`: sorted.
///
/// These types cannot be fields. The error at the field names a replacement.
/// * References: a record owns its values.
/// * `usize`: its size depends on the machine.
/// * Sets.
/// * Records that contain themselves, also through lists.
///
/// # Enums
///
/// Variants may have named values, unnamed values, or none. Closures match on the twin: `EventRef`
/// if a value is borrowed, else the enum itself. A pipeline that matches on an enum reads all of
/// it.
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
/// let events =
///     [EventRef::Idle, EventRef::Click { url: "/", button: Button::Left }, EventRef::Scroll(-3)];
/// let found = clicks(Env::embedded().collection(events)?).collect()?;
/// assert_eq!(found, [("/".to_owned(), Button::Left)]);
/// # Ok(())
/// # }
/// ```
///
/// As a key, an enum is compared by its whole value. Its order is the order in which the variants
/// are declared, then the order of their values, with nulls last. In CSV and Parquet, an enum
/// without values is a text. Enums with values are rejected there.
///
/// # Generic records
///
/// A record may have type parameters. Each must be a record, and the macro adds that bound. A
/// generic record always has a twin. The type of a twin's field does not determine the parameters,
/// so write them if nothing else determines them.
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
/// An enum has at most 256 variants, an array at most 16 elements. Records cannot have lifetime or
/// const parameters. A `Box` or a `HashMap` is recognised by its name in the type of the field, so
/// an alias of one is not a record.
#[proc_macro_derive(Record, attributes(record))]
pub fn record(input: TokenStream) -> TokenStream {
    record::expand(input.into()).into()
}
