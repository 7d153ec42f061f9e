//! User closures as kernels: the only code that is compiled per user type, so it is small.

mod accumulate;
mod beside;
mod best;
mod chain;
mod emitted;
mod emitter;
mod fields;
mod finish;
mod fold;
pub(crate) mod folds;
mod group;
mod in_groups;
mod join;
mod key;
mod missing;
mod predicate;
mod quantiles;
mod reduce;
mod shared;
mod slots;
mod spread;
mod stateful;
mod summaries;
mod time_delta;
mod whole;

pub(crate) use accumulate::accumulate;
pub use beside::{Rows, RowsIter};
pub(crate) use beside::{try_with_made, try_with_rows};
pub use best::{GreatestBy, LeastBy};
pub(crate) use chain::{process, try_process};
pub use emitter::Emitter;
pub(crate) use emitter::write_all;
pub use fields::{CountDistinct, First};
pub use finish::Averaged;
pub(crate) use finish::{finish, finish_mean};
pub use fold::{Aggregator, ByAggregator, ByClosures, FoldState, Folded, Folding};
pub use folds::{Comparable, ExtremeField};
pub use group::Group;
pub(crate) use group::{co_group, reduce_group, try_reduce_group};
pub(crate) use in_groups::in_groups;
pub(crate) use join::{join, try_join};
pub(crate) use key::keying;
pub use key::{KeyOf, Keying};
pub use missing::{Measured, Ordered, Parts, Tally};
pub(crate) use predicate::{predicate, try_predicate};
pub use quantiles::Quantiles;
pub(crate) use reduce::reduce;
pub(crate) use slots::SumOf;
pub use slots::{
    Avg, Condition, Count, CountIf, Extreme, Greatest, Least, Measure, OfField, Reads, Seen, Slots, State, Sum,
    SumParts,
};
pub use spread::{Spread, Spreads, Stddev, StddevPop, Variance, VariancePop};
pub(crate) use stateful::{process_with, try_predicate_with, try_process_with};
pub use summaries::{FirstSeen, Room, Summaries, Summary};
pub use whole::TaskRecords;
pub(crate) use whole::over_all;
