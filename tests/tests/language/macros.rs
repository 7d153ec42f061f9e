//! Pipelines inside of the program's own macros.

use dataflow::prelude::*;
use tests::same_on_all_engines;

macro_rules! pipeline {
    ($name:ident, $change:expr, $most:expr) => {
        #[dataflow]
        fn $name(numbers: DataSet<u64>, out: u64) -> DataSet<u64> {
            numbers.filter(|value| value < $most * 2).map(|value| $change(value) + out).flat_map(|out| [out, out])
        }
    };
}
pipeline!(doubled, |n: u64| n * 2, 2 + 3);

macro_rules! mapped {
    ($flow:ident, $closure:expr) => {
        dataflow::dataflow! { $flow.map($closure) }
    };
}

#[test]
fn expressions_passed_by_a_macro_keep_their_meaning() {
    same_on_all_engines(vec![7, 7, 19, 19], |env| doubled(env.collection([3u64, 9, 10])?, 1).collect());
    same_on_all_engines(vec![2, 3], |env| {
        let numbers = env.collection([1u64, 2])?;
        mapped!(numbers, |n| n + 1).collect()
    });
}
