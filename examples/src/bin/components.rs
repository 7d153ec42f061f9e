//! Prints the largest connected components of a graph: `components [GRAPH]`.
//!
//! The default graph is `rmat-16`: 2^16 vertices, some of which have many edges. `grid-1000` is a
//! square of 1,000 × 1,000 vertices. The first run generates the graph into `data/`.

use dataflow::prelude::*;
use examples::graph_data::{self, Graph};
use examples::graphs::{Edge, Vertex, components};

/// A component and its number of vertices.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Component {
    id: u32,
    vertices: u64,
}

/// Adds the reverse of each edge.
#[dataflow]
fn both_ways(edges: DataSet<Edge>) -> DataSet<Edge> {
    edges.flat_map(|e| [e, Edge { source: e.target, target: e.source }])
}

#[dataflow]
fn largest(vertices: DataSet<Vertex>) -> DataSet<Component> {
    let components = vertices.group_by(|v| v.component).aggregate(|g| Component { id: g.key, vertices: g.count() });
    components.top(10, |c| (desc(c.vertices), asc(c.id)))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args()?;
    let graph: Graph = env.args().first().map_or("rmat-16", String::as_str).parse()?;
    let path = graph_data::for_program(&env, graph)?;
    let edges: DataSet<Edge> = env.read_parquet(path.to_string_lossy())?;
    let vertices = env.collection((0..graph.vertices()).map(|id| Vertex { id, component: id }))?;

    largest(components(vertices, both_ways(edges))).print();
    env.run()?;
    Ok(())
}
