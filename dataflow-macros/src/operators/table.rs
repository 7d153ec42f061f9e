//! The rows of the table: the operators of the language.

use super::ChainState::{
    CoGroup, CoGrouped, Flow, Grouped, Join, Joined, KeyedFilter, Result, SolutionJoin, Sorted, Windowed,
};
use super::ClosureArguments::{
    DeltaBody, Groups, Handle, Key, LoopBody, Order, Partition, Records, Symbols, TaskThenRecord, Values,
};
use super::JoinKind::{Broadcast, FullOuter, Inner, LeftOuter, RightOuter, Solution};
use super::Lowering::{Aggregation, AsWritten, Each, GroupBody, Owning, Reduction, TryEach};
use super::RecordOperation::{Filter, FilterMap, FlatMap, Map};
use super::{ChainState, ClosureArguments, JoinKind, Lowering, Operator, PlainArguments};

const fn row(
    word: &'static str,
    from: ChainState,
    takes: ClosureArguments,
    to: ChainState,
    lowering: Lowering,
) -> Operator {
    Operator { word, from, takes, to, lowering, values: PlainArguments::Any, join: None, returns_unit: false }
}

impl Operator {
    const fn joining(self, kind: JoinKind) -> Self {
        Operator { join: Some(kind), ..self }
    }

    const fn before_values(self) -> Self {
        Operator { values: PlainArguments::AfterClosure, ..self }
    }

    const fn counting(self) -> Self {
        Operator { values: PlainArguments::Count, ..self }
    }

    const fn without_arguments(self) -> Self {
        Operator { values: PlainArguments::None, ..self }
    }

    const fn returning_unit(self) -> Self {
        Operator { returns_unit: true, ..self }
    }
}

pub(super) static SOLUTION_JOINS: [Operator; 2] = [
    row("join", Flow, Values, SolutionJoin, AsWritten).joining(Solution),
    row("left_join", Flow, Values, SolutionJoin, AsWritten).joining(LeftOuter),
];

pub(super) static OPERATORS: &[Operator] = &[
    // One record at a time.
    row("map", Flow, Records(1), Flow, Each(Map)),
    row("flat_map", Flow, Records(1), Flow, Each(FlatMap)),
    row("filter_map", Flow, Records(1), Flow, Each(FilterMap)),
    row("filter", Flow, Records(1), Flow, Each(Filter)),
    row("try_map", Flow, Records(1), Flow, TryEach(Map)),
    row("try_flat_map", Flow, Records(1), Flow, TryEach(FlatMap)),
    row("try_filter_map", Flow, Records(1), Flow, TryEach(FilterMap)),
    row("try_filter", Flow, Records(1), Flow, TryEach(Filter)),
    // One record at a time, with a state of the task.
    row("map_with", Flow, TaskThenRecord, Flow, Each(Map)),
    row("flat_map_with", Flow, TaskThenRecord, Flow, Each(FlatMap)),
    row("filter_map_with", Flow, TaskThenRecord, Flow, Each(FilterMap)),
    row("filter_with", Flow, TaskThenRecord, Flow, Each(Filter)),
    row("try_map_with", Flow, TaskThenRecord, Flow, TryEach(Map)),
    row("try_flat_map_with", Flow, TaskThenRecord, Flow, TryEach(FlatMap)),
    row("try_filter_map_with", Flow, TaskThenRecord, Flow, TryEach(FilterMap)),
    row("try_filter_with", Flow, TaskThenRecord, Flow, TryEach(Filter)),
    // One pair of records at a time.
    row("map", Joined, Records(2), Flow, Each(Map)),
    row("flat_map", Joined, Records(2), Flow, Each(FlatMap)),
    row("filter_map", Joined, Records(2), Flow, Each(FilterMap)),
    row("filter", Joined, Records(2), Joined, Each(Filter)),
    row("try_map", Joined, Records(2), Flow, TryEach(Map)),
    row("try_flat_map", Joined, Records(2), Flow, TryEach(FlatMap)),
    row("try_filter_map", Joined, Records(2), Flow, TryEach(FilterMap)),
    row("try_filter", Joined, Records(2), Joined, TryEach(Filter)),
    // Joins.
    row("join", Flow, Values, Join, AsWritten).joining(Inner),
    row("left_join", Flow, Values, Join, AsWritten).joining(LeftOuter),
    row("right_join", Flow, Values, Join, AsWritten).joining(RightOuter),
    row("full_join", Flow, Values, Join, AsWritten).joining(FullOuter),
    row("on", Join, Key, Joined, AsWritten),
    row("on_nulls_equal", Join, Key, Joined, AsWritten),
    row("hint", Join, Values, Join, AsWritten),
    row("on", SolutionJoin, Key, Joined, AsWritten),
    row("cross", Flow, Values, Joined, AsWritten).joining(Inner),
    row("cross_with_tiny", Flow, Values, Joined, AsWritten).joining(Inner),
    row("cross_with_huge", Flow, Values, Joined, AsWritten).joining(Inner),
    row("with", Flow, Values, Joined, AsWritten).joining(Broadcast),
    row("with_all", Flow, Values, Joined, AsWritten).joining(Broadcast),
    row("init", Joined, Records(1), Joined, Owning),
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
    row("first", Grouped, Values, Flow, AsWritten).counting(),
    row("top", Grouped, Order, Flow, AsWritten).counting(),
    row("min_by", Grouped, Key, Flow, AsWritten),
    row("max_by", Grouped, Key, Flow, AsWritten),
    row("reduce", Grouped, Records(2), Flow, Reduction),
    row("sorted_by", Grouped, Order, Sorted, AsWritten),
    row("first", Sorted, Values, Flow, AsWritten).counting(),
    row("reduce_group", Sorted, Groups(1), Flow, GroupBody),
    row("try_reduce_group", Sorted, Groups(1), Flow, GroupBody),
    row("reduce_group", Grouped, Groups(1), Flow, GroupBody),
    row("try_reduce_group", Grouped, Groups(1), Flow, GroupBody),
    row("combine_group", Sorted, Groups(1), Flow, GroupBody),
    row("combine_group", Grouped, Groups(1), Flow, GroupBody),
    row("reduce", Flow, Records(2), Flow, Reduction),
    row("reduce_group", Flow, Groups(1), Flow, GroupBody),
    row("try_reduce_group", Flow, Groups(1), Flow, GroupBody),
    row("co_group", Flow, Values, CoGroup, AsWritten),
    row("on", CoGroup, Key, CoGrouped, AsWritten),
    row("sorted_by", CoGrouped, Order, CoGrouped, AsWritten),
    row("reduce_group", CoGrouped, Groups(2), Flow, GroupBody),
    row("aggregate", Grouped, Handle, Flow, Aggregation),
    row("aggregate", Flow, Handle, Flow, Aggregation),
    // Event time and windows.
    row("event_time", Flow, Key, Flow, AsWritten).before_values(),
    row("window", Grouped, Values, Windowed, AsWritten),
    row("aggregate", Windowed, Handle, Flow, Aggregation),
    row("updates", Flow, Values, Flow, AsWritten).without_arguments(),
    row("count", Windowed, Values, Flow, AsWritten),
    row("late", Windowed, Values, Flow, AsWritten).without_arguments(),
    row("sum", Windowed, Symbols, Flow, AsWritten),
    // Whole flows.
    row("project", Flow, Symbols, Flow, AsWritten),
    row("expect_rows", Flow, Values, Flow, AsWritten),
    row("expect_selectivity", Flow, Values, Flow, AsWritten),
    row("persist", Flow, Values, Flow, AsWritten),
    row("union", Flow, Values, Flow, AsWritten),
    row("distinct", Flow, Values, Flow, AsWritten).without_arguments(),
    row("distinct_by", Flow, Key, Flow, AsWritten),
    row("min_by", Flow, Key, Flow, AsWritten),
    row("max_by", Flow, Key, Flow, AsWritten),
    row("first", Flow, Values, Flow, AsWritten).counting(),
    row("top", Flow, Order, Flow, AsWritten).counting(),
    row("sort", Flow, Order, Flow, AsWritten),
    // Loops.
    row("iterate", Flow, LoopBody, Flow, AsWritten),
    row("iterate_delta", Flow, DeltaBody, Flow, AsWritten),
    // The records of a task.
    row("rebalance", Flow, Values, Flow, AsWritten),
    row("partition_by", Flow, Key, Flow, AsWritten),
    row("partition_by_range", Flow, Order, Flow, AsWritten),
    row("partition_with", Flow, Records(1), Flow, Owning),
    row("sort_partition", Flow, Order, Flow, AsWritten),
    row("map_partition", Flow, Partition, Flow, Owning),
    row("zip_with_index", Flow, Values, Flow, AsWritten),
    row("zip_with_unique_id", Flow, Values, Flow, AsWritten),
    row("sample", Flow, Values, Flow, AsWritten),
    row("sample_n", Flow, Values, Flow, AsWritten),
    // Results.
    row("collect", Flow, Values, Result, AsWritten),
    row("count", Flow, Values, Result, AsWritten),
    row("print", Flow, Values, Result, AsWritten).returning_unit(),
    row("show", Flow, Values, Result, AsWritten).returning_unit(),
    row("in_folders_by", Flow, Symbols, Result, AsWritten),
    row("write_csv", Flow, Values, Result, AsWritten).returning_unit(),
    row("write_csv_with", Flow, Values, Result, AsWritten).returning_unit(),
    row("write_json", Flow, Values, Result, AsWritten).returning_unit(),
    row("write_binary", Flow, Values, Result, AsWritten).returning_unit(),
    row("write_native", Flow, Values, Result, AsWritten).returning_unit(),
    row("write_parquet", Flow, Values, Result, AsWritten).returning_unit(),
    row("write_parquet_with", Flow, Values, Result, AsWritten).returning_unit(),
    row("write_text", Flow, Values, Result, AsWritten).returning_unit(),
    row("write_to", Flow, Values, Result, AsWritten).returning_unit(),
];
