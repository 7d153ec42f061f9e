//! Prints the pages of highest rank: `page_rank [GRAPH] [ROUNDS]`.
//!
//! The default graph is `rmat-16`: 2^16 pages, some of which have many links. The first run
//! generates it into `data/`.

use dataflow::prelude::*;
use examples::graph_data::{self, Graph};
use examples::graphs::{Edge, links, page_rank};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let env = Env::from_args()?;
    let graph: Graph = env.args().first().map_or("rmat-16", String::as_str).parse()?;
    let rounds = env.args().get(1).map_or(Ok(20), |rounds| rounds.parse())?;
    let path = graph_data::for_program(&env, graph)?;
    let edges: DataSet<Edge> = env.read_parquet(path.to_string_lossy())?;

    page_rank(links(edges), graph.vertices(), rounds).top(10, |p| (desc(p.rank), asc(p.id))).print();
    env.run()?;
    Ok(())
}
