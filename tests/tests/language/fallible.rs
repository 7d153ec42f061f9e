//! Closures that may fail: the error ends the job.

use std::num::ParseIntError;

use dataflow::Result;
use dataflow::prelude::*;

use crate::support::{on_each_engine, sorted};

#[dataflow]
fn numbers(lines: DataSet<String>) -> DataSet<u64> {
    lines.try_map(|line| line.parse::<u64>())
}

#[dataflow]
fn sums(lines: DataSet<String>) -> DataSet<u64> {
    lines.try_map(|line| {
        let (left, right) = line.split_once('+').ok_or("no `+`")?;
        Ok(left.parse::<u64>()? + right.parse::<u64>()?)
    })
}

#[dataflow]
fn small(lines: DataSet<String>) -> DataSet<String> {
    lines.try_filter(|line| Ok::<_, ParseIntError>(line.parse::<u64>()? < 10))
}

#[dataflow]
fn listed(lines: DataSet<String>) -> DataSet<u64> {
    lines.try_flat_map(|line| {
        line.split(',')
            .map(str::parse::<u64>)
            .collect::<std::result::Result<Vec<_>, _>>()
    })
}

#[dataflow]
fn in_the_middle(lines: DataSet<String>) -> DataSet<u64> {
    lines
        .map(|line| line.trim())
        .try_filter(|line| match line.len() {
            0 => Err("an empty line"),
            length => Ok(length < 3),
        })
        .try_map(|line| line.parse::<u64>())
        .filter(|n| n != 0)
}

#[test]
fn what_is_ok_goes_on() -> Result<()> {
    on_each_engine(|env| {
        assert_eq!(sorted(&numbers(env.collection(["2", "1"])?))?, [1, 2]);
        assert_eq!(sorted(&sums(env.collection(["1+2", "3+4"])?))?, [3, 7]);
        assert_eq!(sorted(&small(env.collection(["12", "7"])?))?, ["7"]);
        assert_eq!(sorted(&listed(env.collection(["2,1", "3"])?))?, [1, 2, 3]);
        assert_eq!(sorted(&in_the_middle(env.collection([" 12", "0", "123"])?))?, [12]);
        Ok(())
    })
}

#[test]
fn an_error_names_the_operator_its_place_and_the_record() -> Result<()> {
    on_each_engine(|env| {
        let message = |flow: DataSet<u64>| match flow.collect() {
            Ok(records) => format!("{records:?}"),
            Err(error) => error.to_string(),
        };
        let lines = env.collection(["1", "one"])?;
        let found = message(numbers(lines.clone()));
        for part in ["`try_map`", "fallible.rs:12", "invalid digit", "\"one\""] {
            assert!(found.contains(part), "no {part} in: {found}");
        }
        assert!(message(sums(lines)).contains("no `+`"));
        Ok(())
    })
}
