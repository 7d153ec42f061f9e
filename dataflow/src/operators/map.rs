//! One record from each: `flow.map(|r| value)`, and of the pairs of a join `.map(|l, r| value)`.
//!
//! * **The closure sees** the record as its borrowed twin: a `String` is a `&str`, a `Vec` a slice or a [`List`](crate::List). Behind a
//!   join it sees both records; a side that may be missing is an `Option`.
//! * **It gives** a record, its twin, or a tuple of parts, owned or borrowed. In a tuple a number says its type, `(word, 1u64)`.
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
//! assert_eq!(lengths(env.collection(["to", "be"])?).collect()?, [("to".to_owned(), 2), ("be".to_owned(), 2)]);
//! let names = env.collection([(1u64, "Ada")])?;
//! assert_eq!(named(env.collection([(2u64, 30i64)])?, names).collect()?, [("unknown".to_owned(), 30)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: each task keeps the order of its records.
//! * **Cost**: one call for each record, in one loop with the `map`s and filters around it; what it gives is written once. It keeps nothing
//!   in memory. A field that is passed on unchanged counts as the same field: filters behind the `map` may move in front of it.
//! * **See also**: [`try_map`](super::try_map) for what may fail, [`map_with`](super::map_with) for a state, [`flat_map`](super::flat_map)
//!   for several records, [`Flow::project`](crate::Flow::project) where fields are picked and nothing is computed.
