//! Closures with a state per task, and closures over all records of a task.

use dataflow::Task;
use dataflow::prelude::*;
use tests::{embedded, on_each_engine, same_on_all_engines};

use crate::{pair, texts};

/// A reusable buffer from which records are borrowed.
struct Upper {
    scratch: String,
    task: Task,
}

impl Upper {
    fn open(task: Task) -> Self {
        Upper { scratch: String::new(), task }
    }

    fn of(&mut self, word: &str) -> &str {
        self.scratch.clear();
        self.scratch.extend(word.chars().flat_map(char::to_uppercase));
        assert!(self.task.index < self.task.tasks);
        &self.scratch
    }
}

#[dataflow]
fn uppercase(words: DataSet<String>) -> DataSet<String> {
    words.map_with(Upper::open, Upper::of)
}

#[dataflow]
fn marked(words: DataSet<String>, mark: String) -> DataSet<String> {
    words
        .map_with(Upper::open, |upper, word| upper.of(word))
        .filter(|word| word != mark)
        .map(|word| format!("{word}{mark}"))
        .map_with(|_| mark.len(), |length, word| &word[..word.len() - *length])
}

#[test]
fn a_state_may_lend_the_emitted_records() {
    same_on_all_engines(texts(["A", "B"]), |env| uppercase(env.collection(["a", "b"])?).collect());
    same_on_all_engines(texts(["A"]), |env| marked(env.collection(["a", "b"])?, "B".to_owned()).collect());
}

#[dataflow]
fn shadowed(numbers: DataSet<u64>, sum: u64) -> DataSet<u64> {
    numbers
        .sort(|n| asc(n))
        .map_with(
            |task| task.index as u64,
            |sum, n| {
                *sum += n;
                *sum
            },
        )
        .map(|n| n + sum)
}

#[test]
fn a_state_shadows_no_name_of_later_closures() {
    same_on_all_engines(vec![101, 103, 106], |env| shadowed(env.collection([1u64, 2, 3])?, 100).collect());
}

#[dataflow]
fn early(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.sort(|n| asc(n)).filter_map_with(
        |_| None,
        |last, n| {
            let before = last.replace(n)?;
            if before == n {
                return None;
            }
            Some(n - before)
        },
    )
}

#[test]
fn closures_with_a_state_may_return_early() {
    same_on_all_engines(vec![2, 5], |env| early(env.collection([1u64, 3, 3, 8])?).collect());
}

#[dataflow]
fn numbered(names: DataSet<(u64, String)>, ages: DataSet<(u64, u32)>) -> DataSet<(String, u32)> {
    names
        .join(ages)
        .on(|n| n.0, |a| a.0)
        .map(|n, a| (n.1, a.1))
        .sort(|n| asc(n.0))
        .map_with(|_| 0, |older, (name, age)| (name, age + std::mem::replace(older, 1)))
}

#[test]
fn closures_with_a_state_may_destructure_records() {
    same_on_all_engines(vec![pair("Ada", 36u32), pair("Grace", 86)], |env| {
        let names = env.collection([(1u64, "Ada".to_owned()), (2, "Grace".to_owned())])?;
        numbered(names, env.collection([(2u64, 85u32), (1, 36)])?).collect()
    });
}

fn longest_first(records: dataflow::TaskRecords<'_, String>, out: &mut dataflow::Emitter<'_, (u64, String)>) {
    let mut words: Vec<&str> = records.collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.iter().enumerate().for_each(|(rank, word)| out.emit((rank as u64, *word)));
}

#[dataflow]
fn ranked(words: DataSet<String>, most: u64) -> DataSet<String> {
    words.sort(|word| word).map_partition(longest_first).filter(|r| r.0 < most).project(|r| r.1)
}

#[test]
fn a_function_may_read_all_records_of_a_task() {
    on_each_engine(|engine, env| {
        let ranked = ranked(env.collection(["a", "ccc", "bb"]).unwrap(), 2).collect().unwrap();
        assert_eq!(ranked, ["ccc", "bb"], "{engine}");
    });
}

#[test]
fn inline_pipelines_may_have_states() {
    let (numbers, first) = (embedded().collection([1u64, 2]).unwrap(), 10u64);
    let sums = dataflow::dataflow! {
        numbers.map_with(|_| first, |sum, n| { *sum += n; *sum }).filter(|sum| sum > first + 1)
    };
    assert_eq!(sums.collect().unwrap(), [13]);
}
