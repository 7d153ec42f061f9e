//! Words that a flow does not have: what to write instead.
//!
//! Some are words of `#[dataflow]` where the macro did not see them, some are what iterators and other libraries call an operator. Each has a bound that
//! nothing meets, and so a sentence of its own at the word. A flow dereferences to [`MissingWords`], so that the compiler comes here last: a word that a trait of
//! the program gives to flows is found before.

use std::marker::PhantomData;
use std::ops::Deref;

use super::{Flow, Grouped, Join};

/// The words that a flow of `T` does not have.
#[doc(hidden)]
pub struct MissingWords<T, M>(PhantomData<(T, M)>);

#[doc(hidden)]
impl<T, M> Deref for Flow<T, M> {
    type Target = MissingWords<T, M>;

    fn deref(&self) -> &MissingWords<T, M> {
        &MissingWords(PhantomData)
    }
}

/// The words that groups of `T` do not have.
#[doc(hidden)]
pub struct MissingGroupWords<T, K, M>(PhantomData<(T, K, M)>);

#[doc(hidden)]
impl<T, K, M> Deref for Grouped<T, K, M> {
    type Target = MissingGroupWords<T, K, M>;

    fn deref(&self) -> &MissingGroupWords<T, K, M> {
        &MissingGroupWords(PhantomData)
    }
}

/// The words that a join without keys does not have.
#[doc(hidden)]
pub struct MissingJoinWords<L, R, M, K>(PhantomData<(L, R, M, K)>);

#[doc(hidden)]
impl<L, R, M, K> Deref for Join<L, R, M, K> {
    type Target = MissingJoinWords<L, R, M, K>;

    fn deref(&self) -> &MissingJoinWords<L, R, M, K> {
        &MissingJoinWords(PhantomData)
    }
}

/// The word with so many arguments, and what is said of it: `take(A) "a flow has no `take`" "write `.first(10)`";`
macro_rules! words {
    ($owner:ident<$($of:ident),*> $label:literal: $($word:ident($($argument:ident),*) $message:literal $note:literal;)*) => {
        $(
            /// Implemented by nothing.
            #[allow(non_camel_case_types)]
            #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
            pub trait $word {
                /// Of any type, so that the compiler has nothing to say of what stands behind the word.
                fn behind<B>() -> B;
            }
        )*

        words! { @methods $owner ($($of),*) $($word($($argument),*))* }
    };
    (@methods $owner:ident $of:tt $($word:ident $arguments:tt)*) => {
        $( words! { @method $owner $of $word $arguments } )*
    };
    (@method $owner:ident ($($of:ident),*) $word:ident ($($argument:ident),*)) => {
        impl<$($of),*> super::$owner<$($of),*> {
            #[allow(missing_docs)]
            #[allow(clippy::wrong_self_convention, clippy::should_implement_trait, reason = "others' words")]
            #[must_use]
            pub fn $word<$($argument,)* B>(&self, $(_: $argument),*) -> B
            where
                Self: $word,
            {
                <Self as $word>::behind()
            }
        }
    };
}

/// Words of the macro, on a flow that it did not see.
mod of_the_macro {
    macro_rules! words_without_macro {
        ($($word:ident($($argument:ident),*) $message:literal;)*) => {
            words! { MissingWords<T, M> "`#[dataflow]` did not see this":
                $($word($($argument),*) $message
                    "write it in a function with `#[dataflow]`, or in `dataflow! {{ … }}`; a flow that the macro cannot tell there, such as a struct's field, is marked: `flow!(shop.orders)`. Without the macro: `.process(|record, out| out.emit(…))`, `.aggregates()`";)*
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

/// Words of iterators and of other libraries.
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
        to_csv(A) "a flow has no `to_csv`" "write `.write_csv(\"out.csv\")`";
        sink_csv(A) "a flow has no `sink_csv`" "write `.write_csv(\"out.csv\")`";
        to_parquet(A) "a flow has no `to_parquet`" "write `.write_parquet(\"out.parquet\")`";
        sink_parquet(A) "a flow has no `sink_parquet`" "write `.write_parquet(\"out.parquet\")`";
    }
}

/// Words on groups.
mod of_groups {
    words! { MissingGroupWords<T, K, M> "`#[dataflow]` did not see this":
        aggregate(A) "`aggregate` is a word of `#[dataflow]`" "write it in a function with `#[dataflow]`, or in `dataflow! {{ … }}`; without the macro: `.aggregates().count().finish(|key, counted, out| out.emit(…))`";
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
    }
}

/// Words on joins that have no keys yet.
mod of_joins {
    words! { MissingJoinWords<L, R, M, K> "not a word of a join":
        where_(A) "a join has no `where_`" "write `.on(|left| left.id, |right| right.id)` for the keys, and `.filter(|left, right| …)` behind it for more";
        equal_to(A) "a join has no `equal_to`" "write `.on(|left| left.id, |right| right.id)`";
        using(A) "a join has no `using`" "write `.on(|left| left.id, |right| right.id)`";
        select(A) "a join has no `select`" "write `.on(|left| left.id, |right| right.id).map(|left, right| …)`";
    }
}
