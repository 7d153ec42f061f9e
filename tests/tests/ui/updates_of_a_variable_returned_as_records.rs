use dataflow::prelude::*;

#[dataflow]
fn totals(sales: DataStream<(String, i64)>) -> DataStream<(String, i64)> {
    let paid = sales.filter(|s| s.1 > 0);
    let by_name = paid.group_by(|s| s.0);
    by_name.aggregate(|g| (g.key, g.sum(|s| s.1)))
}

fn main() {}
