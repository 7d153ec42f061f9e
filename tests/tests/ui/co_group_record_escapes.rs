use dataflow::prelude::*;

#[dataflow]
fn texts(words: DataSet<(u32, String)>, more: DataSet<(u32, String)>) -> DataSet<String> {
    words.co_group(more).on(|w| w.0, |m| m.0).reduce_group(|words, more, out| {
        let mut all = Vec::new();
        for w in words {
            out.emit(w.1);
        }
        for m in more {
            all.push(m.1);
        }
        out.emit(all.join(" "));
    })
}

fn main() {}
