//! A part of a key that is a tuple itself.
use dataflow::prelude::*;

#[dataflow]
fn same(left: DataSet<(u64, u32, String)>, right: DataSet<(u64, u32, String)>) -> DataSet<(u64, u32, String)> {
    left.semi_join(right).on(|l| (l.0, (l.1, l.2)), |r| (r.0, (r.1, r.1)))
}

fn main() {}
