use dataflow::prelude::*;

#[dataflow]
fn least(lists: DataSet<(u64, Vec<u8>)>) -> DataSet<(u64, u64)> {
    lists.group_by(|list| list.0).aggregate(|g| (g.key, g.min(|list| list.1).len() as u64))
}

fn main() {}
