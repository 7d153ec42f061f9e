//! Hygiene: a closure means the same in a pipeline as on its own, whatever the closures before it
//! contain.

#![allow(
    non_upper_case_globals,
    non_snake_case,
    unused_variables,
    unreachable_pub,
    clippy::items_after_statements,
    clippy::match_single_binding,
    reason = "names that hide others"
)]

use dataflow::prelude::*;
use tests::same_on_all_engines;

const FACTOR: u64 = 10;

fn changed(n: u64) -> u64 {
    n + 100
}

struct Amount;

impl Amount {
    const OF: u64 = 7;
}

trait Halved {
    fn part(&self) -> u64;
}

impl Halved for u64 {
    fn part(&self) -> u64 {
        self / 2
    }
}

mod others {
    pub const FACTOR: u64 = 2;

    pub fn changed(n: u64) -> u64 {
        n + 1
    }
}

macro_rules! of_program {
    ($n:expr) => {
        $n * FACTOR
    };
}

/// Binds the name that it is given.
macro_rules! bind {
    ($name:ident, $value:expr) => {
        let $name = $value;
    };
}

macro_rules! define {
    ($name:ident, $value:expr) => {
        const $name: u64 = $value;
    };
}

macro_rules! any {
    ($name:ident) => {
        $name
    };
}

/// A pipeline over the numbers 1, 2 and 3, with its expected result for each way to run it.
macro_rules! means {
    ($($(#[$doc:meta])* $name:ident($numbers:ident $(, $capture:ident)*) $body:block => $expected:expr;)*) => {$(
        #[test]
        fn $name() {
            $(#[$doc])*
            #[dataflow]
            fn moved($numbers: DataSet<u64> $(, $capture: u64)*) -> DataSet<u64> $body

            #[dataflow(as_written)]
            fn as_written($numbers: DataSet<u64> $(, $capture: u64)*) -> DataSet<u64> $body

            same_on_all_engines($expected.to_vec(), |env| moved(env.collection([1u64, 2, 3])? $(, captured(stringify!($capture)))*).collect());
            same_on_all_engines($expected.to_vec(), |env| as_written(env.collection([1u64, 2, 3])? $(, captured(stringify!($capture)))*).collect());
        }
    )*};
}

/// A captured value: 20, under any name.
fn captured(_: &str) -> u64 {
    20
}

means! {
    a_constant_ends_with_its_closure(numbers) {
        numbers.map(|n| { const FACTOR: u64 = 2; n * FACTOR }).map(|n| n * FACTOR)
    } => [20, 40, 60];

    a_constant_that_hides_a_captured_value(numbers, factor) {
        numbers.map(|n| { const factor: u64 = 2; n * factor }).map(|n| n * factor)
    } => [40, 80, 120];

    a_function_ends_with_its_closure(numbers) {
        numbers.map(|n| { fn changed(n: u64) -> u64 { n * 2 } changed(n) }).map(|n| changed(n))
    } => [102, 104, 106];

    an_import_ends_with_its_closure(numbers) {
        numbers.map(|n| { use others::changed; changed(n) }).map(|n| changed(n))
    } => [102, 103, 104];

    an_import_of_all_ends_with_its_closure(numbers) {
        numbers.map(|n| { use others::*; n * FACTOR }).map(|n| n * FACTOR)
    } => [20, 40, 60];

    a_type_ends_with_its_closure(numbers) {
        numbers.map(|n| { struct Amount; impl Amount { const OF: u64 = 1; } n * Amount::OF }).map(|n| n * Amount::OF)
    } => [7, 14, 21];

    a_trait_ends_with_its_closure(numbers) {
        numbers
            .map(|n| {
                trait Doubled { fn part(self) -> u64; }
                impl Doubled for u64 { fn part(self) -> u64 { self * 2 } }
                Doubled::part(n)
            })
            .map(|n| n.part())
    } => [1, 2, 3];

    a_macro_ends_with_its_closure(numbers) {
        numbers.map(|n| { macro_rules! of_program { ($n:expr) => { $n * 3 }; } of_program!(n) }).map(|n| of_program!(n))
    } => [30, 60, 90];

    an_item_of_an_inner_block_ends_with_it(numbers) {
        numbers.map(|n| if n > 1 { const FACTOR: u64 = 2; n * FACTOR } else { n }).map(|n| n * FACTOR)
    } => [10, 40, 60];

    an_item_in_an_arm_ends_with_it(numbers) {
        numbers.flat_map(|n| match n { 1 => { const FACTOR: u64 = 2; [n * FACTOR, 0] } _ => [n, 0] }).map(|n| n * FACTOR).filter(|n| n > 0)
    } => [20, 20, 30];

    an_item_before_two_closures(numbers) {
        numbers.map(|n| { const FACTOR: u64 = 2; n * FACTOR }).map(|n| n + 1).filter(|n| n < FACTOR)
    } => [3, 5, 7];

    an_item_in_a_predicate_ends_with_it(numbers) {
        numbers.map(|n| n).filter(|n| { const FACTOR: u64 = 2; n >= FACTOR }).map(|n| n * FACTOR)
    } => [20, 30];

    an_item_in_a_predicate_of_pairs_ends_with_it(numbers) {
        numbers.join(numbers).on(|l| l, |r| r).filter(|l, _| { const FACTOR: u64 = 2; l >= FACTOR }).map(|l, _| l * FACTOR)
    } => [20, 30];

    a_constant_before_the_function_that_uses_it(numbers) {
        numbers.map(|n| { let n = twice(n); fn twice(n: u64) -> u64 { n * FACTOR } const FACTOR: u64 = 2; n }).map(|n| n * FACTOR)
    } => [20, 40, 60];

    a_name_that_a_macro_binds_ends_with_its_closure(numbers, factor) {
        numbers.map(|n| { bind!(factor, 2); n * factor }).map(|n| n * factor)
    } => [40, 80, 120];

    a_name_that_a_macro_binds_in_braces(numbers, factor) {
        numbers.map(|n| { bind! { factor, 2 } n * factor }).map(|n| n * factor)
    } => [40, 80, 120];

    a_constant_that_a_macro_writes_ends_with_its_closure(numbers) {
        numbers.map(|n| { define!(FACTOR, 2); n * FACTOR }).map(|n| n * FACTOR)
    } => [20, 40, 60];

    a_pattern_that_a_macro_writes(numbers, factor) {
        numbers.map(|n| { let any!(factor) = n * 2; factor }).map(|n| n * factor)
    } => [40, 80, 120];

    a_name_like_a_constant(numbers, FACTORS) {
        numbers.map(|n| match n { FACTORS => FACTORS * 2 }).map(|n| n * FACTORS)
    } => [40, 80, 120];

    /// The filter tests the second value, although it looks like the first.
    a_filter_after_a_name_that_a_macro_binds(numbers) {
        numbers.map(|n| { bind!(n, 4 - n); (n, n) }).filter(|p| p.0 > 2).map(|p| p.0)
    } => [3];

    a_filter_after_a_constant_that_hides_the_record(numbers) {
        numbers.map(|n| { const n: u64 = 4; (n, 1u64) }).filter(|p| p.0 > 3).map(|p| p.1)
    } => [1, 1, 1];

    a_filter_of_an_item(numbers) {
        numbers.map(|n| (n, n)).filter(|(a, b)| { fn is_more(a: u64) -> bool { a > 1 } is_more(a) && b > 0 }).map(|p| p.1)
    } => [2, 3];

    macros_that_are_values_share_a_scope(numbers, factor) {
        numbers.map(|n| format!("{}", n * factor)).filter(|text| matches!(text.len(), 2)).map(|text| text.len() as u64 * factor)
    } => [40, 40, 40];
}

mod records_named_like_parameters_of_generated_code {
    use dataflow::prelude::*;

    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct T {
        x: u64,
    }

    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    enum Yes {
        First,
        Second,
    }

    #[derive(Record, Clone, Debug, PartialEq)]
    struct Root {
        text: String,
    }

    #[derive(Record, Clone, Debug, PartialEq)]
    struct Tree {
        root: Root,
        t: T,
        yes: Yes,
    }

    #[dataflow]
    fn counted(trees: DataSet<Tree>) -> DataSet<((String, u64, Yes), u64)> {
        trees.group_by(|tree| (tree.root.text, tree.t.x, tree.yes)).count()
    }

    #[test]
    fn are_keys() -> dataflow::Result<()> {
        let tree = |x, yes| Tree { root: Root { text: "oak".into() }, t: T { x }, yes };
        let trees = [tree(1, Yes::First), tree(1, Yes::First), tree(1, Yes::Second), tree(2, Yes::First)];
        let mut counts: Vec<u64> =
            counted(tests::local(2).collection(trees)?).collect()?.into_iter().map(|(_, count)| count).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 1, 2]);
        Ok(())
    }
}
