use dataflow::prelude::*;

#[dataflow]
fn prices(offers: DataSet<(String, f64)>) -> DataSet<(String, f64)> {
    offers.distinct_by(|offer| offer.1)
}

fn main() {}
