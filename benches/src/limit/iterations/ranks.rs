//! The rank of each page, pulled from the pages that link to it.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::adjacency::{Adjacency, Direction};
use super::barrier::Barrier;
use crate::limit::threads::in_parallel;

/// The rank of each page after `rounds` rounds. 0 for a vertex that is no page: it has no links,
/// and in the last round no page links to it.
pub(super) fn ranks(edges: &Path, vertices: u32, rounds: u32, threads: usize) -> io::Result<Vec<f64>> {
    let linking = Adjacency::of(edges, vertices, Direction::Backward, threads)?;
    let (first, rest) = (1.0 / f64::from(vertices), 0.15 / f64::from(vertices));
    let is_page = |vertex: usize| linking.outgoing[vertex] > 0;
    let first = |vertex| if is_page(vertex) { first } else { 0.0 };
    // The share that a page gives to each of its targets, in this round and in the next.
    let share =
        |vertex: usize, rank: f64| if is_page(vertex) { rank / f64::from(linking.outgoing[vertex]) } else { 0.0 };
    let shares: Vec<AtomicU64> = (0..linking.vertices()).map(|v| bits(share(v, first(v)))).collect();
    let next: Vec<AtomicU64> = (0..linking.vertices()).map(|_| AtomicU64::new(0)).collect();
    let barrier = Barrier::of(threads);
    let parts = in_parallel(threads, |thread| {
        let own = linking.vertices_of(thread, threads);
        let mut ranks: Vec<f64> = own.clone().map(first).collect();
        let (mut now, mut then) = (&shares, &next);
        for _ in 0..rounds {
            for (rank, vertex) in ranks.iter_mut().zip(own.clone()) {
                let given: f64 = linking.of_vertex(vertex).iter().map(|&from| number(&now[from as usize])).sum();
                *rank = if given > 0.0 { rest + 0.85 * given } else { 0.0 };
                then[vertex].store(share(vertex, *rank).to_bits(), Ordering::Relaxed);
            }
            barrier.wait();
            (now, then) = (then, now);
        }
        Ok(ranks)
    })?;
    Ok(parts.concat())
}

fn bits(number: f64) -> AtomicU64 {
    AtomicU64::new(number.to_bits())
}

#[inline(always)]
fn number(bits: &AtomicU64) -> f64 {
    f64::from_bits(bits.load(Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::graphs::{Graphs, binary};

    /// The reference uses plain loops over the edges.
    #[test]
    fn ranks_match_plain_loops() {
        let folder = tempfile::tempdir().unwrap();
        let graphs = Graphs::of_scale(0.001);
        graphs.ensure(folder.path()).unwrap();
        let (edges, vertices) = (graphs.r_mat.edges().collect::<Vec<_>>(), graphs.r_mat.vertices());
        let mut links = vec![0.0; vertices as usize];
        edges.iter().for_each(|edge| links[edge.source as usize] += 1.0);
        let mut expected: Vec<f64> =
            links.iter().map(|&links| if links > 0.0 { 1.0 / f64::from(vertices) } else { 0.0 }).collect();
        for _ in 0..5 {
            let mut given = vec![0.0; vertices as usize];
            edges.iter().for_each(|edge| {
                given[edge.target as usize] += expected[edge.source as usize] / links[edge.source as usize];
            });
            let of_given = |given| if given > 0.0 { 0.15 / f64::from(vertices) + 0.85 * given } else { 0.0 };
            expected = given.into_iter().map(of_given).collect();
        }
        for threads in [1, 2, 3] {
            let found = ranks(&binary(folder.path(), graphs.r_mat), vertices, 5, threads).unwrap();
            assert_eq!(found.len(), expected.len());
            assert!(found.iter().zip(&expected).all(|(left, right)| (left - right).abs() < 1e-12));
        }
    }
}
