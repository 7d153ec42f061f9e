//! The graphs of the `iterations` suite: a skewed one like real graphs, and a grid with long
//! distances.

use std::path::{Path, PathBuf};

use examples::graph_data::{self, Graph};
use examples::graphs::Edge;

use super::{write_once, write_rows};
use crate::error::Result;

/// The graphs of one scale. Their folder has their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Graphs {
    /// A skewed graph with many edges at few vertices.
    pub(crate) r_mat: Graph,
    /// A square grid. Its components take one round per edge from the least vertex to the furthest
    /// corner, and a last round without changes.
    pub(crate) grid: Graph,
}

impl Graphs {
    /// 2^20 vertices, and a million vertices, at scale 1.
    pub(crate) fn of_scale(scale: f64) -> Self {
        let r_mat = Graph::RMat { scale: (20.0 + scale.log2()).round().clamp(1.0, 28.0) as u32 };
        Self { r_mat, grid: Graph::Grid { width: (1_000.0 * scale.sqrt()).round().clamp(2.0, 16_000.0) as u32 } }
    }

    /// The name of their folder, such as `rmat-20+grid-1000`.
    pub(crate) fn name(self) -> String {
        format!("{}+{}", self.r_mat, self.grid)
    }

    /// The graphs of a folder.
    ///
    /// # Errors
    /// Fails if its name does not name graphs.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let (r_mat, grid) = name.split_once('+').unwrap_or((&name, ""));
        Ok(Self { r_mat: r_mat.parse()?, grid: grid.parse()? })
    }

    /// Writes each graph's edges to a folder, as Parquet, and as pairs of 32-bit numbers for
    /// systems that do not read Parquet.
    ///
    /// # Errors
    /// Fails if one cannot be written.
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

/// The path of a graph's edges as Parquet.
pub(crate) fn parquet(folder: &Path, graph: Graph) -> PathBuf {
    folder.join(format!("{graph}.parquet"))
}

/// The path of a graph's edges as binary pairs of source and target, little-endian.
pub(crate) fn binary(folder: &Path, graph: Graph) -> PathBuf {
    folder.join(format!("{graph}.bin"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_name_names_its_graphs() {
        let graphs = Graphs::of_scale(1.0);
        assert_eq!(graphs.name(), "rmat-20+grid-1000");
        assert_eq!(Graphs::of_folder(Path::new("data/graphs/rmat-20+grid-1000")).unwrap(), graphs);
        assert_eq!(Graphs::of_scale(1.0 / 256.0).name(), "rmat-12+grid-63");
        assert!(Graphs::of_folder(Path::new("data/graphs")).is_err());
    }

    #[test]
    fn both_files_have_the_edges() {
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
