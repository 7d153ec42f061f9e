//! Emits one record for each record: `flow.map(|r| value)`.
//!
//! It also takes each of the pairs of a join: `.map(|l, r| value)`.
//!
//! * **Closure**: receives the record as its borrowed twin: a `String` as `&str`, a `Vec` as a
//!   slice or a [`List`](crate::List). After a join it receives both records. A side that can be
//!   missing is an `Option`.
//! * **Returns**: a record, its twin, or a tuple of owned or borrowed parts. In a tuple, write the
//!   type of a number: `(word, 1u64)`.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn lengths(words: DataSet<String>) -> DataSet<(String, u64)> {
//!     words.map(|word| (word, word.len() as u64))
//! }
//!
//! #[dataflow]
//! fn named(sales: DataSet<(u64, i64)>, names: DataSet<(u64, String)>) -> DataSet<(String, i64)> {
//!     sales.left_join(names).on(|s| s.0, |n| n.0).map(|s, n| (n.map_or("unknown", |n| n.1), s.1))
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(
//!     lengths(env.collection(["to", "be"])?).collect()?,
//!     [("to".to_owned(), 2), ("be".to_owned(), 2)]
//! );
//! let names = env.collection([(1u64, "Ada")])?;
//! assert_eq!(
//!     named(env.collection([(2u64, 30i64)])?, names).collect()?,
//!     [("unknown".to_owned(), 30)]
//! );
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: each task keeps the order of its records.
//! * **Cost**: one call per record, in one loop with the `map`s and filters around it. The result
//!   is written once. Holds nothing in memory. A field that is passed on unchanged is recognized:
//!   later filters on it can move before the `map`.
//! * **See also**: [`try_map`](super::try_map) for closures that can fail,
//!   [`map_with`](super::map_with) for a state, [`flat_map`](super::flat_map) for several records,
//!   [`Flow::project`](crate::Flow::project) to select fields.
