#[dataflow]
fn shared_sums(items: DataSet<LineItem>) -> DataSet<(u64, f64, f64, u64)> {
    items.group_by(|l| l.partkey).aggregate(|g| (g.sum(|l| l.price), g.avg(|l| l.price), g.avg(|l| l.tax), g.count()))
}

#[dataflow]
fn fields_and_closures(items: DataSet<LineItem>, rate: u64) -> DataSet<Parts> {
    items.group_by(|l| l.partkey).aggregate(|g| Parts {
        first_day: g.min(|l| l.day),
        name: g.max(|(name, _)| name),
        dearest: g.max(|l| l.price * rate),
        commented: g.count(|l| l.comment),
        n: g.count(),
        spread: g.stddev(|l| l.price),
    })
}

#[dataflow]
fn quantiles(items: DataSet<LineItem>, share: f64, rate: u64) -> DataSet<Parts> {
    items.group_by(|l| l.partkey).aggregate(|g| Parts {
        name: g.first(|l| l.name),
        median: g.median(|l| l.price * rate),
        high: g.percentile(share, |l| l.price * rate),
        other: g.percentile(0.1, |l| l.tax),
        n: g.count(),
    })
}
