use dataflow::prelude::*;

#[dataflow]
fn long(texts: DataSet<String>) -> DataSet<String> {
    texts.filter_with(|text| text.len() > 3)
}

fn main() {}
