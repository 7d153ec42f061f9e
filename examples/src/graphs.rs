//! Pipelines over graphs that the examples and the benchmarks share.

use dataflow::prelude::*;

/// A directed edge.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Where it begins.
    pub source: u32,
    /// Where it ends.
    pub target: u32,
}

/// A page and its rank; all ranks together are one.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub struct Page {
    /// Its number.
    pub id: u32,
    /// The share of visitors that are on it.
    pub rank: f64,
}

/// The pages that a page links to.
#[derive(Record, Clone, Debug, PartialEq)]
pub struct Links {
    /// The page.
    pub id: u32,
    /// Those that it links to.
    pub targets: Vec<u32>,
}

/// A vertex and the component that it belongs to, so far.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub struct Vertex {
    /// Its number.
    pub id: u32,
    /// The least number of a vertex that it is connected with.
    pub component: u32,
}

/// The edges of each page, in one record.
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

/// The rank of each page after so many rounds (Brin and Page, 1998): in each, a page gives 85 % of its rank to those that it links to, in equal shares, and all
/// pages share the rest. What a page without links has is lost.
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

/// The least number of a vertex that each vertex is connected with. Edges lead both ways.
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
