use dataflow::prelude::*;

#[dataflow]
fn cheapest(offers: DataSet<(u32, u64, String)>) -> DataSet<(u32, String)> {
    offers.group_by(|offer| offer.0).aggregate(|g| (g.key, g.min_by(|offer| offer.1 * 2, |offer| offer.2)))
}

fn main() {}
