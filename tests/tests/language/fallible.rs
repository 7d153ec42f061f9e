//! Closures that may fail: the error ends the job.

use std::num::ParseIntError;

use dataflow::prelude::*;
use tests::{everywhere, on_each_engine};

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
    lines.try_flat_map(|line| line.split(',').map(str::parse::<u64>).collect::<std::result::Result<Vec<_>, _>>())
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
fn what_is_ok_goes_on() {
    everywhere(vec![1, 2], |env| numbers(env.collection(["2", "1"])?).collect());
    everywhere(vec![3, 7], |env| sums(env.collection(["1+2", "3+4"])?).collect());
    everywhere(vec!["7".to_owned()], |env| small(env.collection(["12", "7"])?).collect());
    everywhere(vec![1, 2, 3], |env| listed(env.collection(["2,1", "3"])?).collect());
    everywhere(vec![12], |env| in_the_middle(env.collection([" 12", "0", "123"])?).collect());
}

#[test]
fn an_error_names_the_operator_its_place_and_the_record() {
    on_each_engine(|engine, env| {
        let lines = env.collection(["1", "one"]).unwrap();
        let message = |flow: DataSet<u64>| flow.collect().unwrap_err().to_string();
        let found = message(numbers(lines.clone()));
        for part in ["`try_map`", "fallible.rs:10", "invalid digit", "\"one\""] {
            assert!(found.contains(part), "{engine}: no {part} in: {found}");
        }
        let found = message(sums(lines));
        assert!(found.contains("no `+`"), "{engine}: {found}");
    });
}

#[dataflow]
fn per_head(budgets: DataSet<(String, i64)>, teams: DataSet<(String, i64)>) -> DataSet<i64> {
    budgets.left_join(teams).on(|b| b.0, |t| t.0).try_map(|b, t| {
        let team = t.ok_or("no such team")?;
        b.1.checked_div(team.1).ok_or("an empty team")
    })
}

#[test]
fn an_error_over_a_pair_shows_both_records() {
    on_each_engine(|engine, env| {
        let budgets = env.collection([("red".to_owned(), 7i64), ("blue".to_owned(), 9)]).unwrap();
        let teams = env.collection([("red".to_owned(), 0i64), ("blue".to_owned(), 3)]).unwrap();
        let error = per_head(budgets.clone(), teams).collect().unwrap_err().to_string();
        assert!(
            error.contains("an empty team") && error.contains("(\"red\", 7) and (\"red\", 0)"),
            "{engine}: {error}"
        );
        let error = per_head(budgets.filter(|b| b.1 > 8), env.collection::<(String, i64)>([]).unwrap())
            .collect()
            .unwrap_err()
            .to_string();
        assert!(error.contains("no such team") && error.contains("(\"blue\", 9) and None"), "{engine}: {error}");
    });
}
