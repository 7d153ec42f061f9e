#[dataflow]
fn running(sales: DataSet<Sale>, first: i64) -> DataSet<(u64, i64)> {
    sales
        .filter(|s| s.amount > 0)
        .map(|s| (s.id, s.amount))
        .map_with(
            |task| first + task.index as i64,
            |sum, s| {
                *sum += s.1;
                (s.0, *sum)
            },
        )
        .filter(|s| s.1 > first)
        .try_map(|s| checked(s))
}

#[dataflow]
fn words(lines: DataSet<Line>) -> DataSet<String> {
    lines.flat_map_with(Splitter::open, |splitter, line| splitter.words(line.text))
}

#[dataflow]
fn changes(sales: DataSet<Sale>) -> DataSet<u64> {
    sales.partition_by(|s| s.key).sort_partition(|s| (asc(s.key), desc(s.day))).filter_map_with(
        |_| None,
        |last, Sale { key, id, .. }| match last.replace(key) {
            Some(before) if before == key => None,
            _ => Some(id),
        },
    )
}

#[dataflow]
fn by_parity(sales: DataSet<Sale>, parts: u64) -> DataSet<Sale> {
    sales.rebalance().partition_with(|s| s.id % parts)
}

#[dataflow]
fn pairs(sales: DataSet<Sale>, least: u64) -> DataSet<u64> {
    sales
        .map_partition(|records, out| {
            for sale in records {
                out.emit(sale.id.max(least));
            }
        })
        .filter(|id| id > least)
}

#[dataflow]
fn some(sales: DataSet<Sale>, seed: u64) -> DataSet<(u64, Sale)> {
    sales.sample(0.1, seed).sample_n(100, seed).zip_with_index()
}

#[dataflow]
fn parsed(lines: DataSet<Line>, separator: char) -> DataSet<u64> {
    lines
        .filter_with(|_| Seen::default(), |seen, line| seen.insert(line.number))
        .try_filter_with(Rules::load, |rules, line| rules.allow(line.text))
        .try_flat_map_with(
            |task| {
                let parser = Parser::open(task.index)?;
                Ok(parser)
            },
            |parser, line| parser.fields(line.text, separator),
        )
        .try_filter_map(|field| match field.len() {
            0 => Ok(None),
            _ => field.parse::<u64>().map(Some),
        })
        .map_with(|_| 0, |sum, n| { *sum += n; *sum })
        .try_map(|n| checked(n))
}
