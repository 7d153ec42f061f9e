/// Counts words.
#[dataflow]
pub fn word_count(lines: DataSet<String>, min: usize) -> DataSet<WordCount> {
    lines
        .flat_map(|line| {
            line.to_lowercase().split_whitespace().map(|word| WordCountRef { word, count: 1 })
        })
        .filter(|w| w.word.len() > min)
        .group_by(|w| w.word)
        .sum(|w| w.count)
}

#[dataflow]
fn arms_of_twin_and_owned(words: DataSet<WordCount>) -> DataSet<WordCount> {
    words.map(|w| if w.count > 1 { w } else { WordCount { word: w.word.to_uppercase(), count: 0 } })
}

#[dataflow]
fn nested_tails(words: DataSet<WordCount>) -> DataSet<u64> {
    words.map(|w| {
        let half = w.count / 2;
        match half {
            0 => panic!("empty"),
            1 => {
                if w.word.is_empty() { 0 } else { 1 }
            }
            n => n,
        }
    })
}

#[dataflow]
fn early_return(lines: DataSet<String>) -> DataSet<u64> {
    lines.map(|line| {
        if line.is_empty() {
            return 0;
        }
        line.len() as u64
    })
}

#[dataflow]
fn numbers(lines: DataSet<String>) -> DataSet<u64> {
    lines.try_map(|line| Ok(line.parse::<u64>()?)).filter(|n| n.is_power_of_two())
}

#[dataflow]
fn fallible(lines: DataSet<String>) -> DataSet<u64> {
    let parsed = lines.try_filter(|line| valid(line)).try_map(|line| line.parse::<u64>());
    let checked = parsed.try_map(|n| if n > 3 { Ok(n) } else { Err(Small(n)) });
    checked.try_flat_map(|n| {
        if n == 0 {
            return Err(Small(n));
        }
        Ok(0..n)
    })
}

#[dataflow]
fn options(lines: DataSet<String>) -> DataSet<String> {
    let words = lines.filter_map(|line| line.split(' ').next());
    words.filter_map(|w| if w.is_empty() { None } else { Some(w.trim()) })
}

#[dataflow]
fn functions_in_place_of_closures(lines: DataSet<String>, parse: fn(&str) -> u64) -> DataSet<u64> {
    lines.filter(crate::text::is_valid).map(parse)
}

#[dataflow]
fn names_do_not_collide(lines: DataSet<String>, out: u64) -> DataSet<(u64, u64)> {
    lines.map(|line| (line.len() as u64, out))
}
