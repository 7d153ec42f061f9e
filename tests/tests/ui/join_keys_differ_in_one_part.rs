//! Keys of two fields, of which the second has another type than its counterpart.
use dataflow::prelude::*;

#[derive(Record, Clone, Copy)]
struct Sale {
    item: u64,
    shop: u32,
    amount: i64,
}

#[derive(Record, Clone, Copy)]
struct Price {
    item: u64,
    shop: u64,
    cents: i64,
}

#[dataflow]
fn revenue(sales: DataSet<Sale>, prices: DataSet<Price>) -> DataSet<i64> {
    let priced = sales.join(prices).on(|s| (s.item, s.shop), |p| (p.item, p.shop));
    priced.map(|s, p| s.amount * p.cents)
}

fn main() {}
