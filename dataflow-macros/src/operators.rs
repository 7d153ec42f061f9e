//! The table of operators: what every stage has to know about the words of the language.
//!
//! A chain of calls always stands somewhere: on a flow, in the middle of a join, on a grouping. The same word may mean
//! different operators in different places (`map` after `join(..).on(..)` gets two records), so an operator is found
//! by word *and* stand. Words that the table does not have pass through untouched: users extend `Flow` by traits.
//!
//! Adding an operator is one row here, and a file in `emit` if it is neither passed on as written nor one more way
//! of using a record's value.

use syn::ExprClosure;

use crate::analyse::keys;
use crate::emit::{Rewrite, Stage, aggregate, filter, filter_map, flat_map, map, moved, reduce, reduce_group};

/// One operator of the language.
pub(crate) struct Operator {
    /// What the user writes.
    pub(crate) word: &'static str,
    /// Where the chain has to stand.
    pub(crate) from: Stand,
    /// What the operator's closures get.
    pub(crate) takes: Takes,
    /// Where the chain stands afterwards.
    pub(crate) to: Stand,
    /// How it is written in the builder API.
    pub(crate) writing: Writing,
}

/// Where a chain of calls stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stand {
    /// On a flow.
    Flow,
    /// After `group_by`.
    Grouped,
    /// After `group_by(..).sorted_by(..)`.
    Sorted,
    /// After `join`, before its keys.
    Join,
    /// After `join(..).on(..)`.
    Joined,
    /// After `semi_join` and its like, before the keys.
    KeyedFilter,
    /// After `co_group`, before its keys.
    CoGroup,
    /// After `co_group(..).on(..)`.
    CoGrouped,
    /// On what a sink gave back: no longer a flow.
    Result,
}

/// What the closures of an operator get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Takes {
    /// No closure: plain values, or other flows.
    Values,
    /// One parameter that names fields; the closure runs once, while the graph is built.
    Symbols,
    /// One parameter that names the fields of a key, or a record that a key is computed of.
    Key,
    /// As a key, for an order: `asc` and `desc` stand around its parts.
    Order,
    /// This many records, for each record of the flow.
    Records(usize),
    /// First a closure that gets the task and makes its state, then one that gets this state and a record.
    TaskThenRecord,
    /// All records of a task, and where to put others.
    Partition,
    /// The handle of a group, whose measures are computed together.
    Handle,
    /// So many groups whose records are lent, and the place for what is made of them.
    Groups(usize),
}

/// How an operator is written in the builder API.
pub(crate) enum Writing {
    /// As the user wrote it.
    AsWritten,
    /// A closure that decides about a record; on a flow it stays an operator of its own, which the optimizer can move.
    Predicate(&'static dyn Stage),
    /// A closure that makes other records; it runs in one body with what follows.
    Body(&'static dyn Stage),
    /// In words of its own.
    Rewritten(Rewrite),
}

impl Operator {
    /// The stage that this operator is in the body of a chain, if it looks at one record after the other.
    pub(crate) fn stage(&self) -> Option<&'static dyn Stage> {
        match self.writing {
            Writing::Predicate(stage) | Writing::Body(stage) => Some(stage),
            Writing::AsWritten | Writing::Rewritten(_) => None,
        }
    }

    /// Whether the operator keeps a state in each task, which its first closure makes.
    pub(crate) fn has_state(&self) -> bool {
        self.takes == Takes::TaskThenRecord
    }

    /// Whether a closure of the operator looks at records: at those of a flow, or of a group.
    pub(crate) fn looks_at_records(&self, closure: &ExprClosure) -> bool {
        match self.takes {
            Takes::Values | Takes::Symbols => false,
            Takes::Key | Takes::Order => self.computes(closure),
            _ => true,
        }
    }

    /// Whether a closure of the operator computes a key or an order.
    pub(crate) fn computes(&self, closure: &ExprClosure) -> bool {
        matches!(self.takes, Takes::Key | Takes::Order) && keys::is_computed(closure, self.takes)
    }

    /// Which sides of a join's pairs are `Option`s to its closures.
    pub(crate) fn optional_sides(&self) -> [bool; 2] {
        match self.word {
            "left_join" => [false, true],
            "right_join" => [true, false],
            "full_join" => [true, true],
            _ => [false, false],
        }
    }

    /// Whether the operator only keeps or drops records.
    pub(crate) fn is_predicate(&self) -> bool {
        matches!(self.writing, Writing::Predicate(_))
    }
}

/// Finds the operator that `word` means to a chain that stands at `from`.
pub(crate) fn find(word: &str, from: Stand) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.word == word && operator.from == from)
}

/// Whether a word means an operator somewhere.
pub(crate) fn is_known(word: &proc_macro2::Ident) -> bool {
    OPERATORS.iter().any(|operator| word == operator.word)
}

const fn row(word: &'static str, from: Stand, takes: Takes, to: Stand, writing: Writing) -> Operator {
    Operator { word, from, takes, to, writing }
}

use Stand::{CoGroup, CoGrouped, Flow, Grouped, Join, Joined, KeyedFilter, Result, Sorted};
use Takes::{Groups, Handle, Key, Order, Partition, Records, Symbols, TaskThenRecord, Values};
use Writing::{AsWritten, Body, Predicate, Rewritten};

static OPERATORS: &[Operator] = &[
    // One record at a time.
    row("map", Flow, Records(1), Flow, Body(&map::MAP)),
    row("flat_map", Flow, Records(1), Flow, Body(&flat_map::FLAT_MAP)),
    row("filter_map", Flow, Records(1), Flow, Body(&filter_map::FILTER_MAP)),
    row("filter", Flow, Records(1), Flow, Predicate(&filter::FILTER)),
    row("try_map", Flow, Records(1), Flow, Body(&map::TRY_MAP)),
    row("try_flat_map", Flow, Records(1), Flow, Body(&flat_map::TRY_FLAT_MAP)),
    row("try_filter_map", Flow, Records(1), Flow, Body(&filter_map::TRY_FILTER_MAP)),
    row("try_filter", Flow, Records(1), Flow, Predicate(&filter::TRY_FILTER)),
    // One record at a time, with a state of the task.
    row("map_with", Flow, TaskThenRecord, Flow, Body(&map::MAP)),
    row("flat_map_with", Flow, TaskThenRecord, Flow, Body(&flat_map::FLAT_MAP)),
    row("filter_map_with", Flow, TaskThenRecord, Flow, Body(&filter_map::FILTER_MAP)),
    row("filter_with", Flow, TaskThenRecord, Flow, Predicate(&filter::FILTER)),
    row("try_map_with", Flow, TaskThenRecord, Flow, Body(&map::TRY_MAP)),
    row("try_flat_map_with", Flow, TaskThenRecord, Flow, Body(&flat_map::TRY_FLAT_MAP)),
    row("try_filter_map_with", Flow, TaskThenRecord, Flow, Body(&filter_map::TRY_FILTER_MAP)),
    row("try_filter_with", Flow, TaskThenRecord, Flow, Predicate(&filter::TRY_FILTER)),
    // One pair of records at a time.
    row("map", Joined, Records(2), Flow, Body(&map::MAP)),
    row("flat_map", Joined, Records(2), Flow, Body(&flat_map::FLAT_MAP)),
    row("filter_map", Joined, Records(2), Flow, Body(&filter_map::FILTER_MAP)),
    row("filter", Joined, Records(2), Joined, Predicate(&filter::FILTER)),
    row("try_map", Joined, Records(2), Flow, Body(&map::TRY_MAP)),
    row("try_flat_map", Joined, Records(2), Flow, Body(&flat_map::TRY_FLAT_MAP)),
    row("try_filter_map", Joined, Records(2), Flow, Body(&filter_map::TRY_FILTER_MAP)),
    row("try_filter", Joined, Records(2), Joined, Predicate(&filter::TRY_FILTER)),
    // Joins.
    row("join", Flow, Values, Join, AsWritten),
    row("left_join", Flow, Values, Join, AsWritten),
    row("right_join", Flow, Values, Join, AsWritten),
    row("full_join", Flow, Values, Join, AsWritten),
    row("on", Join, Key, Joined, AsWritten),
    row("on_nulls_equal", Join, Key, Joined, AsWritten),
    row("hint", Join, Values, Join, AsWritten),
    row("cross", Flow, Values, Joined, AsWritten),
    row("cross_with_tiny", Flow, Values, Joined, AsWritten),
    row("cross_with_huge", Flow, Values, Joined, AsWritten),
    row("with", Flow, Values, Joined, AsWritten),
    row("with_all", Flow, Values, Joined, AsWritten),
    row("init", Joined, Records(1), Joined, Rewritten(moved::write)),
    row("semi_join", Flow, Values, KeyedFilter, AsWritten),
    row("anti_join", Flow, Values, KeyedFilter, AsWritten),
    row("on", KeyedFilter, Key, Flow, AsWritten),
    row("on_nulls_equal", KeyedFilter, Key, Flow, AsWritten),
    row("hint", KeyedFilter, Values, KeyedFilter, AsWritten),
    // Groups.
    row("group_by", Flow, Key, Grouped, AsWritten),
    row("sum", Grouped, Symbols, Flow, AsWritten),
    row("min", Grouped, Symbols, Flow, AsWritten),
    row("max", Grouped, Symbols, Flow, AsWritten),
    row("avg", Grouped, Symbols, Flow, AsWritten),
    row("count", Grouped, Values, Flow, AsWritten),
    row("first", Grouped, Values, Flow, AsWritten),
    row("top", Grouped, Order, Flow, AsWritten),
    row("min_by", Grouped, Key, Flow, AsWritten),
    row("max_by", Grouped, Key, Flow, AsWritten),
    row("reduce", Grouped, Records(2), Flow, Rewritten(reduce::write)),
    row("sorted_by", Grouped, Order, Sorted, AsWritten),
    row("first", Sorted, Values, Flow, AsWritten),
    row("reduce_group", Sorted, Groups(1), Flow, Rewritten(reduce_group::write)),
    row("try_reduce_group", Sorted, Groups(1), Flow, Rewritten(reduce_group::write)),
    row("reduce_group", Grouped, Groups(1), Flow, Rewritten(reduce_group::write)),
    row("try_reduce_group", Grouped, Groups(1), Flow, Rewritten(reduce_group::write)),
    row("combine_group", Sorted, Groups(1), Flow, Rewritten(reduce_group::write)),
    row("combine_group", Grouped, Groups(1), Flow, Rewritten(reduce_group::write)),
    row("reduce", Flow, Records(2), Flow, Rewritten(reduce::write)),
    row("reduce_group", Flow, Groups(1), Flow, Rewritten(reduce_group::write)),
    row("try_reduce_group", Flow, Groups(1), Flow, Rewritten(reduce_group::write)),
    row("co_group", Flow, Values, CoGroup, AsWritten),
    row("on", CoGroup, Key, CoGrouped, AsWritten),
    row("sorted_by", CoGrouped, Order, CoGrouped, AsWritten),
    row("reduce_group", CoGrouped, Groups(2), Flow, Rewritten(reduce_group::write)),
    row("aggregate", Grouped, Handle, Flow, Rewritten(aggregate::write)),
    row("aggregate", Flow, Handle, Flow, Rewritten(aggregate::write)),
    // Whole flows.
    row("project", Flow, Symbols, Flow, AsWritten),
    row("expect_rows", Flow, Values, Flow, AsWritten),
    row("persist", Flow, Values, Flow, AsWritten),
    row("union", Flow, Values, Flow, AsWritten),
    row("distinct", Flow, Values, Flow, AsWritten),
    row("distinct_by", Flow, Key, Flow, AsWritten),
    row("min_by", Flow, Key, Flow, AsWritten),
    row("max_by", Flow, Key, Flow, AsWritten),
    row("first", Flow, Values, Flow, AsWritten),
    row("top", Flow, Order, Flow, AsWritten),
    row("sort", Flow, Order, Flow, AsWritten),
    // The records of a task.
    row("rebalance", Flow, Values, Flow, AsWritten),
    row("partition_by", Flow, Key, Flow, AsWritten),
    row("partition_by_range", Flow, Order, Flow, AsWritten),
    row("partition_with", Flow, Records(1), Flow, Rewritten(moved::write)),
    row("sort_partition", Flow, Order, Flow, AsWritten),
    row("map_partition", Flow, Partition, Flow, Rewritten(moved::write)),
    row("zip_with_index", Flow, Values, Flow, AsWritten),
    row("zip_with_unique_id", Flow, Values, Flow, AsWritten),
    row("sample", Flow, Values, Flow, AsWritten),
    row("sample_n", Flow, Values, Flow, AsWritten),
    // Results.
    row("collect", Flow, Values, Result, AsWritten),
    row("count", Flow, Values, Result, AsWritten),
    row("print", Flow, Values, Result, AsWritten),
    row("show", Flow, Values, Result, AsWritten),
    row("in_folders_by", Flow, Symbols, Result, AsWritten),
    row("write_csv", Flow, Values, Result, AsWritten),
    row("write_csv_with", Flow, Values, Result, AsWritten),
    row("write_json", Flow, Values, Result, AsWritten),
    row("write_binary", Flow, Values, Result, AsWritten),
    row("write_native", Flow, Values, Result, AsWritten),
    row("write_parquet", Flow, Values, Result, AsWritten),
    row("write_text", Flow, Values, Result, AsWritten),
];
