//! Loops over graphs, and over nearly no data.

use dataflow::prelude::*;
use examples::graph_data::Graph;
use examples::graphs::{self, Edge, Page, Vertex};

use super::{env, failed};
use crate::answer::{Answer, Case, Resources};
use crate::data::graphs::{Graphs, parquet};
use crate::digest::LoopDigest;
use crate::error::{Error, Result};
use crate::suites::iterations::{EMPTY_NUMBERS, EMPTY_ROUNDS, RANK_ROUNDS};
use crate::workspace::Paths;

/// Adds the reverse of each edge.
#[dataflow]
fn both_ways(edges: DataSet<Edge>) -> DataSet<Edge> {
    edges.flat_map(|e| [e, Edge { source: e.target, target: e.source }])
}

#[dataflow]
fn counted_up(numbers: DataSet<u64>, rounds: u32) -> DataSet<u64> {
    numbers.iterate(rounds, |numbers| numbers.map(|n| n + 1))
}

#[dataflow]
fn counted_up_elsewhere(numbers: DataSet<u64>, rounds: u32) -> DataSet<u64> {
    numbers.iterate(rounds, |numbers| numbers.map(|n| n + 1).partition_by(|n| n))
}

/// Runs a case by its name.
pub(super) fn run(case: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let (env, graphs) = (env(resources), Graphs::of_folder(&paths.tables)?);
    let edges = |graph: Graph| -> Result<DataSet<Edge>> {
        env.read_parquet(parquet(&paths.tables, graph).to_string_lossy()).map_err(failed)
    };
    match case.name {
        "pagerank" => {
            let graph = graphs.r_mat;
            ranks(&graphs::page_rank(graphs::links(edges(graph)?), graph.vertices(), RANK_ROUNDS))
        }
        "components" => components(&env, graphs.r_mat, edges(graphs.r_mat)?),
        "components_grid" => components(&env, graphs.grid, edges(graphs.grid)?),
        "empty" => numbers(&counted_up(some_numbers(&env)?, EMPTY_ROUNDS)),
        "empty_shuffle" => numbers(&counted_up_elsewhere(some_numbers(&env)?, EMPTY_ROUNDS)),
        name => Err(Error::Case(format!("no pipeline answers {name}"))),
    }
}

fn ranks(pages: &DataSet<Page>) -> Result<Answer> {
    let pages = pages.records().map_err(failed)?;
    Ok(LoopDigest::answer(move |digest| pages.for_each(|page| digest.add(page.id.into(), page.rank))))
}

fn components(env: &Env, graph: Graph, edges: DataSet<Edge>) -> Result<Answer> {
    let vertices = env.collection((0..graph.vertices()).map(|id| Vertex { id, component: id })).map_err(failed)?;
    let found = graphs::components(vertices, both_ways(edges)).records().map_err(failed)?;
    Ok(LoopDigest::answer(move |digest| {
        found.for_each(|vertex| digest.add(vertex.id.into(), u64::from(vertex.component)))
    }))
}

fn some_numbers(env: &Env) -> Result<DataSet<u64>> {
    env.collection(0..EMPTY_NUMBERS).map_err(failed)
}

fn numbers(numbers: &DataSet<u64>) -> Result<Answer> {
    let numbers = numbers.records().map_err(failed)?;
    Ok(LoopDigest::answer(move |digest| numbers.for_each(|number| digest.add(number, 0_u64))))
}
