//! Components by label propagation from vertex to vertex, in rounds.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use super::adjacency::{Adjacency, share_of};
use super::barrier::Barrier;
use crate::limit::threads::in_parallel;

/// Vertices that a thread claims together.
const CLAIM: usize = 256;

/// The result of the rounds.
pub(super) struct Components {
    /// The least vertex in the component of each vertex.
    pub(super) labels: Vec<u32>,
    /// Number of rounds. The last one changed nothing.
    pub(super) rounds: u32,
}

/// A vertex, and its label at the start of the round.
type Changed = (u32, u32);

/// Vertices whose label decreased in the previous round. Each thread has a list of the vertices
/// that it found.
struct Worklist {
    found: Vec<RwLock<Vec<Changed>>>,
    claimed: Vec<AtomicUsize>,
}

/// Computes components. Neighbours must be symmetric.
pub(super) fn components(neighbours: &Adjacency, threads: usize) -> io::Result<Components> {
    let vertices = neighbours.vertices();
    let labels: Vec<AtomicU32> = (0..vertices as u32).map(AtomicU32::new).collect();
    let found_in: Vec<AtomicU32> = (0..vertices).map(|_| AtomicU32::new(0)).collect();
    let worklist = Worklist {
        found: (0..threads)
            .map(|thread| RwLock::new(share_of(vertices, thread, threads).map(|v| (v as u32, v as u32)).collect()))
            .collect(),
        claimed: (0..threads).map(|_| AtomicUsize::new(0)).collect(),
    };
    let barrier = Barrier::of(threads);
    let rounds = in_parallel(threads, |thread| {
        let (mut round, mut fallen) = (0, Vec::new());
        while !worklist.is_empty() {
            round += 1;
            worklist.claim_all(|(vertex, label)| {
                for &neighbour in neighbours.of_vertex(vertex as usize) {
                    let known = &labels[neighbour as usize];
                    if label < known.load(Ordering::Relaxed)
                        && label < known.fetch_min(label, Ordering::Relaxed)
                        && found_in[neighbour as usize].swap(round, Ordering::Relaxed) != round
                    {
                        fallen.push(neighbour);
                    }
                }
            });
            barrier.wait();
            worklist.replace(
                thread,
                fallen.drain(..).map(|vertex| (vertex, labels[vertex as usize].load(Ordering::Relaxed))),
            );
            barrier.wait();
        }
        Ok(round)
    })?;
    let rounds = rounds.into_iter().max().unwrap_or_default();
    Ok(Components { labels: labels.into_iter().map(AtomicU32::into_inner).collect(), rounds })
}

impl Worklist {
    fn is_empty(&self) -> bool {
        self.found.iter().all(|found| found.read().unwrap_or_else(PoisonError::into_inner).is_empty())
    }

    /// Visits all entries that no other thread has claimed.
    fn claim_all(&self, mut see: impl FnMut(Changed)) {
        for (found, claimed) in self.found.iter().zip(&self.claimed) {
            let found = found.read().unwrap_or_else(PoisonError::into_inner);
            loop {
                let start = claimed.fetch_add(CLAIM, Ordering::Relaxed);
                let Some(rest) = found.get(start..).filter(|rest| !rest.is_empty()) else { break };
                rest.iter().take(CLAIM).for_each(|&changed| see(changed));
            }
        }
    }

    /// Replaces a thread's list. No thread may claim meanwhile.
    fn replace(&self, thread: usize, changed: impl Iterator<Item = Changed>) {
        let mut found = self.found[thread].write().unwrap_or_else(PoisonError::into_inner);
        found.clear();
        found.extend(changed);
        self.claimed[thread].store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::graphs::{Graphs, binary};
    use crate::limit::iterations::adjacency::Direction;

    /// The reference goes over all edges until nothing changes.
    #[test]
    fn labels_and_rounds_match_plain_loops_on_any_threads() {
        let folder = tempfile::tempdir().unwrap();
        let graphs = Graphs::of_scale(0.001);
        graphs.ensure(folder.path()).unwrap();
        for graph in [graphs.r_mat, graphs.grid] {
            let (mut expected, mut rounds) = ((0..graph.vertices()).collect::<Vec<_>>(), 0);
            loop {
                let before = expected.clone();
                graph.edges().for_each(|edge| {
                    let (source, target) = (edge.source as usize, edge.target as usize);
                    expected[source] = expected[source].min(before[target]);
                    expected[target] = expected[target].min(before[source]);
                });
                rounds += 1;
                if expected == before {
                    break;
                }
            }
            for threads in [1, 2, 3] {
                let path = binary(folder.path(), graph);
                let both = Adjacency::of(&path, graph.vertices(), Direction::Both, threads).unwrap();
                let found = components(&both, threads).unwrap();
                assert_eq!((found.labels == expected, found.rounds), (true, rounds), "{graph} on {threads}");
            }
        }
    }
}
