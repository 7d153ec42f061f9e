//! The measures of `aggregate`. Each file has the methods of [`Aggregates`](super::Aggregates) for
//! a measure, and its slots.
//!
//! A measure has two implementations: [`Slots`](crate::kernel::Slots) in the rows of a table, and a
//! [`Summary`](crate::kernel::Summary) over all records of a group, for aggregates with a quantile.
//! CONTRIBUTING.md lists the files that a new measure touches.

#![allow(clippy::type_complexity, reason = "a slot's type names its closures")]

mod avg;
mod carried_fields;
mod count;
mod count_distinct;
mod count_if;
mod extreme_fields;
mod extremes;
mod first;
mod fold;
mod min_max_by;
mod quantiles;
mod spread;
mod sum;

pub use avg::*;
pub use carried_fields::*;
pub use count::*;
pub use count_distinct::*;
pub use count_if::*;
pub use extreme_fields::*;
pub use extremes::*;
pub use first::*;
pub use min_max_by::*;
pub use quantiles::*;
pub use spread::*;
pub use sum::*;
