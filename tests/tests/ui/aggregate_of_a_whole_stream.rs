use dataflow::prelude::*;

#[dataflow]
fn totals(sales: DataStream<i64>) -> DataStream<(i64, u64)> {
    sales.aggregate(|g| (g.sum(|s| s), g.count()))
}

fn main() {}
