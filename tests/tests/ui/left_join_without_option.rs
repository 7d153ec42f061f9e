use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Sale {
    item: u64,
    amount: i64,
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Item {
    id: u64,
    weight: i64,
}

#[dataflow]
fn weights(sales: DataSet<Sale>, items: DataSet<Item>) -> DataSet<(u64, i64)> {
    sales.left_join(items).on(|s| s.item, |i| i.id).map(|s, i| (s.item, i.weight))
}

fn main() {}
