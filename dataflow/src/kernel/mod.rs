//! User closures as kernels: the only code that is compiled per user type, so it is small.

mod accumulate;
mod beside;
mod best;
mod chain;
mod emitter;
mod fields;
mod finish;
mod group;
mod join;
mod predicate;
mod reduce;
mod shared;
mod slots;
mod stateful;
mod whole;

pub(crate) use accumulate::accumulate;
pub use beside::{Rows, RowsIter};
pub(crate) use beside::{try_with_made, try_with_rows};
pub use best::{GreatestBy, LeastBy};
pub(crate) use chain::{process, try_process};
pub use emitter::Emitter;
pub(crate) use emitter::write_all;
pub use fields::{CountDistinct, First};
pub use finish::{Averaged, mean};
pub(crate) use finish::{finish, finish_mean};
pub use group::Group;
pub(crate) use group::reduce_group;
pub(crate) use join::{join, try_join};
pub(crate) use predicate::{predicate, try_predicate};
pub(crate) use reduce::reduce;
pub use slots::{Avg, Condition, Count, CountIf, Extreme, Greatest, Least, Measure, Slots, State, Sum};
pub(crate) use stateful::{process_with, try_predicate_with, try_process_with};
pub use whole::TaskRecords;
pub(crate) use whole::over_all;
