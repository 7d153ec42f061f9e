use dataflow::prelude::*;

#[dataflow]
fn large(offers: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    offers.group_by(|offer| offer.0).aggregate(|g| (g.key, g.count_if(|offer| offer.1)))
}

fn main() {}
