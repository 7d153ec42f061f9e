//! The words of the language, each with its page: what stands in a [`#[dataflow]`](macro@crate::prelude::dataflow) function.
//!
//! Nothing here is called. What is done record by record has its page in this module, as the macro writes it in other words, and so has
//! [`aggregate`]; any other word is a method, and its page is the method's. Each page has an example that runs.
//!
//! Where a page does not say otherwise, every operator runs in as many tasks as the job's parallelism, and what joins, groups and sorts
//! keep goes to disk where it does not fit memory. [`with`](Flow::with), [`with_all`](Flow::with_all),
//! [`map_partition`](Flow::map_partition) and [`collect`](Flow::collect) keep theirs in memory alone, and end the job where it is too
//! small.
//!
//! # Each record
//!
//! The first two columns of words are for flows and for the pairs of a join, `.join(…).on(…).map(|l, r| …)`; the last two are for flows.
//!
//! | | | which may fail | with a state of the task | both |
//! |---|---|---|---|---|
//! | one record from each | [`map`] | [`try_map`] | [`map_with`] | [`try_map_with`] |
//! | any number from each | [`flat_map`] | [`try_flat_map`] | [`flat_map_with`] | [`try_flat_map_with`] |
//! | a record from some | [`filter_map`] | [`try_filter_map`] | [`filter_map_with`] | [`try_filter_map_with`] |
//! | some, as they are | [`filter`] | [`try_filter`] | [`filter_with`] | [`try_filter_with`] |
//!
//! [`project`](Flow::project) picks fields.
//!
//! # Two flows
//!
//! | Word | gives |
//! |---|---|
//! | [`join`](Flow::join) | the pairs of records with equal keys |
//! | [`left_join`](Flow::left_join), [`right_join`](Flow::right_join), [`full_join`](Flow::full_join) | also records without a partner, of one side or both |
//! | [`on`](Join::on), [`on_nulls_equal`](Join::on_nulls_equal) | the keys of a join; with the second a null equals a null |
//! | [`hint`](Join::hint) | how a join should run |
//! | [`semi_join`](Flow::semi_join), [`anti_join`](Flow::anti_join) | the records whose key the other flow has, or has not |
//! | [`on`](SemiJoin::on), [`on_nulls_equal`](SemiJoin::on_nulls_equal), [`hint`](SemiJoin::hint) | the same for these two |
//! | [`cross`](Flow::cross), [`cross_with_tiny`](Flow::cross_with_tiny), [`cross_with_huge`](Flow::cross_with_huge) | all pairs |
//! | [`with`](Flow::with) | each record, with the one record of another flow |
//! | [`with_all`](Flow::with_all) | each record, with all of a small flow |
//! | [`init`](WithAll::init) | what a task makes of that small flow first |
//! | [`co_group`](Flow::co_group) with [`on`](CoGroup::on) | both flows' records by a key that they share |
//! | [`sorted_by`](CoGroups::sorted_by) | the order in these groups |
//! | [`reduce_group`](CoGroups::reduce_group) | what a loop over both groups of a key emits |
//! | [`union`](Flow::union) | the records of both |
//!
//! # Windows
//!
//! | Word | gives |
//! |---|---|
//! | [`event_time`](Flow::event_time) | the records of a stream, with the time at which what they tell of happened |
//! | [`window`](Grouped::window) behind [`group_by`](Flow::group_by) | the records of each key and each window of that time |
//! | [`count`](Windowed::count), [`sum`](Windowed::sum) of a field, [`aggregate`] | one measure of each of these or several, when time has passed the window |
//! | [`late`](Windowed::late) | the records that came when their window had ended |
//!
//! # Updates
//!
//! | Word | gives |
//! |---|---|
//! | [`sum`](Grouped::sum), [`aggregate`], … behind [`group_by`](Flow::group_by), of a stream | an [`UpdateStream`](crate::UpdateStream): what a group is by now, each time when records came for it |
//! | [`updates`](Flow::updates) | each update as a record of its own |
//!
//! # Loops
//!
//! | Word | gives |
//! |---|---|
//! | [`iterate`](Flow::iterate) | what a pipeline gives that is run again and again over what it gave before |
//! | [`iterate_delta`](Flow::iterate_delta) | a set of records that a pipeline changes, while there are records that it works on |
//! | [`on`](SolutionSides::on) | the key of records that are joined with that set |
//!
//! # Groups
//!
//! Behind [`group_by`](Flow::group_by) stands one of these. Those in the last column are for a whole flow.
//!
//! | | of each group | of a whole flow |
//! |---|---|---|
//! | several measures in one pass | [`aggregate`] | [`aggregate`] |
//! | one measure of a field | [`sum`](Grouped::sum), [`min`](Grouped::min), [`max`](Grouped::max), [`avg`](Grouped::avg) | `aggregate` |
//! | the number of records | [`count`](Grouped::count) | [`count`](Flow::count), a result |
//! | any records, or the first of an order | [`first`](Grouped::first), [`top`](Grouped::top) | [`first`](Flow::first), [`top`](Flow::top) |
//! | the record where a field is least, or greatest | [`min_by`](Grouped::min_by), [`max_by`](Grouped::max_by) | [`min_by`](Flow::min_by), [`max_by`](Flow::max_by) |
//! | one record, made two by two | [`reduce`](Grouped::reduce) | [`reduce`](Flow::reduce) |
//! | what a loop over the records emits | [`reduce_group`](Grouped::reduce_group) | [`reduce_group`](Flow::reduce_group) |
//! | what a loop that may fail emits | [`try_reduce_group`](Grouped::try_reduce_group) | [`try_reduce_group`](Flow::try_reduce_group) |
//! | what a loop over parts of groups emits, before they are shipped | [`combine_group`](Grouped::combine_group) | |
//!
//! [`sorted_by`](Grouped::sorted_by) puts groups in order; behind it stand [`first`](SortedGroups::first),
//! [`reduce_group`](SortedGroups::reduce_group), [`try_reduce_group`](SortedGroups::try_reduce_group) and
//! [`combine_group`](SortedGroups::combine_group).
//!
//! # Whole flows, and their tasks
//!
//! | Word | gives |
//! |---|---|
//! | [`sort`](Flow::sort) | all records in order |
//! | [`distinct`](Flow::distinct), [`distinct_by`](Flow::distinct_by) | one of the records that are equal, or equal in some fields |
//! | [`sample`](Flow::sample), [`sample_n`](Flow::sample_n) | a share of the records, or a number of them, by chance |
//! | [`zip_with_index`](Flow::zip_with_index), [`zip_with_unique_id`](Flow::zip_with_unique_id) | each record behind a number |
//! | [`persist`](Flow::persist) | the same records, kept for several runs |
//! | [`expect_rows`](Flow::expect_rows) | the same records, with their number as plans should take it |
//! | [`expect_selectivity`](Flow::expect_selectivity) | the same records, with the share that the filter before it keeps |
//! | [`rebalance`](Flow::rebalance) | the same records, evenly over all tasks |
//! | [`partition_by`](Flow::partition_by), [`partition_by_range`](Flow::partition_by_range), [`partition_with`](Flow::partition_with) | the same records, by key, range or number of task |
//! | [`sort_partition`](Flow::sort_partition) | the records of each task in order |
//! | [`map_partition`](Flow::map_partition) | what a loop over all records of a task emits |
//!
//! # Results
//!
//! | Word | does |
//! |---|---|
//! | [`collect`](Flow::collect), [`count`](Flow::count) | runs at once, and gives the records, or their number |
//! | [`print`](Flow::print), [`show`](Flow::show) | prints lines, or the first records as a table, with [`Env::run`](crate::Env::run) |
//! | [`write_csv`](Flow::write_csv), [`write_csv_with`](Flow::write_csv_with), [`write_json`](Flow::write_json), [`write_parquet`](Flow::write_parquet), [`write_text`](Flow::write_text), [`write_binary`](Flow::write_binary), [`write_native`](Flow::write_native) | writes files, with [`Env::run`](crate::Env::run) |
//! | [`in_folders_by`](Flow::in_folders_by) | the same files, in a folder for each value |

#[cfg(doc)]
use crate::{CoGroup, CoGroups, Flow, Grouped, Join, SemiJoin, SolutionSides, SortedGroups, Windowed, WithAll};

// The names that other engines have for them lead rustdoc's search to the pages.
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
