use dataflow::prelude::*;

#[dataflow]
fn visitors(visits: DataStream<(String, u64)>) -> UpdateStream<(String, u64)> {
    visits.group_by(|v| v.0).aggregate(|g| (g.key, g.count_distinct(|v| v.1)))
}

fn main() {}
