use dataflow::prelude::*;

#[dataflow]
fn cheapest(offers: DataSet<(u32, u64)>) -> DataSet<(u32, u64)> {
    offers.group_by(|offer| offer.0).aggregate(|g| (g.key, g.min_by(|offer| offer.1)))
}

fn main() {}
