use dataflow::prelude::*;

#[dataflow]
fn dearest(offers: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    offers.group_by(|offer| offer.0).top(3, |offer| if offer.1 > 3 { desc(offer.1) } else { offer.1 })
}

fn main() {}
