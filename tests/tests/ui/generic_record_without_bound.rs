use dataflow::prelude::*;

#[dataflow]
fn all<T>(records: DataSet<T>) -> DataSet<T> {
    records.distinct()
}

fn main() {}
