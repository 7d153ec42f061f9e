//! The pages that most links lead to: `page_rank [GRAPH] [ROUNDS]`. The graph is `rmat-16` unless it is said: 2^16 pages, of which some have many links. It is
//! generated into `data/` the first time.

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
