//! Pipelines that consist of pipelines and of plain Rust code around flows.

use dataflow::Result;
use dataflow::prelude::*;
use tests::{on_each_engine, same_on_all_engines};

use crate::{pair, texts};

#[dataflow]
fn words(lines: DataSet<String>) -> DataSet<String> {
    lines.flat_map(|line| line.split_whitespace())
}

#[dataflow]
fn counted<T: Record>(records: DataSet<T>) -> DataSet<(T, u64)> {
    records.map(|record| (record, 1u64))
}

#[dataflow]
fn some<T: Record, F>(records: DataSet<T>, keep: F, most: usize) -> DataSet<T>
where
    F: for<'a> Fn(T::At<'a>) -> bool + Clone + Send + 'static,
{
    records.filter(|record| keep(record)).distinct().first(most)
}

#[dataflow]
fn word_count(lines: DataSet<String>) -> DataSet<(String, u64)> {
    let short = some(words(lines), |word: &str| word.len() < 3, 100);
    let again = words(lines).semi_join(short).on(|word| word, |word| word);
    counted(again).group_by(|pair| pair.0).sum(|pair| pair.1)
}

#[test]
fn pipelines_call_pipelines_of_any_record() {
    let expected = vec![pair("be", 2), pair("or", 1), pair("to", 2)];
    same_on_all_engines(expected, |env| word_count(env.collection(["to be or", "not to be"])?).collect());
}

#[dataflow]
fn shaped(lines: DataSet<String>, upper: bool, more: &[&'static str]) -> DataSet<String> {
    let mut shaped = if upper { lines.map(|line| line.to_uppercase()) } else { lines };
    for ending in more {
        let ending = *ending;
        shaped = shaped.union(lines.map(|line| format!("{line}{ending}")));
    }
    match more.len() {
        0 => shaped,
        _ => shaped.distinct(),
    }
}

#[test]
fn branches_and_loops_build_flows() {
    let lines = ["a", "b", "a"];
    same_on_all_engines(texts(["A", "A", "B"]), |env| shaped(env.collection(lines)?, true, &[]).collect());
    same_on_all_engines(texts(["a", "a!", "a?", "b", "b!", "b?"]), |env| {
        shaped(env.collection(lines)?, false, &["!", "?"]).collect()
    });
}

struct Inputs {
    lines: DataSet<String>,
}

impl Inputs {
    fn everything(&self) -> DataSet<String> {
        self.lines.clone()
    }
}

/// The program marks a field and a method's result as flows.
#[dataflow]
fn marked(inputs: Inputs) -> DataSet<String> {
    let long = flow!(inputs.lines).filter(|line| line.len() > 1);
    flow!(inputs.everything()).filter(|line| line.len() == 1).union(long).map(|line| format!("{line}."))
}

#[test]
fn expressions_can_be_marked_as_flows() {
    same_on_all_engines(texts(["a.", "bc."]), |env| {
        let lines = env.collection(["a", "bc"])?;
        marked(Inputs { lines }).collect()
    });
}

#[test]
fn a_pipeline_can_be_written_inline() {
    same_on_all_engines(vec![pair("bc", 2), pair("def", 2)], |env| {
        let (lines, least) = (env.collection(["a", "bc", "def"])?, 2);
        let long = dataflow::dataflow! { lines.filter(|line| line.len() >= least).map(|line| (line, least as u64)) };
        long.collect()
    });
}

/// Sources, settings and results may be in the body, like any other code.
#[dataflow]
fn counts(env: &Env) -> Result<(u64, Vec<u64>)> {
    let numbers = env.collection([1u64, 2, 3])?;
    let large = numbers.filter(|n| n > 1);
    Ok((numbers.count()?, large.map(|n| n * 2).sort(|n| desc(n)).collect()?))
}

#[test]
fn a_pipeline_may_have_its_own_sources_and_results() {
    on_each_engine(|engine, env| assert_eq!(counts(env).unwrap(), (3, vec![6, 4]), "{engine}"));
}

trait Sampled {
    fn every_second(&self) -> Self;
}

impl Sampled for DataSet<u64> {
    fn every_second(&self) -> Self {
        dataflow::dataflow! { flow!(self).filter(|n| n % 2 == 0) }
    }
}

#[dataflow]
fn sampled(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.map(|n| n + 1).every_second().filter(|n| n > 2)
}

#[test]
fn own_operators_may_be_in_a_chain() {
    same_on_all_engines(vec![4, 6], |env| sampled(env.collection(0u64..6)?).collect());
}
