//! Keys and orders: fields stay symbols, and computed parts become closures over records.

#[dataflow]
fn groups(orders: DataSet<Order>, width: i64, least: i64) -> DataSet<(i32, u64)> {
    let plain = orders.group_by(|o| (o.custkey, o.home.zip)).count();
    let whole = orders.group_by(|o| o).count();
    let widths = orders.group_by(|o| o.amount / width).aggregate(|g| (g.key, g.sum(|o| o.tax)));
    let branches = orders.group_by(|o| { let x = o.amount; if x < least { o.name } else { "rest" } }).count();
    let parts = orders.distinct_by(|(a, b)| (a, b.len()));
    keep(plain, whole, widths, branches, parts);
    orders.group_by(|o| o.day.month()).count()
}

#[dataflow]
fn joins(orders: DataSet<Order>, items: DataSet<Item>) -> DataSet<Order> {
    let named = orders.join(items).on(|o| o.id, |i| i.code.trim()).map(|o, i| (o.day, i.price));
    keep(named);
    orders.semi_join(items).on(|o| o.day.month(), |i| i.month)
}

#[dataflow]
fn orders(items: DataSet<Item>) -> DataSet<Item> {
    let plain = items.sort(|i| (desc(i.price), i.id));
    let one = items.top(3, |i| desc(i.price * i.count));
    let ascending = items.sort_partition(|i| i.name.len());
    keep(plain, one, ascending);
    items.group_by(|i| i.id).sorted_by(|i| { let net = i.price - i.tax; (desc(net), i.id) }).first(1)
}
