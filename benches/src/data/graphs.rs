//! The graphs of loops: one that is skewed as real ones are, and one that is all distance.

use std::path::{Path, PathBuf};

use examples::graph_data::{self, Graph};
use examples::graphs::Edge;

use super::{write_once, write_rows};
use crate::error::Result;

/// The graphs of one scale. Their folder is named after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Graphs {
    /// Few of its vertices have many edges.
    pub(crate) r_mat: Graph,
    /// A square, whose components take as many rounds as the least number has steps to the furthest corner, and one that changes nothing.
    pub(crate) grid: Graph,
}

impl Graphs {
    /// Of 2^20 and a million vertices at scale 1.
    pub(crate) fn of_scale(scale: f64) -> Self {
        let r_mat = Graph::RMat { scale: (20.0 + scale.log2()).round().clamp(1.0, 28.0) as u32 };
        Self { r_mat, grid: Graph::Grid { width: (1_000.0 * scale.sqrt()).round().clamp(2.0, 16_000.0) as u32 } }
    }

    /// The name of their folder, such as `rmat-20+grid-1000`.
    pub(crate) fn name(self) -> String {
        format!("{}+{}", self.r_mat, self.grid)
    }

    /// Those of a folder.
    ///
    /// # Errors
    /// When its name is none of theirs.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let (r_mat, grid) = name.split_once('+').unwrap_or((&name, ""));
        Ok(Self { r_mat: r_mat.parse()?, grid: grid.parse()? })
    }

    /// Makes each graph's edges in a folder, as Parquet, and as pairs of 32-bit numbers for those who read no Parquet.
    ///
    /// # Errors
    /// When one cannot be written.
    pub(crate) fn ensure(self, folder: &Path) -> Result<()> {
        [self.r_mat, self.grid].into_iter().try_for_each(|graph| {
            graph_data::ensure(folder, graph)?;
            write_once(&binary(folder, graph), |partial| write_rows(partial, graph.edges().map(bytes_of)))
        })
    }
}

fn bytes_of(edge: Edge) -> [u8; 8] {
    (u64::from(edge.target) << 32 | u64::from(edge.source)).to_le_bytes()
}

/// The edges of a graph as Parquet.
pub(crate) fn parquet(folder: &Path, graph: Graph) -> PathBuf {
    folder.join(format!("{graph}.parquet"))
}

/// The edges of a graph, source and target, back to back and little-endian.
pub(crate) fn binary(folder: &Path, graph: Graph) -> PathBuf {
    folder.join(format!("{graph}.bin"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_says_which_graphs_it_holds() {
        let graphs = Graphs::of_scale(1.0);
        assert_eq!(graphs.name(), "rmat-20+grid-1000");
        assert_eq!(Graphs::of_folder(Path::new("data/graphs/rmat-20+grid-1000")).unwrap(), graphs);
        assert_eq!(Graphs::of_scale(1.0 / 256.0).name(), "rmat-12+grid-63");
        assert!(Graphs::of_folder(Path::new("data/graphs")).is_err());
    }

    #[test]
    fn both_files_hold_the_edges() {
        let folder = tempfile::tempdir().unwrap();
        let graphs = Graphs::of_scale(0.001);
        graphs.ensure(folder.path()).unwrap();
        for graph in [graphs.r_mat, graphs.grid] {
            assert!(parquet(folder.path(), graph).exists());
            let expected: Vec<u8> = graph
                .edges()
                .flat_map(|edge| [edge.source.to_le_bytes(), edge.target.to_le_bytes()])
                .flatten()
                .collect();
            assert!(fs::read(binary(folder.path(), graph)).unwrap() == expected, "{graph}");
        }
    }
}
