use dataflow::prelude::*;

#[dataflow]
fn texts(words: DataSet<(u32, String)>) -> DataSet<String> {
    words.group_by(|w| w.0).reduce_group(|group, out| {
        let mut all = Vec::new();
        for w in group {
            all.push(w.1);
        }
        out.emit(all.join(" "));
    })
}

fn main() {}
