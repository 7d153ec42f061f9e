#[dataflow]
fn values_are_seen_as_twins(lines: DataSet<String>, known: Known) -> DataSet<(String, u64)> {
    lines
        .map(|l| l.to_uppercase())
        .filter(|l| known.contains(l))
        .map(|l| (l, 1u64))
        .filter(|(word, n)| word.len() > n)
        .map(|(word, n)| (word, n + 1))
}

#[dataflow]
fn hidden_names(items: DataSet<LineItem>, price: f64) -> DataSet<f64> {
    items
        .map(|l| {
            let price = l.price * 2.0;
            price
        })
        .filter(|p| p.fract() > price)
}

#[dataflow]
fn branches(words: DataSet<WordCount>) -> DataSet<WordCount> {
    words.map(|w| if w.count > 1 { w } else { owned(w) }).filter(|w| w.count > 1)
}

#[dataflow]
fn too_many_branches(words: DataSet<WordCount>) -> DataSet<WordCount> {
    words
        .map(|w| match w.count {
            0 => a(w),
            1 => b(w),
            2 => c(w),
            3 => d(w),
            _ => w,
        })
        .filter(|w| w.count > 1)
}

#[dataflow]
fn options_of_options(lines: DataSet<String>) -> DataSet<u64> {
    lines
        .filter_map(|l| {
            let word = l.split(' ').next()?;
            Some(word.trim())
        })
        .filter_map(|word| if word.is_empty() { None } else { Some(word.len() as u64) })
        .flat_map(|n| 0..n)
}
