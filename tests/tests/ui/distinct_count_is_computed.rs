use dataflow::prelude::*;

#[dataflow]
fn prices(offers: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    offers.group_by(|offer| offer.0).aggregate(|g| (g.key, g.count_distinct(|offer| offer.1 / 10)))
}

fn main() {}
