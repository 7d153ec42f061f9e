//! Error messages for methods that a flow does not have, with a replacement for each.
//!
//! These are operators of `#[dataflow]` outside of the macro, and method names of iterators and
//! other libraries. Each method has a bound that no type meets, so the compiler reports a message
//! of its own at the call. A flow dereferences to [`MissingWords`], so the compiler looks here
//! last. A trait of the program that adds such a method to flows takes precedence.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use super::{Flow, Grouped, Join};
use crate::env::Env;
use crate::kernel::{Emitter, Group};
use crate::record::Record;

/// Structs with the methods that a type does not have. The type dereferences to its struct.
macro_rules! missing_words {
    ($($(#[$doc:meta])* $words:ident<$($of:ident),*>: [$($bound:tt)*] $owner:ty;)*) => {$(
        $(#[$doc])*
        #[doc(hidden)]
        pub struct $words<$($of),*>(PhantomData<($($of,)*)>);

        #[doc(hidden)]
        impl<$($bound)*> Deref for $owner {
            type Target = $words<$($of),*>;

            fn deref(&self) -> &$words<$($of),*> {
                &$words(PhantomData)
            }
        }
    )*};
}
missing_words! {
    /// Methods that a flow of `T` does not have.
    MissingWords<T, M>: [T, M] Flow<T, M>;
    /// Methods that groups of `T` do not have.
    MissingGroupWords<T, K, M>: [T, K, M] Grouped<T, K, M>;
    /// Methods that a join without keys does not have.
    MissingJoinWords<L, R, M, K>: [L, R, M, K] Join<L, R, M, K>;
    /// Methods that the emitter of a closure does not have.
    MissingEmitterWords<U>: [U: Record] Emitter<'_, U>;
    /// Methods that the records of one group do not have.
    MissingRecordWords<T>: [T: Record] Group<'_, T>;
}

/// Methods that an environment does not have. The parameter is always `()`. Without a parameter,
/// the compiler would check the bounds in this crate.
#[doc(hidden)]
pub struct MissingSourceWords<E>(PhantomData<E>);

#[doc(hidden)]
impl Deref for Env {
    type Target = MissingSourceWords<()>;

    fn deref(&self) -> &MissingSourceWords<()> {
        &MissingSourceWords(PhantomData)
    }
}

/// Implemented by nothing.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a flow has no records to print yet",
    label = "a flow, which is a plan until it is run",
    note = "write `flow.show(20)` for a table of some, or `flow.print()` for all of its records, and then `env.run()?`"
)]
pub trait HasRecordsToPrint {}

/// Error messages for a flow in `println!`.
macro_rules! not_printed {
    ($($tr:ident)*) => {$(
        #[doc(hidden)]
        impl<T, M> fmt::$tr for Flow<T, M>
        where
            MissingWords<T, M>: HasRecordsToPrint,
        {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Ok(())
            }
        }
    )*};
}
not_printed! { Debug Display }

/// Methods with their numbers of arguments, messages and notes:
/// `take(A) "a flow has no `take`" "write `.first(10)`";`
macro_rules! words {
    ($owner:ident<$($of:ident),*> $($table:tt)*) => {
        words! { @table $owner ($($of),*) $($table)* }
    };
    (@table $owner:ident $of:tt $label:literal: $($word:ident $arguments:tt $message:literal $note:literal;)*) => {
        words! { @table_of $owner $of $of $label: $($word $arguments $message $note;)* }
    };
    (@table_of $owner:ident $of:tt $types:tt $label:literal: $($word:ident $arguments:tt $message:literal $note:literal;)*) => {$(
        /// Implemented by nothing.
        #[allow(non_camel_case_types)]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
        pub trait $word {
            /// Returns a value of any type, so that the compiler reports no errors after the call.
            fn any_value<B>() -> B;
        }

        words! { @method $owner $of $types $word $arguments }
    )*};
    (@method $owner:ident ($($of:ident),*) ($($types:ty),*) $word:ident ($($argument:ident),*)) => {
        impl<$($of),*> super::$owner<$($types),*> {
            #[allow(missing_docs)]
            #[allow(clippy::wrong_self_convention, clippy::should_implement_trait, reason = "others' words")]
            #[must_use]
            pub fn $word<$($argument,)* B>(&self, $(_: $argument),*) -> B
            where
                Self: $word,
            {
                <Self as $word>::any_value()
            }
        }
    };
}

/// Methods with a common message and note. The names with their numbers of arguments follow.
macro_rules! words_alike {
    ($owner:ident $of:tt $label:literal $message:literal $note:literal: $($word:ident $arguments:tt)*) => {
        words! { @table $owner $of $label: $($word $arguments $message $note;)* }
    };
}

mod of_loops {
    use super::MissingWords;
    use crate::flow::{Flow, Solution};
    use crate::key::Key;
    use crate::record::Record;

    /// Implemented by nothing.
    #[diagnostic::on_unimplemented(
        message = "streams do not loop yet",
        label = "this flow does not end",
        note = "write the loop over a `DataSet`; a log is one if it is read to its end, by `env.read_log_to_end(..)`. A stream keeps something for each key in \
                `.group_by(..).aggregate(|g| g.fold(..))`"
    )]
    pub trait Loops {
        /// Returns a value of any type, so that the compiler reports no errors after the call.
        fn any_value<B>() -> B;
    }

    #[allow(missing_docs)]
    impl<T: Record, M> MissingWords<T, M> {
        pub fn iterate<F>(&self, _: u32, _: F) -> Flow<T, M>
        where
            Self: Loops,
            F: FnOnce(Flow<T>) -> Flow<T>,
        {
            <Self as Loops>::any_value()
        }

        pub fn iterate_delta<W, K, F>(
            &self,
            _: Flow<W, M>,
            _: impl FnOnce(T::Fields<T>) -> K,
            _: u32,
            _: F,
        ) -> Flow<T, M>
        where
            Self: Loops,
            K: Key<T>,
            F: FnOnce(Solution<T, K::Value>, Flow<W>) -> (Flow<T>, Flow<W>),
        {
            <Self as Loops>::any_value()
        }
    }
}

/// Sources of other systems.
mod of_sources {
    words_alike! { MissingSourceWords (E) "not a source yet"
        "sources of this kind are not available yet"
        "an environment reads files and logs: `env.read_csv(..)`, `read_json`, `read_parquet`, `read_text`, `read_native`, `read_log`. Let another program write what it receives to files, \
         or to a log with `LogWriter`, which `read_log` follows as it grows":
        read_kafka(A) read_kinesis(A) read_pulsar(A) read_rabbitmq(A) read_socket(A) read_postgres(A) read_database(A) read_avro(A) read_arrow(A) read_ipc(A) read_orc(A)
        read_excel(A) read_delta(A) read_iceberg(A)
    }
    words_alike! { MissingSourceWords (E) "not a word of an environment"
        "queries are not written in SQL yet"
        "write them in a function with `#[dataflow]`: `.filter(|r| …)` for WHERE, `.group_by(|r| …).aggregate(|g| …)` for GROUP BY, `.join(other).on(|l| …, |r| …)`, `.sort(|r| …)`":
        sql(A) sql_query(A) query(A) execute_sql(A) read_sql(A)
    }
}

mod of_the_macro {
    macro_rules! words_without_macro {
        ($($word:ident($($argument:ident),*) $message:literal;)*) => {
            words! { MissingWords<T, M> "`#[dataflow]` did not see this":
                $($word($($argument),*) $message
                    "write it in a function with `#[dataflow]`, which `use dataflow::prelude::*` brings, or in `dataflow::dataflow! {{ … }}`; a flow that the macro cannot tell there, such as a struct's field, is marked: `flow!(shop.orders)`. Without the macro: `.process(|record, out| out.emit(…))`, `.aggregates()`";)*
            }
        };
    }
    words_without_macro! {
        map(A) "`map` is a word of `#[dataflow]`";
        flat_map(A) "`flat_map` is a word of `#[dataflow]`";
        filter_map(A) "`filter_map` is a word of `#[dataflow]`";
        try_map(A) "`try_map` is a word of `#[dataflow]`";
        try_flat_map(A) "`try_flat_map` is a word of `#[dataflow]`";
        try_filter_map(A) "`try_filter_map` is a word of `#[dataflow]`";
        map_with(A, C) "`map_with` is a word of `#[dataflow]`";
        flat_map_with(A, C) "`flat_map_with` is a word of `#[dataflow]`";
        filter_map_with(A, C) "`filter_map_with` is a word of `#[dataflow]`";
        try_map_with(A, C) "`try_map_with` is a word of `#[dataflow]`";
        try_flat_map_with(A, C) "`try_flat_map_with` is a word of `#[dataflow]`";
        try_filter_map_with(A, C) "`try_filter_map_with` is a word of `#[dataflow]`";
        aggregate(A) "`aggregate` is a word of `#[dataflow]`";
    }
}

/// Methods of flows of records, called on a flow of updates.
mod of_updates {
    use crate::flow::Updating;

    macro_rules! not_for_updates {
        ($($word:ident $arguments:tt)*) => {
            words! { @table_of MissingWords (T) (T, Updating) "not for updates":
                $($word $arguments "this is for records, and these are updates: each takes the place of the one before it of the same key"
                    "write `.updates()` before it where each update counts as a record of its own; a grouping of windows gives records, each once: `.group_by(..).window(..).aggregate(..)`";)*
            }
        };
    }
    not_for_updates! {
        process(A) try_process(A) process_with(A, C) try_process_with(A, C) filter(A) try_filter(A) filter_with(A, C) try_filter_with(A, C)
        map_partition(A) project(A) group_by(A) aggregates() reduce(A) reduce_group(A) try_reduce_group(A) combine_group(A) distinct() distinct_by(A)
        min_by(A) max_by(A) sort(A) sort_partition(A) top(A, C) first(A) union(A) join(A) left_join(A) right_join(A) full_join(A) semi_join(A) anti_join(A)
        co_group(A) cross(A) with(A) with_all(A) partition_by(A) partition_by_range(A) partition_with(A) rebalance() sample(A, C) sample_n(A, C)
        zip_with_index() zip_with_unique_id() persist() event_time(A, C) in_folders_by(A) show(A) expect_rows(A) expect_selectivity(A)
    }
}

/// Methods of iterators and of other libraries.
mod of_others {
    words! { MissingWords<T, M> "not a word of a flow":
        take(A) "a flow has no `take`" "write `.first(10)`, behind `.sort(..)` for the first of an order, or `.top(10, |record| desc(record.field))`";
        limit(A) "a flow has no `limit`" "write `.first(10)`, behind `.sort(..)` for the first of an order, or `.top(10, |record| desc(record.field))`";
        head(A) "a flow has no `head`" "write `.first(10)`, behind `.sort(..)` for the first of an order, or `.show(10)` to look at some";
        tail(A) "a flow has no `tail`" "records come in no order: write `.top(10, |record| desc(record.field))` for the last of one";
        last() "a flow has no `last`" "records come in no order: write `.max_by(|record| record.field)` or `.top(1, |record| desc(record.field))` for the last of one";
        rev() "a flow has no `rev`" "records come in no order: write `.sort(|record| desc(record.field))` for one";
        skip(A) "a flow has no `skip`" "number the records, and filter by the number: `.zip_with_index().filter(|pair| pair.0 >= 10).map(|pair| pair.1)`";
        offset(A) "a flow has no `offset`" "number the records, and filter by the number: `.zip_with_index().filter(|pair| pair.0 >= 10).map(|pair| pair.1)`";
        enumerate() "a flow has no `enumerate`" "write `.zip_with_index()`";
        row_number() "a flow has no `row_number`" "write `.zip_with_index()`, or number the records of a group in `.sorted_by(..).reduce_group(|group, out| …)`";
        zip(A) "a flow has no `zip`" "records come in no order: write `.join(other).on(|left| left.id, |right| right.id).map(|left, right| …)`";
        chain(A) "a flow has no `chain`" "write `.union(other)`";
        concat(A) "a flow has no `concat`" "write `.union(other)`";
        union_all(A) "a flow has no `union_all`" "write `.union(other)`, which keeps all records of both";
        inspect(A) "a flow has no `inspect`" "to look at records, write `.show(20)` or `.print()`; to count them, add to an accumulator, `env.counter(..)`, in a closure";
        for_each(A) "a flow has no `for_each`" "write `.map(|record| …)` for what each becomes, and `.records()?.for_each(|record| …)` for results";
        fold(A, C) "a flow has no `fold`" "write `.reduce(|left, right| …)`, or `.aggregate(|g| g.fold(0, |sum, record| *sum += record.field, |sum, other| *sum += other))`";
        scan(A, C) "a flow has no `scan`" "write `.map_with(|task| …, |state, record| …)` for a state of each task, or go over the sorted records of a group in `.reduce_group(|group, out| …)`";
        flatten() "a flow has no `flatten`" "write `.flat_map(|record| record.list)`";
        explode(A) "a flow has no `explode`" "write `.flat_map(|record| record.list)`";
        any(A) "a flow has no `any`" "write `.filter(|record| …).first(1)`, and count it: `.count()? > 0`";
        all(A) "a flow has no `all`" "write `.filter(|record| …)` for those that are not, and count them: `.count()? == 0`";
        find(A) "a flow has no `find`" "write `.filter(|record| …).first(1)`";
        partition(A) "a flow has no `partition`" "write two filters: a flow may be used twice";
        take_while(A) "a flow has no `take_while`" "records come in no order: write `.filter(|record| …)`";
        skip_while(A) "a flow has no `skip_while`" "records come in no order: write `.filter(|record| …)`";
        sum(A) "a flow has no `sum` of its own" "write `.aggregate(|g| g.sum(|record| record.field))` in `#[dataflow]`, or `.group_by(|record| …)` before it";
        min(A) "a flow has no `min` of its own" "write `.aggregate(|g| g.min(|record| record.field))` in `#[dataflow]`, or `.group_by(|record| …)` before it";
        max(A) "a flow has no `max` of its own" "write `.aggregate(|g| g.max(|record| record.field))` in `#[dataflow]`, or `.group_by(|record| …)` before it";
        mean(A) "a flow has no `mean`" "write `.aggregate(|g| g.avg(|record| record.field))`";
        median(A) "a flow has no `median` of its own" "write `.aggregate(|g| g.median(|record| record.field))`";
        min_by_key(A) "a flow has no `min_by_key`" "write `.min_by(|record| record.field)`";
        max_by_key(A) "a flow has no `max_by_key`" "write `.max_by(|record| record.field)`";
        agg(A) "a flow has no `agg`" "write `.aggregate(|g| (g.sum(|record| record.field), g.count()))`, behind `.group_by(|record| …)` for each group";
        unique() "a flow has no `unique`" "write `.distinct()`, or `.distinct_by(|record| record.field)`";
        unique_by(A) "a flow has no `unique_by`" "write `.distinct_by(|record| record.field)`";
        dedup() "a flow has no `dedup`" "write `.distinct()`, or `.distinct_by(|record| record.field)`";
        drop_duplicates() "a flow has no `drop_duplicates`" "write `.distinct()`, or `.distinct_by(|record| record.field)`";
        order_by(A) "a flow has no `order_by`" "write `.sort(|record| desc(record.field))`";
        sort_by(A) "a flow has no `sort_by`" "write `.sort(|record| desc(record.field))`";
        sort_by_key(A) "a flow has no `sort_by_key`" "write `.sort(|record| asc(record.field))`";
        sort_values(A) "a flow has no `sort_values`" "write `.sort(|record| desc(record.field))`";
        where_(A) "a flow has no `where_`" "write `.filter(|record| …)`";
        select(A) "a flow has no `select`" "write `.project(|record| (record.id, record.name))` for fields, or `.map(|record| …)` for what is computed";
        with_column(A) "a flow has no `with_column`" "write `.map(|record| …)`, which gives a record with the field";
        with_columns(A) "a flow has no `with_columns`" "write `.map(|record| …)`, which gives a record with the fields";
        rename(A) "a flow has no `rename`" "write `.map(|record| …)`, which gives a record with the other names";
        drop_nulls() "a flow has no `drop_nulls`" "write `.filter(|record| record.field.is_some())`, or `.filter_map(|record| …)` to have the value without its `Option`";
        fill_null(A) "a flow has no `fill_null`" "write `.map(|record| …)` with `record.field.unwrap_or(0)`";
        groupby(A) "a flow has no `groupby`" "write `.group_by(|record| record.field)`";
        key_by(A) "a flow has no `key_by`" "write `.group_by(|record| record.field)`";
        merge(A) "a flow has no `merge`" "write `.join(other).on(|left| left.id, |right| right.id).map(|left, right| …)`";
        inner_join(A) "a flow has no `inner_join`" "write `.join(other).on(|left| left.id, |right| right.id).map(|left, right| …)`";
        outer_join(A) "a flow has no `outer_join`" "write `.full_join(other).on(|left| left.id, |right| right.id).map(|left, right| …)`";
        cross_join(A) "a flow has no `cross_join`" "write `.cross(other).map(|left, right| …)`";
        intersect(A) "a flow has no `intersect`" "write `.semi_join(other).on(|left| left.id, |right| right.id)`";
        except(A) "a flow has no `except`" "write `.anti_join(other).on(|left| left.id, |right| right.id)`";
        len() "a flow has no `len`" "write `.count()?`";
        iter() "a flow has no `iter`" "write `.collect()?` for its records, or say what is done with each in `.map(|record| …)`";
        into_iter() "a flow has no `into_iter`" "write `.collect()?` for its records, or say what is done with each in `.map(|record| …)`";
        next() "a flow has no `next`" "write `.collect()?` for its records, or say what is done with each in `.map(|record| …)`";
        desc() "a flow has no `desc`" "write the direction in the order: `.sort(|record| desc(record.field))`";
        asc() "a flow has no `asc`" "write the direction in the order: `.sort(|record| asc(record.field))`";
        reverse() "a flow has no `reverse`" "write the direction in the order: `.sort(|record| desc(record.field))`";
        run() "a flow has no `run`" "write `.print()`, `.write_csv(..)` or the like, and then `env.run()?`";
        execute() "a flow has no `execute`" "write `.print()`, `.write_csv(..)` or the like, and then `env.run()?`";
        compute() "a flow has no `compute`" "write `.collect()?` for its records";
        fetch(A) "a flow has no `fetch`" "write `.first(10).collect()?` for some of its records";
        unwrap() "a flow has no `unwrap`" "write nothing here: this is a flow already; what reading it may say is behind the source, `env.read_csv(..)?`";
        repartition(A) "a flow has no `repartition`" "write `.rebalance()`, or `.partition_by(|record| record.field)`";
        exchange(A) "a flow has no `exchange`" "write `.partition_by(|record| record.field)`";
        subtract(A) "a flow has no `subtract`" "write `.anti_join(other).on(|left| left.id, |right| right.id)`";
        pivot(A) "a flow has no `pivot`" "write `.group_by(|record| record.field).aggregate(|g| …)` with one measure for each column, `g.sum(|record| if record.kind == 1 {{ record.price }} else {{ 0.0 }})`";
        as_iter() "a flow has no `as_iter`" "write `.records()?` for its records, one by one";
        to_vec() "a flow has no `to_vec`" "write `.collect()?` for its records";
        foreach(A) "a flow has no `foreach`" "write `.map(|record| …)` for what each becomes, and `.records()?.for_each(|record| …)` for results";
        filter_not(A) "a flow has no `filter_not`" "write `.filter(|record| !…)`";
        n_unique() "a flow has no `n_unique`" "write `.distinct().count()?`";
        describe() "a flow has no `describe`" "write `.aggregate(|g| (g.count(), g.avg(|record| record.field), g.stddev(|record| record.field)))`";
        display() "a flow has no `display`" "write `.show(20)` or `.print()`";
        write(A) "a flow has no `write`" "write `.write_csv(\"out.csv\")`, `.write_parquet(..)` or the like";
        sink(A) "a flow has no `sink`" "write `.write_csv(\"out.csv\")`, `.write_parquet(..)` or the like";
        add_sink(A) "a flow has no `add_sink`" "write `.write_csv(\"out.csv\")`, `.write_parquet(..)` or the like";
        to_csv(A) "a flow has no `to_csv`" "write `.write_csv(\"out.csv\")`";
        sink_csv(A) "a flow has no `sink_csv`" "write `.write_csv(\"out.csv\")`";
        to_parquet(A) "a flow has no `to_parquet`" "write `.write_parquet(\"out.parquet\")`";
        sink_parquet(A) "a flow has no `sink_parquet`" "write `.write_parquet(\"out.parquet\")`";
    }
}

mod of_groups {
    words! { MissingGroupWords<T, K, M> "`#[dataflow]` did not see this":
        aggregate(A) "`aggregate` is a word of `#[dataflow]`" "write it in a function with `#[dataflow]`, which `use dataflow::prelude::*` brings, or in `dataflow::dataflow! {{ … }}`; without the macro: `.aggregates().count().finish(|key, counted, out| out.emit(…))`";
    }
    words! { MissingGroupWords<T, K, M> "not a word of groups":
        agg(A) "groups have no `agg`" "write `.aggregate(|g| (g.key, g.sum(|record| record.field), g.count()))`";
        mean(A) "groups have no `mean`" "write `.avg(|record| record.field)`";
        median(A) "groups have no `median` of their own" "write `.aggregate(|g| (g.key, g.median(|record| record.field)))`";
        n_unique(A) "groups have no `n_unique`" "write `.aggregate(|g| (g.key, g.count_distinct(|record| record.field)))`";
        size() "groups have no `size`" "write `.count()`";
        len() "groups have no `len`" "write `.count()`";
        head(A) "groups have no `head`" "write `.first(10)`, behind `.sorted_by(..)` for the first of an order";
        take(A) "groups have no `take`" "write `.first(10)`, behind `.sorted_by(..)` for the first of an order";
        order_by(A) "groups have no `order_by`" "write `.sorted_by(|record| desc(record.field))` for the order within each group";
        having(A) "groups have no `having`" "write `.filter(|group| …)` behind `.aggregate(|g| …)`";
        apply(A) "groups have no `apply`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group";
        std(A) "groups have no `std`" "write `.aggregate(|g| (g.key, g.stddev(|record| record.field)))`";
        stddev(A) "groups have no `stddev` of their own" "write `.aggregate(|g| (g.key, g.stddev(|record| record.field)))`";
        var(A) "groups have no `var`" "write `.aggregate(|g| (g.key, g.variance(|record| record.field)))`";
        variance(A) "groups have no `variance` of their own" "write `.aggregate(|g| (g.key, g.variance(|record| record.field)))`";
        quantile(A) "groups have no `quantile`" "write `.aggregate(|g| (g.key, g.percentile(0.95, |record| record.field)))`";
        percentile(A, C) "groups have no `percentile` of their own" "write `.aggregate(|g| (g.key, g.percentile(0.95, |record| record.field)))`";
        nunique() "groups have no `nunique`" "write `.aggregate(|g| (g.key, g.count_distinct(|record| record.field)))`";
        count_distinct(A) "groups have no `count_distinct` of their own" "write `.aggregate(|g| (g.key, g.count_distinct(|record| record.field)))`";
        count_if(A) "groups have no `count_if` of their own" "write `.aggregate(|g| (g.key, g.count_if(|record| record.is_paid)))`";
        fold(A, C) "groups have no `fold`" "write `.aggregate(|g| (g.key, g.fold(0, |sum, record| *sum += record.field, |sum, other| *sum += other)))`, or go over the records of each group in `.reduce_group(|group, out| …)`";
        scan(A, C) "groups have no `scan`" "write `.sorted_by(|record| record.field).reduce_group(|group, out| …)`, which goes over the records of each group";
        map(A) "groups have no `map`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group, or `.aggregate(|g| …)` for its measures";
        flat_map(A) "groups have no `flat_map`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group, or `.aggregate(|g| …)` for its measures";
        filter_map(A) "groups have no `filter_map`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group, or `.aggregate(|g| …)` for its measures";
        for_each(A) "groups have no `for_each`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group, or `.aggregate(|g| …)` for its measures";
        transform(A) "groups have no `transform`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group, or `.aggregate(|g| …)` for its measures";
        map_groups(A) "groups have no `map_groups`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group, or `.aggregate(|g| …)` for its measures";
        filter(A) "groups have no `filter`" "write `.filter(|record| …)` before `.group_by(..)` for records, or behind `.aggregate(|g| …)` for groups";
        limit(A) "groups have no `limit`" "write `.first(10)`, behind `.sorted_by(..)` for the first of an order";
        nth(A) "groups have no `nth`" "write `.first(10)`, behind `.sorted_by(..)` for the first of an order";
        iter() "groups have no `iter`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group";
        into_iter() "groups have no `into_iter`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group";
        next() "groups have no `next`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group";
        collect() "groups have no `collect`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group";
        collect_list() "groups have no `collect_list`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group";
        records() "groups have no `records`" "write `.reduce_group(|group, out| …)`, which goes over the records of each group";
        sort(A) "groups have no `sort`" "write `.sorted_by(|record| desc(record.field))` for the order within each group";
        sort_by(A) "groups have no `sort_by`" "write `.sorted_by(|record| desc(record.field))` for the order within each group";
    }
}

mod of_joins {
    words! { MissingJoinWords<L, R, M, K> "not a word of a join":
        where_(A) "a join has no `where_`" "write `.on(|left| left.id, |right| right.id)` for the keys, and `.filter(|left, right| …)` behind it for more";
        equal_to(A) "a join has no `equal_to`" "write `.on(|left| left.id, |right| right.id)`";
        using(A) "a join has no `using`" "write `.on(|left| left.id, |right| right.id)`";
        select(A) "a join has no `select`" "write `.on(|left| left.id, |right| right.id).map(|left, right| …)`";
    }
}

mod of_emitters {
    words_alike! { MissingEmitterWords (U) "not a word of what takes records"
        "records are given by `emit`"
        "write `out.emit(record)`, once for each record":
        push(A) collect(A) send(A) give(A) add(A) insert(A) write(A) extend(A)
    }
}

mod of_records {
    words_alike! { MissingRecordWords (T) "not a word of a group's records"
        "the records of a group are lent one at a time, and are no iterator"
        "write `for record in group {{ … }}`; `group.owned()` is a `Vec` of copies, and `group.len()` their number":
        map(A) filter(A) flat_map(A) filter_map(A) for_each(A) fold(A, C) enumerate() collect() into_iter() iter() sum()
        count() min() max() take(A) skip(A) zip(A) any(A) all(A) min_by_key(A) max_by_key(A) last() peekable()
    }
}
