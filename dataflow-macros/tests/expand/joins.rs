#[dataflow]
fn shipping_priority(
    customers: DataSet<Customer>,
    orders: DataSet<Order>,
    items: DataSet<LineItem>,
    segment: String,
    day: Date,
) -> DataSet<Revenue> {
    let building = customers.filter(|c| c.mktsegment == segment);
    let open = orders.filter(|o| o.orderdate < day).semi_join(building).on(|o| o.custkey, |c| c.custkey);
    items
        .filter(|l| l.shipdate > day)
        .join(open)
        .on(|l| l.orderkey, |o| o.orderkey)
        .map(|l, o| Revenue {
            orderkey: o.orderkey,
            orderdate: o.orderdate,
            revenue: l.extendedprice * (1 - l.discount),
        })
        .group_by(|r| (r.orderkey, r.orderdate))
        .sum(|r| r.revenue)
        .top(10, |r| (desc(r.revenue), asc(r.orderdate)))
}

#[dataflow]
fn filtered_pairs(left: DataSet<L>, right: DataSet<R>, l: u64) -> DataSet<(u64, u64)> {
    let same = left.join(right).on(|a| a.id, |b| b.id).filter(|a, b| a.n > b.n).filter_map(|a, b| a.pair(b));
    let other = same.join(right.filter(|r| r.n > l)).on(|s| s.0, |r| r.id);
    other.filter(|s, r| s.1 > r.n).filter(|(a, b), _| a > b).map(|x, y| (x.0, y.n + l)).filter(|p| p.0 > 3)
}

#[dataflow]
fn no_closure(left: DataSet<L>, right: DataSet<R>) -> Joined<L, R, Bounded> {
    left.join(right).on(|a| a.id, |b| b.id)
}

#[dataflow]
fn missing_sides(left: DataSet<L>, right: DataSet<R>) -> DataSet<(u64, Option<u64>)> {
    let named = left.left_join(right).on(|a| a.id, |b| b.id).filter(|_, b| b.is_none()).map(|a, b| (a.n, b.map(|b| b.n)));
    named.full_join(right).hint(Repartition).on_nulls_equal(|a| a.1, |b| b.m).map(|a, b| match b {
        Some(b) => (b.id, a.map_or(None, |a| a.1)),
        None => (0, None),
    })
}

#[dataflow]
fn in_bands(sales: DataSet<Sale>, bands: DataSet<Band>, rates: DataSet<Rate>, least: i64) -> DataSet<(u64, u64)> {
    let banded = sales.with_all(bands).filter(|s, bands| s.amount > least && !bands.is_empty()).map(|s, bands| band(s, bands));
    banded.with_all(rates).init(|rates| Table::new(rates, least)).try_map(|s, table| table.look_up(s.day).map(|rate| (s.id, rate)))
}
