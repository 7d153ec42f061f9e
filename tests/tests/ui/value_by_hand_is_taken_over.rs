use dataflow::prelude::*;
use dataflow::{Record as IsRecord, Value};

#[derive(Record, Clone, Copy, Debug)]
struct Row {
    id: u64,
}

struct Next {
    id: u64,
}

impl Value for Next {
    type Record = Row;
    fn twin(&self) -> <Row as IsRecord>::At<'_> {
        Row { id: self.id + 1 }
    }
}

#[dataflow]
fn next(rows: DataSet<Row>) -> DataSet<Row> {
    rows.map(|r| Next { id: r.id }).filter(|r| r.id > 3)
}

fn main() {}
