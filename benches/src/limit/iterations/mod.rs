//! Hand-written loops over graphs for two cores.
//!
//! The edges become adjacency lists in one array (see [`adjacency`]). For ranks, each vertex pulls
//! the shares of its predecessors, in arrays. For components, labels propagate from vertex to
//! vertex, in rounds over the vertices whose label decreased in the previous round (see
//! [`components`]). Threads live as long as the loop and meet at a barrier after each round (see
//! [`barrier`]).

mod adjacency;
mod components;
mod barrier;
mod ranks;

use std::io;
use std::path::Path;

use examples::graph_data::Graph;

use super::threads::in_parallel;
use crate::answer::{Answer, Case, Resources};
use crate::data::graphs::{Graphs, binary};
use crate::digest::LoopDigest;
use crate::error::{Error, Result};
use crate::suites::iterations::{EMPTY_NUMBERS, EMPTY_ROUNDS, RANK_ROUNDS};
use crate::workspace::Paths;

use adjacency::{Adjacency, Direction};
use barrier::Barrier;

/// Runs a case by its name.
pub(crate) fn run(case: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let (graphs, threads) = (Graphs::of_folder(&paths.tables)?, resources.parallelism);
    let edges = |graph: Graph| binary(&paths.tables, graph);
    match case.name {
        "pagerank" => {
            let path = edges(graphs.r_mat);
            let ranks = ranks::ranks(&path, graphs.r_mat.vertices(), RANK_ROUNDS, threads);
            let ranks = ranks.map_err(Error::io("read", &path))?;
            Ok(LoopDigest::answer(move |digest| {
                // Every page has a rank above 0. A vertex with rank 0 is no page.
                let pages = (0_u64..).zip(ranks).filter(|(_, rank)| *rank > 0.0);
                pages.for_each(|(id, rank)| digest.add(id, rank));
            }))
        }
        "components" => answer_components(&edges(graphs.r_mat), graphs.r_mat, threads),
        "components_grid" => answer_components(&edges(graphs.grid), graphs.grid, threads),
        _ => answer_empty(threads).map_err(Error::of_case),
    }
}

/// Number of rounds of components over these edges.
///
/// # Errors
/// Fails if the file cannot be read.
pub(crate) fn supersteps(edges: &Path, vertices: u32) -> io::Result<u32> {
    let both = Adjacency::of(edges, vertices, Direction::Both, 1)?;
    components::components(&both, 1).map(|found| found.rounds)
}

fn answer_components(path: &Path, graph: Graph, threads: usize) -> Result<Answer> {
    let both = Adjacency::of(path, graph.vertices(), Direction::Both, threads).map_err(Error::io("read", path))?;
    let labels = components::components(&both, threads).map_err(Error::of_case)?.labels;
    Ok(LoopDigest::answer(move |digest| {
        (0_u64..).zip(labels).for_each(|(id, label)| digest.add(id, u64::from(label)));
    }))
}

/// Threads add to their share of the numbers, and meet after each round.
fn answer_empty(threads: usize) -> io::Result<Answer> {
    let barrier = Barrier::of(threads);
    let shares = in_parallel(threads, |thread| {
        let mut numbers: Vec<u64> = (thread as u64..EMPTY_NUMBERS).step_by(threads).collect();
        for _ in 0..EMPTY_ROUNDS {
            numbers.iter_mut().for_each(|number| *number += 1);
            barrier.wait();
        }
        Ok(numbers)
    })?;
    Ok(LoopDigest::answer(move |digest| shares.iter().flatten().for_each(|&number| digest.add(number, 0_u64))))
}
