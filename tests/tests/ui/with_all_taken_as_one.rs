use dataflow::prelude::*;

#[derive(Record, Clone, Copy)]
struct Rate {
    percent: i64,
}

#[dataflow]
fn rated(sales: DataSet<i64>, rates: DataSet<Rate>) -> DataSet<i64> {
    sales.with_all(rates).map(|s, rate| s * rate.percent)
}

fn main() {}
