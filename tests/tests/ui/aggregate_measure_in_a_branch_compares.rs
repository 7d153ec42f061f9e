use dataflow::prelude::*;

#[derive(Record, Clone, Copy)]
struct Ratio {
    over: i64,
    under: i64,
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Ratio) -> bool {
        self.over / self.under == other.over / other.under
    }
}

#[dataflow]
fn totals(orders: DataSet<(u32, Ratio)>, one: Ratio) -> DataSet<(u32, u64)> {
    orders.group_by(|o| o.0).aggregate(|g| (g.key, if g.count() > 100 { g.count_if(|o| o.1 == one) } else { 0 }))
}

fn main() {}
