use dataflow::prelude::*;

#[derive(Record, Clone)]
struct Hit {
    url: String,
    bytes: u64,
}

type Hits = DataSet<Hit>;

#[dataflow]
fn large(hits: Hits) -> DataSet<(String, u64)> {
    let large = hits.filter(|h| h.bytes > 1_000);
    large.group_by(|h| h.url).aggregate(|g| (g.key, g.sum(|h| h.bytes))).sort(|s| desc(s.1))
}

fn main() {}
