//! Edges as lists of neighbours, all in one array.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::limit::threads::in_parallel;

const EDGE_BYTES: usize = 8;

/// The vertices of an edge that become neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The source becomes a neighbour of the target.
    Backward,
    /// Each becomes a neighbour of the other.
    Both,
}

/// The neighbours of each vertex.
pub(super) struct Adjacency {
    /// Start of each vertex's neighbours, followed by the end of the last ones.
    starts: Vec<u32>,
    neighbours: Vec<u32>,
    /// Number of edges that start at each vertex.
    pub(super) outgoing: Vec<u32>,
}

impl Adjacency {
    /// Reads the file's edges. Threads count their share of them, then store each at its place.
    pub(super) fn of(path: &Path, vertices: u32, direction: Direction, threads: usize) -> io::Result<Self> {
        let file = File::open(path)?;
        let edges = file.metadata()?.len() as usize / EDGE_BYTES;
        let shares = in_parallel(threads, |thread| {
            let share = share_of(edges, thread, threads);
            let mut bytes = vec![0; share.len() * EDGE_BYTES];
            file.read_exact_at(&mut bytes, (share.start * EDGE_BYTES) as u64)?;
            let mut share = Share { bytes, counts: vec![0; vertices as usize], outgoing: vec![0; vertices as usize] };
            share.count(direction)?;
            Ok(share)
        })?;
        let (mut starts, mut outgoing) = (Vec::with_capacity(vertices as usize + 1), vec![0; vertices as usize]);
        let mut firsts: Vec<Vec<u32>> = vec![Vec::with_capacity(vertices as usize); threads];
        let mut end = 0;
        for (vertex, outgoing) in outgoing.iter_mut().enumerate() {
            starts.push(end);
            for (share, firsts) in shares.iter().zip(&mut firsts) {
                firsts.push(end);
                end += share.counts[vertex];
                *outgoing += share.outgoing[vertex];
            }
        }
        starts.push(end);
        let neighbours: Vec<AtomicU32> = (0..end).map(|_| AtomicU32::new(0)).collect();
        in_parallel(threads, |thread| {
            let mut next = firsts[thread].clone();
            shares[thread].each(direction, |vertex, neighbour| {
                let place = &mut next[vertex as usize];
                neighbours[*place as usize].store(neighbour, Ordering::Relaxed);
                *place += 1;
            });
            Ok(())
        })?;
        let neighbours = neighbours.into_iter().map(AtomicU32::into_inner).collect();
        Ok(Self { starts, neighbours, outgoing })
    }

    /// Returns the number of vertices.
    pub(super) fn vertices(&self) -> usize {
        self.outgoing.len()
    }

    /// Returns the neighbours of a vertex.
    #[inline(always)]
    pub(super) fn of_vertex(&self, vertex: usize) -> &[u32] {
        &self.neighbours[self.starts[vertex] as usize..self.starts[vertex + 1] as usize]
    }

    /// The vertices of a thread. All threads have about equally many neighbours.
    pub(super) fn vertices_of(&self, thread: usize, threads: usize) -> Range<usize> {
        let first = |thread: usize| {
            let start = (self.neighbours.len() * thread / threads) as u32;
            self.starts.partition_point(|&other| other < start).min(self.vertices())
        };
        let end = if thread + 1 == threads { self.vertices() } else { first(thread + 1) };
        first(thread)..end
    }
}

/// A thread's part of `0..count`.
pub(super) fn share_of(count: usize, thread: usize, threads: usize) -> Range<usize> {
    count * thread / threads..count * (thread + 1) / threads
}

/// A thread's part of the edges.
struct Share {
    bytes: Vec<u8>,
    /// Number of neighbours of each vertex in this part.
    counts: Vec<u32>,
    outgoing: Vec<u32>,
}

impl Share {
    fn edges(&self) -> impl Iterator<Item = (u32, u32)> {
        self.bytes.as_chunks().0.iter().map(|&bytes| {
            let edge = u64::from_le_bytes(bytes);
            (edge as u32, (edge >> 32) as u32)
        })
    }

    fn each(&self, direction: Direction, mut see: impl FnMut(u32, u32)) {
        self.edges().for_each(|(source, target)| {
            see(target, source);
            if direction == Direction::Both {
                see(source, target);
            }
        });
    }

    fn count(&mut self, direction: Direction) -> io::Result<()> {
        let vertices = self.counts.len();
        let (mut counts, mut outgoing) = (std::mem::take(&mut self.counts), std::mem::take(&mut self.outgoing));
        if self.edges().any(|(source, target)| source.max(target) as usize >= vertices) {
            return Err(io::Error::other("the file holds an edge of a vertex that is not there"));
        }
        self.each(direction, |vertex, _| counts[vertex as usize] += 1);
        self.edges().for_each(|(source, _)| outgoing[source as usize] += 1);
        (self.counts, self.outgoing) = (counts, outgoing);
        Ok(())
    }
}
