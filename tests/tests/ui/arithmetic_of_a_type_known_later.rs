use dataflow::prelude::*;

#[dataflow]
fn totals(orders: DataSet<(u64, f64)>) -> DataSet<f64> {
    orders.group_by(|o| o.0).reduce_group(|g, out| {
        let mut last = None;
        for o in g {
            out.emit(last.map_or(0.0, |(a, b)| a * b));
            last = Some((o.1, o.1));
        }
    })
}

fn main() {}
