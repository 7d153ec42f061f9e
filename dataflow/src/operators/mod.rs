//! All operators, each with a page and an example.
//!
//! The modules here are pages of documentation. Operators on single records and [`aggregate`] have
//! a page in this module, because the macro [`#[dataflow]`](macro@crate::prelude::dataflow)
//! rewrites them. Every other operator is a method, and its page is the method's.
//!
//! # Tasks and memory
//!
//! Unless a page states otherwise, an operator runs in as many tasks as the job's parallelism.
//! Joins, groups and sorts spill rows that do not fit in memory. [`with`](Flow::with),
//! [`with_all`](Flow::with_all), [`map_partition`](Flow::map_partition) and
//! [`collect`](Flow::collect) hold their records in memory and end the job if it is too small.
//!
//! # Streams
//!
//! The column *Stream* states whether an operator works on a [`DataStream`](crate::DataStream):
//!
//! * **yes**: it emits records while the stream runs.
//! * **at the end**: it compiles, and emits its result when the stream ends.
//! * **updates**: its result is an [`UpdateStream`](crate::UpdateStream).
//! * **no**: it does not compile.
//!
//! # Single records
//!
//! All of them work on streams. Those without a state also work on the pairs of a join:
//! `.join(…).on(…).map(|l, r| …)`.
//!
//! | Result | infallible | fallible | with a state per task | both |
//! |---|---|---|---|---|
//! | one record per record | [`map`] | [`try_map`] | [`map_with`] | [`try_map_with`] |
//! | any number per record | [`flat_map`] | [`try_flat_map`] | [`flat_map_with`] | [`try_flat_map_with`] |
//! | one record or none per record | [`filter_map`] | [`try_filter_map`] | [`filter_map_with`] | [`try_filter_map_with`] |
//! | the records that pass a test | [`filter`] | [`try_filter`] | [`filter_with`] | [`try_filter_with`] |
//!
//! [`project`](Flow::project) selects fields.
//!
//! # Two flows
//!
//! | Operator | Result | Stream |
//! |---|---|---|
//! | [`join`](Flow::join) | the pairs of records with equal keys | at the end |
//! | [`left_join`](Flow::left_join), [`right_join`](Flow::right_join), [`full_join`](Flow::full_join) | also records without a partner, of one side or both | no |
//! | [`on`](Join::on), [`on_nulls_equal`](Join::on_nulls_equal) | the keys of a join; with the second a null equals a null | as the join |
//! | [`hint`](Join::hint) | the strategy of a join | as the join |
//! | [`semi_join`](Flow::semi_join) | the records whose key the other flow has | at the end |
//! | [`anti_join`](Flow::anti_join) | the records whose key the other flow does not have | no |
//! | [`on`](SemiJoin::on), [`on_nulls_equal`](SemiJoin::on_nulls_equal), [`hint`](SemiJoin::hint) | the keys and the strategy of these two | as the join |
//! | [`cross`](Flow::cross), [`cross_with_tiny`](Flow::cross_with_tiny), [`cross_with_huge`](Flow::cross_with_huge) | all pairs | no |
//! | [`with`](Flow::with) | each record, with the only record of a `DataSet` | yes |
//! | [`with_all`](Flow::with_all) | each record, with all records of a small `DataSet` | yes |
//! | [`init`](WithAll::init) | a value that each task builds from that small flow first | yes |
//! | [`co_group`](Flow::co_group) with [`on`](CoGroup::on) | the records of both flows by a common key | no |
//! | [`sorted_by`](CoGroups::sorted_by) | the order in these groups | no |
//! | [`reduce_group`](CoGroups::reduce_group) | the records that a loop over both groups of a key emits | no |
//! | [`union`](Flow::union) | the records of both | yes |
//!
//! # Windows
//!
//! These operators are for streams only.
//!
//! | Operator | Result |
//! |---|---|
//! | [`event_time`](Flow::event_time) | the records of a stream, with their event time |
//! | [`window`](Grouped::window) after [`group_by`](Flow::group_by) | the records of each key and each window of event time |
//! | [`count`](Windowed::count), [`sum`](Windowed::sum) of a field, [`aggregate`] | one or several measures of each window, emitted when the watermark reaches its end |
//! | [`late`](Windowed::late) | the records that arrived after their window was emitted |
//!
//! # Updates
//!
//! | Operator | Result |
//! |---|---|
//! | [`sum`](Grouped::sum), [`aggregate`], … after [`group_by`](Flow::group_by), of a stream | an [`UpdateStream`](crate::UpdateStream): the current record of each group, emitted again after each change |
//! | [`updates`](Flow::updates) | each update as a record of its own |
//!
//! # Loops
//!
//! Streams have no loops yet.
//!
//! | Operator | Result |
//! |---|---|
//! | [`iterate`](Flow::iterate) | the last result of a pipeline that runs repeatedly on its own result |
//! | [`iterate_delta`](Flow::iterate_delta) | a solution set that a pipeline changes until its workset is empty |
//! | [`on`](SolutionSides::on) | the key of records that are joined with the solution set |
//!
//! # Groups
//!
//! One of these operators follows [`group_by`](Flow::group_by). Those in the column *of a whole
//! flow* need no `group_by`. Of these, only [`first`](Flow::first) works on a stream.
//!
//! | | of each group | of a whole flow | groups of a stream |
//! |---|---|---|---|
//! | several measures in one pass | [`aggregate`] | [`aggregate`] | updates |
//! | one measure of a field | [`sum`](Grouped::sum), [`min`](Grouped::min), [`max`](Grouped::max), [`avg`](Grouped::avg) | `aggregate` | updates |
//! | the number of records | [`count`](Grouped::count) | [`count`](Flow::count), a result | updates |
//! | any records, or the first of an order | [`first`](Grouped::first), [`top`](Grouped::top) | [`first`](Flow::first), [`top`](Flow::top) | no |
//! | the record with the least or greatest value of a field | [`min_by`](Grouped::min_by), [`max_by`](Grouped::max_by) | [`min_by`](Flow::min_by), [`max_by`](Flow::max_by) | updates |
//! | one record, combined from pairs of records | [`reduce`](Grouped::reduce) | [`reduce`](Flow::reduce) | updates |
//! | the records that a loop over the group emits | [`reduce_group`](Grouped::reduce_group) | [`reduce_group`](Flow::reduce_group) | no |
//! | the same, with a loop that is fallible | [`try_reduce_group`](Grouped::try_reduce_group) | [`try_reduce_group`](Flow::try_reduce_group) | no |
//! | the records that a loop over parts of groups emits, before they are shipped | [`combine_group`](Grouped::combine_group) | | no |
//!
//! [`sorted_by`](Grouped::sorted_by) orders the records of each group. It is followed by
//! [`first`](SortedGroups::first), [`reduce_group`](SortedGroups::reduce_group),
//! [`try_reduce_group`](SortedGroups::try_reduce_group) or
//! [`combine_group`](SortedGroups::combine_group). None of them works on a stream.
//!
//! # Whole flows and their tasks
//!
//! | Operator | Result | Stream |
//! |---|---|---|
//! | [`sort`](Flow::sort) | all records in order | no |
//! | [`distinct`](Flow::distinct), [`distinct_by`](Flow::distinct_by) | one of the records that are equal, or equal in some fields | no |
//! | [`sample`](Flow::sample) | a random share of the records | yes |
//! | [`sample_n`](Flow::sample_n) | a number of random records | no |
//! | [`zip_with_index`](Flow::zip_with_index) | each record with its position | no |
//! | [`zip_with_unique_id`](Flow::zip_with_unique_id) | each record with a unique number | yes |
//! | [`persist`](Flow::persist) | the same records, kept for several runs | no |
//! | [`expect_rows`](Flow::expect_rows) | the same records; plans use the given number of rows | yes |
//! | [`expect_selectivity`](Flow::expect_selectivity) | the same records; plans use the given share for the filter before it | yes |
//! | [`rebalance`](Flow::rebalance) | the same records, evenly over all tasks | yes |
//! | [`partition_by`](Flow::partition_by), [`partition_with`](Flow::partition_with) | the same records, by key or by number of task | yes |
//! | [`partition_by_range`](Flow::partition_by_range) | the same records, by range | no |
//! | [`sort_partition`](Flow::sort_partition) | the records of each task in order | no |
//! | [`map_partition`](Flow::map_partition) | the records that a loop over all records of a task emits | no |
//!
//! # Results
//!
//! | Operator | Effect | Stream |
//! |---|---|---|
//! | [`collect`](Flow::collect), [`records`](Flow::records), [`count`](Flow::count) | runs the job and returns the records, or their number | no |
//! | [`print`](Flow::print) | prints lines, with [`Env::run`](crate::Env::run) | yes |
//! | [`show`](Flow::show) | prints the first records as a table, with [`Env::run`](crate::Env::run) | yes |
//! | [`write_csv`](Flow::write_csv), [`write_csv_with`](Flow::write_csv_with), [`write_json`](Flow::write_json), [`write_parquet`](Flow::write_parquet), [`write_parquet_with`](Flow::write_parquet_with), [`write_text`](Flow::write_text), [`write_binary`](Flow::write_binary), [`write_native`](Flow::write_native) | writes files, with [`Env::run`](crate::Env::run) | yes |
//! | [`write_to`](Flow::write_to) | writes to a [connector](crate::connector), with [`Env::run`](crate::Env::run) | yes |
//! | [`in_folders_by`](Flow::in_folders_by) | the same files, in a folder for each value | yes |

#[cfg(doc)]
use crate::{CoGroup, CoGroups, Flow, Grouped, Join, SemiJoin, SolutionSides, SortedGroups, Windowed, WithAll};

// Aliases: the names of these operators in other engines, for the search of rustdoc.
#[doc(alias = "agg")]
pub mod aggregate;
#[doc(alias("having", "where"))]
pub mod filter;
pub mod filter_map;
pub mod filter_map_with;
pub mod filter_with;
#[doc(alias("explode", "unnest"))]
pub mod flat_map;
pub mod flat_map_with;
#[doc(alias("select", "with_column", "with_columns"))]
pub mod map;
pub mod map_with;
pub mod try_filter;
pub mod try_filter_map;
pub mod try_filter_map_with;
pub mod try_filter_with;
pub mod try_flat_map;
pub mod try_flat_map_with;
pub mod try_map;
pub mod try_map_with;
