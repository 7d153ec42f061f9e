//! A computed key whose type comes from a literal.
use dataflow::prelude::*;

#[dataflow]
fn named(sales: DataSet<(u64, i64)>, names: DataSet<(String, String)>) -> DataSet<(String, i64)> {
    sales.join(names).on(|sale| sale.0, |name| name.0.parse().unwrap_or(0)).map(|sale, name| (name.1, sale.1))
}

fn main() {}
