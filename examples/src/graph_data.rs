//! Generated graphs: a skewed one like real graphs, and a grid with long distances.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use dataflow::prelude::*;

use crate::graphs::Edge;
use crate::random::Random;
use crate::{DataError, progress};

/// Number of edges per vertex.
const EDGES_A_VERTEX: u64 = 16;

/// The probabilities of the first, second and third quarter of the adjacency matrix, as in
/// Graph500.
const QUARTERS: [f64; 3] = [0.57, 0.19, 0.19];

/// A generated graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graph {
    /// 2^scale vertices with 16 edges each on average, most of them at few vertices (Chakrabarti
    /// and others, *R-MAT*, 2004). May contain repeated edges and edges from a vertex to itself.
    RMat {
        /// The logarithm of the number of vertices.
        scale: u32,
    },
    /// A square of `width` × `width` vertices, each with an edge to the right and one down. Vertex
    /// numbers are shuffled.
    Grid {
        /// Number of vertices per side.
        width: u32,
    },
}

impl Graph {
    /// Returns the number of vertices, which are numbered from 0.
    #[must_use]
    pub fn vertices(self) -> u32 {
        match self {
            Graph::RMat { scale } => 1 << scale,
            Graph::Grid { width } => width * width,
        }
    }

    /// Returns the edges. The same graph always has the same edges.
    pub fn edges(self) -> Box<dyn Iterator<Item = Edge> + Send> {
        match self {
            Graph::RMat { scale } => {
                let mut random = Random::new(u64::from(scale));
                let edges = EDGES_A_VERTEX << scale;
                Box::new((0..edges).map(move |_| r_mat(scale, &mut random)))
            }
            Graph::Grid { width } => {
                let numbers = shuffled(width * width);
                let of_place = move |place: u32| {
                    let right = (place % width + 1 < width).then(|| numbers[place as usize + 1]);
                    let down = (place / width + 1 < width).then(|| numbers[(place + width) as usize]);
                    let source = numbers[place as usize];
                    right.into_iter().chain(down).map(move |target| Edge { source, target })
                };
                Box::new((0..width * width).flat_map(of_place))
            }
        }
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Graph::RMat { scale } => write!(f, "rmat-{scale}"),
            Graph::Grid { width } => write!(f, "grid-{width}"),
        }
    }
}

/// Parses a name such as `rmat-16` or `grid-1000`.
impl FromStr for Graph {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let graph = text.split_once('-').and_then(|(kind, size)| match (kind, size.parse().ok()?) {
            ("rmat", scale @ 1..=28) => Some(Graph::RMat { scale }),
            ("grid", width @ 1..=16_000) => Some(Graph::Grid { width }),
            _ => None,
        });
        let expected = "rmat-1 to rmat-28, or grid-1 to grid-16000";
        graph.ok_or_else(|| DataError::Argument { name: "the graph", value: text.to_owned(), expected })
    }
}

/// The numbers below `count`, shuffled.
fn shuffled(count: u32) -> Vec<u32> {
    let (mut numbers, mut random) = ((0..count).collect::<Vec<_>>(), Random::new(u64::from(count)));
    for last in (1..count).rev() {
        numbers.swap(last as usize, random.below(last + 1) as usize);
    }
    numbers
}

/// An edge: chooses a random quarter of the matrix, and repeats that in the quarter.
fn r_mat(scale: u32, random: &mut Random) -> Edge {
    let (mut source, mut target) = (0, 0);
    for _ in 0..scale {
        let chance = random.next() as f64 / u64::MAX as f64;
        let quarter = QUARTERS.iter().scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        });
        let quarter = quarter.filter(|&sum| chance >= sum).count() as u32;
        (source, target) = (2 * source + quarter / 2, 2 * target + quarter % 2);
    }
    Edge { source, target }
}

/// The file of a graph's edges below `data/graph` that a program reads. Generates a missing file,
/// unless the program runs with `--plan`.
///
/// # Errors
/// Those of [`ensure`]; [`DataError::Missing`] under `--plan` if the file does not exist.
pub fn for_program(env: &Env, graph: Graph) -> Result<PathBuf, DataError> {
    let folder = Path::new("data/graph");
    if !env.options().plan_only {
        return ensure(folder, graph);
    }
    let path = file_of(folder, graph);
    progress::require(&path)?;
    Ok(path)
}

fn file_of(folder: &Path, graph: Graph) -> PathBuf {
    folder.join(format!("{graph}.parquet"))
}

/// Writes the edges of a graph to a file in `folder`, unless the file exists. Returns its path.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn ensure(folder: &Path, graph: Graph) -> Result<PathBuf, DataError> {
    let path = file_of(folder, graph);
    let content = format!("edges of a graph of {} vertices", graph.vertices());
    progress::write_once(&path, &content, |partial| {
        let env = Env::new(Options { parallelism: 1, ..Options::default() });
        env.collection(graph.edges())?.write_parquet(partial.to_string_lossy());
        env.run()?;
        Ok(())
    })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphs_are_deterministic_and_as_skewed_as_documented() {
        let edges: Vec<Edge> = Graph::RMat { scale: 10 }.edges().collect();
        assert!(edges == Graph::RMat { scale: 10 }.edges().collect::<Vec<_>>());
        assert_eq!(edges.len(), 16 << 10);
        assert!(edges.iter().all(|edge| edge.source < 1 << 10 && edge.target < 1 << 10));
        let of_first = edges.iter().filter(|edge| edge.source == 0).count();
        // (0.57 + 0.19)^10 of all edges start at the first vertex.
        assert!((600..1_500).contains(&of_first), "{of_first}");
        assert_eq!(Graph::Grid { width: 3 }.edges().count(), 12);
        assert_eq!("grid-3".parse::<Graph>().unwrap(), Graph::Grid { width: 3 });
        assert!("rmat-99".parse::<Graph>().is_err());
    }
}
