use dataflow::prelude::*;

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Sale {
    item: u32,
    amount: i64,
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Item {
    id: u64,
}

#[dataflow]
fn unsold(items: DataSet<Item>, sales: DataSet<Sale>) -> DataSet<Item> {
    items.anti_join(sales).on(|i| i.id, |s| s.item)
}

fn main() {}
