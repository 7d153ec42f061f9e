//! The optimizer's rules: the plan with each rule, and equal results without it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod branches;
mod counting;
mod counting_in_shared_values;
mod joins;
mod own_types;
mod pipelines;
mod runtime_filters;

use dataflow::prelude::*;
use dataflow::{Options, ProgressWhen, Rule};
use expect_test::expect_file;
use proptest::prelude::*;
use tests::{Input, Keys, Sale, embedded, on_each_parallelism, same_records, small_inputs};

use pipelines::{
    below_a_grouping, below_a_map, below_an_outer_join, below_two_maps, beside_a_value, changed_in_place, exchanged,
    guarded, out_of_the_closure, shared, through_a_union, to_both_sides_of_a_semi_join, to_the_sides_of_a_join,
    what_counts_records,
};

fn without(rules: &[Rule]) -> Env {
    let options = Options {
        parallelism: 2,
        explain_fields: true,
        progress: ProgressWhen::Never,
        without: rules.to_vec(),
        ..Options::default()
    };
    Env::new(Options { memory_bytes: 2 << 30, ..options })
}

/// Runs a pipeline with all rules, without each rule, without any, and as written. The embedded
/// engine uses no rules.
fn same_with_and_without<T: Record + Ord + std::fmt::Debug>(
    pipeline: impl Fn(&Env) -> DataSet<T>,
    as_written: impl Fn(&Env) -> DataSet<T>,
) {
    let expected = || as_written(&embedded()).collect().unwrap();
    same_records("embedded", pipeline(&embedded()).collect().unwrap(), expected());
    on_each_parallelism(|engine, env| {
        same_records(engine, pipeline(env).collect().unwrap(), expected());
        same_records(&format!("{engine}, as written"), as_written(env).collect().unwrap(), expected());
    });
    for rule in Rule::ALL {
        let name = format!("without {}", rule.name());
        same_records(&name, pipeline(&without(&[rule])).collect().unwrap(), expected());
    }
    same_records("without rules", pipeline(&without(&Rule::ALL)).collect().unwrap(), expected());
}

macro_rules! same_with_and_without_rules {
    ($(fn $test:ident: $pipeline:ident;)*) => {$(
        proptest! {
            #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]
            #[test]
            fn $test(input in small_inputs(), least in 0..300u64) {
                let sales = |env: &Env| env.collection(input.sales()).unwrap();
                same_with_and_without(|env| $pipeline(sales(env), least), |env| $pipeline::$pipeline(sales(env), least));
            }
        }
    )*};
    (two $(fn $test:ident: $pipeline:ident;)*) => {$(
        proptest! {
            #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]
            #[test]
            fn $test(input in small_inputs(), others in 1..300usize, least in 0..300u64) {
                let sales = |env: &Env| env.collection(input.sales()).unwrap();
                let others = |env: &Env| env.collection(input.other(others).sales()).unwrap();
                same_with_and_without(
                    |env| $pipeline(sales(env), others(env), least),
                    |env| $pipeline::$pipeline(sales(env), others(env), least),
                );
            }
        }
    )*};
}
same_with_and_without_rules! {
    fn filters_below_a_map_keep_results: below_a_map;
    fn filters_through_a_union_keep_results: through_a_union;
    fn filters_below_a_grouping_keep_results: below_a_grouping;
    fn filters_after_numbering_keep_results: what_counts_records;
    fn guarded_filters_keep_results: guarded;
    fn filters_below_one_of_two_maps_keep_results: below_two_maps;
    fn changed_parameters_do_not_count_as_copied: changed_in_place;
    fn exchanged_fields_do_not_count_as_copied: exchanged;
    fn filters_of_shared_flows_keep_results: shared;
}
same_with_and_without_rules! { two
    fn filters_on_sides_of_a_join_keep_results: to_the_sides_of_a_join;
    fn conditions_of_a_join_closure_keep_results: out_of_the_closure;
    fn filters_below_an_outer_join_keep_results: below_an_outer_join;
    fn filters_on_both_sides_of_a_semi_join_keep_results: to_both_sides_of_a_semi_join;
    fn filters_with_a_value_keep_results: beside_a_value;
}

/// The plan without the column of places, which change with the program.
fn plan<T: Record>(env: &Env, pipeline: DataSet<T>) -> String {
    pipeline.print();
    let text = env.explain().unwrap();
    text.lines().map(|line| without_place(line) + "\n").collect()
}

fn without_place(line: &str) -> String {
    match line.split_once("  tests/") {
        Some((facts, place)) => {
            format!("{facts}  {}", place.split_once(' ').map_or("", |(_, fields)| fields.trim_start()))
                .trim_end()
                .to_owned()
        }
        None => line.to_owned(),
    }
}

type Plan = fn(&Env, DataSet<Sale>, DataSet<Sale>) -> String;

#[test]
fn plans_are_as_recorded() {
    let plans: [(&str, Rule, Plan); 13] = [
        ("below_a_map", Rule::Filters, |env, sales, _| plan(env, below_a_map(sales, 7))),
        ("through_a_union", Rule::Filters, |env, sales, _| plan(env, through_a_union(sales, 7))),
        ("to_the_sides_of_a_join", Rule::Filters, |env, sales, others| {
            plan(env, to_the_sides_of_a_join(sales, others, 7))
        }),
        ("out_of_the_closure", Rule::Filters, |env, sales, others| plan(env, out_of_the_closure(sales, others, 7))),
        ("below_an_outer_join", Rule::Filters, |env, sales, others| plan(env, below_an_outer_join(sales, others, 7))),
        ("below_a_grouping", Rule::Filters, |env, sales, _| plan(env, below_a_grouping(sales, 7))),
        ("to_both_sides_of_a_semi_join", Rule::Filters, |env, sales, others| {
            plan(env, to_both_sides_of_a_semi_join(sales, others, 7))
        }),
        ("what_counts_records", Rule::Filters, |env, sales, _| plan(env, what_counts_records(sales, 7))),
        ("beside_a_value", Rule::Filters, |env, sales, others| plan(env, beside_a_value(sales, others, 7))),
        ("guarded", Rule::Filters, |env, sales, _| plan(env, guarded(sales, 7))),
        ("shared", Rule::Filters, |env, sales, _| plan(env, shared(sales, 7))),
        ("combined", Rule::Combiners, |env, sales, _| plan(env, below_a_grouping(sales, 7))),
        ("read", Rule::Fields, |env, sales, others| plan(env, out_of_the_closure(sales, others, 7))),
    ];
    for (name, rule, plan) in plans {
        let of = |env: Env| {
            let of_rows = |rows| env.collection(Input { rows, keys: Keys::Uniform(50), seed: 5 }.sales()).unwrap();
            // Combiners are used only for many rows per group.
            plan(&env, of_rows(if rule == Rule::Combiners { 20_000 } else { 1_000 }), of_rows(200))
        };
        let text = format!("{}\nwithout {}\n{}", of(without(&[])), rule.name(), of(without(&[rule])));
        expect_file![format!("plans/{name}.txt")].assert_eq(&text);
    }
}
