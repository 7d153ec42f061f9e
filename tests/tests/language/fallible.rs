//! Closures that may fail: the error ends the job.

use std::num::ParseIntError;

use dataflow::prelude::*;
use tests::{on_each_engine, same_on_all_engines};

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

#[dataflow]
fn some(lines: DataSet<String>) -> DataSet<u64> {
    lines.try_filter_map(|line| {
        if line.is_empty() {
            return Ok(None);
        }
        let (first, _) = line.split_once(' ').ok_or("one word")?;
        Ok(Some(first.parse::<u64>()?))
    })
}

#[dataflow]
fn quotients(left: DataSet<(u64, u64)>, right: DataSet<(u64, u64)>) -> DataSet<u64> {
    left.join(right).on(|l| l.0, |r| r.0).try_filter_map(|l, r| match r.1 {
        0 if l.1 == 0 => Err("zero by zero"),
        0 => Ok(None),
        by => Ok(Some(l.1 / by)),
    })
}

/// The set-up may be written in every form that a closure may have.
#[dataflow]
fn with_prefix(lines: DataSet<String>, prefix: String) -> DataSet<String> {
    lines
        .try_map_with(
            |task| -> Result<(String, usize), std::num::ParseIntError> {
                let length = prefix.parse()?;
                Ok((prefix.repeat(length), task.tasks))
            },
            |(prefix, tasks), line| {
                if *tasks == 0 {
                    Err("no tasks")?;
                }
                Ok(format!("{prefix}{line}"))
            },
        )
        .map(|line| line.to_uppercase())
}

#[test]
fn states_and_options_may_fail() {
    same_on_all_engines(vec![1, 3], |env| some(env.collection(["1 a", "", "3 b"])?).collect());
    same_on_all_engines(vec![2], |env| {
        quotients(env.collection([(1u64, 4u64), (2, 1)])?, env.collection([(1u64, 2u64), (2, 0)])?).collect()
    });
    same_on_all_engines(vec!["22A".to_owned()], |env| with_prefix(env.collection(["a"])?, "2".to_owned()).collect());
    on_each_engine(|engine, env| {
        let error = with_prefix(env.collection(["a"]).unwrap(), "x".to_owned()).collect().unwrap_err().to_string();
        assert!(error.starts_with("`try_map_with` (try_map_with → map) at "), "{engine}: {error}");
        let error = some(env.collection(["1"]).unwrap()).collect().unwrap_err().to_string();
        assert!(error.contains("one word, in the record \"1\""), "{engine}: {error}");
    });
}

#[test]
fn ok_values_are_passed_on() {
    same_on_all_engines(vec![1, 2], |env| numbers(env.collection(["2", "1"])?).collect());
    same_on_all_engines(vec![3, 7], |env| sums(env.collection(["1+2", "3+4"])?).collect());
    same_on_all_engines(vec!["7".to_owned()], |env| small(env.collection(["12", "7"])?).collect());
    same_on_all_engines(vec![1, 2, 3], |env| listed(env.collection(["2,1", "3"])?).collect());
    same_on_all_engines(vec![12], |env| in_the_middle(env.collection([" 12", "0", "123"])?).collect());
}

#[test]
fn an_error_names_operator_place_and_record() {
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
fn an_error_for_a_pair_shows_both_records() {
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
