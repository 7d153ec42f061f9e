//! Graph pipelines of the examples and benchmarks.

use dataflow::prelude::*;

/// A directed edge.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// The vertex where it starts.
    pub source: u32,
    /// The vertex where it ends.
    pub target: u32,
}

/// A page and its rank. The sum of all ranks is 1.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub struct Page {
    /// The number of the page.
    pub id: u32,
    /// The share of visitors on the page.
    pub rank: f64,
}

/// The links of a page.
#[derive(Record, Clone, Debug, PartialEq)]
pub struct Links {
    /// The number of the page.
    pub id: u32,
    /// The pages that it links to.
    pub targets: Vec<u32>,
}

/// A vertex and its component so far.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub struct Vertex {
    /// The number of the vertex.
    pub id: u32,
    /// The least number of a vertex that is connected with it.
    pub component: u32,
}

/// Collects the edges of each page in one record.
#[dataflow]
pub fn links(edges: DataSet<Edge>) -> DataSet<Links> {
    edges.group_by(|e| e.source).reduce_group(|edges, out| {
        let (mut id, mut targets) = (0, Vec::new());
        while let Some(edge) = edges.next() {
            id = edge.source;
            targets.push(edge.target);
        }
        out.emit(Links { id, targets });
    })
}

/// Computes the rank of each page after `rounds` rounds (Brin and Page, 1998). In each round a page
/// gives 85 % of its rank in equal shares to the pages that it links to. All pages share the rest.
/// The rank of a page without links is lost.
#[dataflow]
pub fn page_rank(links: DataSet<Links>, pages: u32, rounds: u32) -> DataSet<Page> {
    let rest = 0.15 / f64::from(pages);
    let first = links.map(|l| Page { id: l.id, rank: 1.0 / f64::from(pages) });
    first.iterate(rounds, |ranks| {
        ranks
            .join(links)
            .on(|p| p.id, |l| l.id)
            .flat_map(|p, l| {
                let share = p.rank / l.targets.len() as f64;
                l.targets.iter().map(move |&id| Page { id, rank: share })
            })
            .group_by(|p| p.id)
            .sum(|p| p.rank)
            .map(|p| Page { rank: rest + 0.85 * p.rank, ..p })
    })
}

/// Computes the least vertex number in the component of each vertex. Edges must be present in both
/// directions.
#[dataflow]
pub fn components(vertices: DataSet<Vertex>, edges: DataSet<Edge>) -> DataSet<Vertex> {
    vertices.iterate_delta(
        vertices,
        |v| v.id,
        1_000_000,
        |components, changed| {
            let better = changed
                .join(edges)
                .on(|v| v.id, |e| e.source)
                .map(|v, e| Vertex { id: e.target, component: v.component })
                .group_by(|v| v.id)
                .min(|v| v.component)
                .join(components)
                .on(|v| v.id)
                .filter(|v, known| v.component < known.component)
                .map(|v, _| v);
            (better, better)
        },
    )
}
