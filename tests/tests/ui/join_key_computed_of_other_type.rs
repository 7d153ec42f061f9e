use dataflow::prelude::*;

#[dataflow]
fn named(sales: DataSet<(u32, i64)>, names: DataSet<(u64, String)>) -> DataSet<(String, i64)> {
    sales.join(names).on(|sale| sale.0 / 10, |name| name.0).map(|sale, name| (name.1, sale.1))
}

fn main() {}
