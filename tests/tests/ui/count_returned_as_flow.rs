use dataflow::prelude::*;

#[dataflow]
fn known(visits: DataSet<(u64, String)>, users: DataSet<u64>) -> DataSet<u64> {
    visits.semi_join(users).on(|v| v.0, |u| u).count()
}

fn main() {}
