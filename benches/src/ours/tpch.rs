//! TPC-H queries: the pipelines of the examples.

use examples::tpch::{QUERIES, Tables};

use super::{env, failed};
use crate::answer::{Answer, Case, Resources};
use crate::error::{Error, Result};
use crate::workspace::Paths;

/// Runs the query with the case's name.
pub(super) fn run(case: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let query = QUERIES.iter().find(|query| query.name == case.name);
    let query = query.ok_or_else(|| Error::Case(format!("no pipeline answers {}", case.name)))?;
    let env = env(resources);
    let answer = query.run(&Tables::new(&env, &paths.tpch)).map_err(failed)?;
    Ok(Answer::new(answer.rows as u64, move |out| answer.write(out).map_err(std::io::Error::other)))
}
