use dataflow::prelude::*;

struct Limits {
    length: usize,
}

impl Limits {
    #[dataflow]
    fn long_lines(&self, lines: DataSet<String>) -> DataSet<String> {
        lines.filter(|line| line.len() > self.length)
    }
}

fn main() {}
