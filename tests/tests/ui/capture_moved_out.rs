use dataflow::prelude::*;

#[dataflow]
fn tagged(lines: DataSet<String>, tag: String) -> DataSet<String> {
    lines.map(|line| {
        let mut tagged = tag;
        tagged.push_str(line);
        tagged
    })
}

fn main() {}
