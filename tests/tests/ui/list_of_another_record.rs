use dataflow::prelude::*;

#[derive(Record, Clone, Debug)]
struct Item {
    name: String,
}

#[derive(Record, Clone, Debug)]
struct Order {
    id: u64,
    items: Vec<Item>,
}

#[dataflow]
fn orders(ids: DataSet<u64>) -> DataSet<Order> {
    ids.map(|id| OrderRef { id, items: List::from(&vec![("tea", 1u32)]) })
}

fn main() {}
