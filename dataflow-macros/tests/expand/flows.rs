#[dataflow]
fn flow_expressions(env: &Env, name: Option<&str>, pairs: Vec<u64>) -> dataflow::Result<DataSet<u64>> {
    let lines = env.read_text("a.txt")?;
    let (short, long) = (lines.filter(|l| l.len() < 10), lines.filter(|l| l.len() >= 10));
    let length = name.map(|name| name.len()).unwrap_or(0);
    let counts = count_words(short, length);
    let more = helpers::refine(counts.map(|c| c + 1), &long);
    let marked = flow!(library(pairs)).map(|x| x);
    let chosen = if length > 3 { counts.union(more) } else { marked };
    for pair in pairs {
        println!("{pair}");
        chosen.filter(|n| n.is(pair)).print();
    }
    let same = chosen;
    both(same, env.collection([1u64, 2])).write_csv("out.csv");
    Ok(same.map(|n| format!("{n} {length:>3}")))
}

#[dataflow]
fn split(lines: dataflow::DataStream<String>) -> (DataStream<String>, DataStream<String>) {
    let upper = lines.my_own_operator(|l| l.is_upper()).filter(|l| l.is_upper());
    (upper, lines)
}

dataflow! {
    let words = lines.flat_map(|line| line.split(' ').filter(|w| w.len() > minimum));
    count(words).filter(|c| c.n > LIMIT && c.n < helper(c)).write_csv("x.csv")
}
