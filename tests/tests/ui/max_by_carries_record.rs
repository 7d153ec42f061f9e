use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Seller {
    name: String,
    city: String,
}

#[dataflow]
fn dearest(offers: DataSet<(u32, u64, Seller)>) -> DataSet<(u32, Seller)> {
    offers.group_by(|offer| offer.0).aggregate(|g| (g.key, g.max_by(|offer| offer.1, |offer| offer.2)))
}

fn main() {}
