use dataflow::prelude::*;

#[dataflow]
fn dearest(offers: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    offers.group_by(|offer| offer.0).top(3, |offer| desc(offer.1 * 2))
}

fn main() {}
