use dataflow::prelude::*;

#[dataflow]
fn first_words(lines: DataSet<String>) -> DataSet<String> {
    lines.map(|line| {
        if line.is_empty() {
            return "";
        }
        let lower = line.to_lowercase();
        lower.trim()
    })
}

fn main() {}
