#[dataflow]
fn conjuncts(items: DataSet<LineItem>, day: Date, limit: Limit) -> DataSet<LineItem> {
    let some = items
        .filter(|l| l.shipdate > day && 24 >= l.quantity && (5..=7).contains(&l.discount) && l.n > limit.n)
        .filter(|l| {
            let x = l.n;
            x > 3 && x < 7
        });
    some.filter(|(a, b)| a > 1 && b > 2).filter(|l| day.is_past() && l.n != 0 && 10 / l.n > 2)
}

#[dataflow]
fn conditions(items: DataSet<LineItem>) -> DataSet<LineItem> {
    items.map(|l| LineItem { n: l.n + 1, ..l }).filter(|l| l == LineItem { n: 1 }).map(|l| l)
}
