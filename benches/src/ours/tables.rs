//! Sort, group and join of generated tables, in any amount of memory.

use std::path::Path;

use dataflow::prelude::*;

use super::sort::{Consumed, consumed_in_order};
use super::{env, failed};
use crate::answer::{Answer, Case, Resources};
use crate::data::facts::{Dimension, Fact};
use crate::data::pairs::Pair;
use crate::error::{Error, Result};
use crate::workspace::Paths;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Total {
    id: i64,
    count: u64,
    amount: i64,
}

#[dataflow]
fn totals(facts: DataSet<Fact>) -> DataSet<Total> {
    facts.group_by(|f| f.id).aggregate(|g| Total { id: g.key, count: g.count(), amount: g.sum(|f| f.amount) })
}

/// Groups, sum of squared counts, sum of amounts, sum of ids times their amounts.
#[dataflow]
fn group_row(facts: DataSet<Fact>) -> DataSet<(u64, u64, i64, i64)> {
    totals(facts)
        .aggregate(|g| (g.count(), g.sum(|t| t.count * t.count), g.sum(|t| t.amount), g.sum(|t| t.id * t.amount)))
}

/// Pairs, sum of amount times weight.
#[dataflow]
fn join_row(facts: DataSet<Fact>, dimensions: DataSet<Dimension>) -> DataSet<(u64, i64)> {
    facts
        .join(dimensions)
        .on(|f| f.id, |d| d.id)
        .map(|f, d| f.amount * d.weight)
        .aggregate(|g| (g.count(), g.sum(|product| product)))
}

/// Runs a case by its name.
pub(super) fn run(case: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let env = env(resources);
    // The suite `memory` measures only the engine, so it reads the format that needs least memory.
    // In suites with peers, all systems read Parquet.
    let input = Input { env: &env, folder: &paths.tables, is_binary: case.suite == "memory" };
    match case.name {
        "sort" => {
            let consumed = env.accumulator("consumed", Consumed::default());
            consumed_in_order(input.read::<Pair>("pairs")?, consumed.clone()).count().map_err(failed)?;
            Ok(consumed.value().map_err(failed)?.into_answer())
        }
        "group" => one_row(&group_row(input.read("facts")?)),
        "join" => one_row(&join_row(input.read("facts")?, input.read("dimension")?)),
        name => Err(Error::Case(format!("no pipeline answers {name}"))),
    }
}

struct Input<'a> {
    env: &'a Env,
    folder: &'a Path,
    is_binary: bool,
}

impl Input<'_> {
    fn read<T: Record>(&self, table: &str) -> Result<DataSet<T>> {
        let path = |extension| self.folder.join(table).with_extension(extension).to_string_lossy().into_owned();
        match self.is_binary {
            true => self.env.read_binary(path("bin")).map_err(failed),
            false => self.env.read_parquet(path("parquet")).map_err(failed),
        }
    }
}

fn one_row<T: Record>(flow: &DataSet<T>) -> Result<Answer> {
    let rows = flow.records().map_err(failed)?;
    Ok(Answer::new(rows.len() as u64, move |out| rows.write_lines(out).map_err(std::io::Error::other)))
}
