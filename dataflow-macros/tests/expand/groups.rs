#[dataflow]
fn measures(items: DataSet<LineItem>, rate: Decimal) -> DataSet<Pricing> {
    items
        .group_by(|l| (l.returnflag, l.linestatus))
        .aggregate(|g| Pricing {
            returnflag: g.key.0,
            linestatus: g.key.1,
            total: g.sum(|l| l.quantity * rate) * 2,
            mean: g.sum(|l| l.quantity) / g.count(),
            again: g.sum(|l| l.quantity),
            n: g.count(),
        })
        .filter(|p| p.n > 10)
}

#[dataflow]
fn ungrouped(items: DataSet<LineItem>, scale: f64) -> DataSet<f64> {
    items.aggregate(|g| g.sum(|l| l.price * l.discount) * scale)
}

#[dataflow]
fn reduced(items: DataSet<LineItem>, by: u64) -> DataSet<LineItem> {
    let longest = items.group_by(|l| l.orderkey).reduce(|a, b| if a.n + by > b.n { a } else { b });
    longest.group_by(|l| l.day).count()
}

#[dataflow]
fn whole_flows(a: DataSet<A>, b: DataSet<A>) -> DataSet<A> {
    let both = a.union(b).distinct();
    both.project(|r| (r.x, r.y)).sort(|r| asc(r.0)).first(10)
}

#[dataflow]
fn more_measures(items: DataSet<LineItem>, limit: u64) -> DataSet<Parts> {
    items.group_by(|l| l.partkey).aggregate(|g| Parts {
        partkey: g.key,
        large: g.count_if(|l| l.quantity > limit),
        suppliers: g.count_distinct(|l| l.suppkey),
        deliveries: g.count_distinct(|l| (l.suppkey, l.day)),
        cheapest: g.min_by(|l| l.price, |l| l.suppkey),
        largest: g.max_by(|l| l.quantity * limit, |l| l.suppkey),
        name: g.first(|l| l.name),
        again: g.count_distinct(|l| l.suppkey),
    })
}

#[dataflow]
fn records_of_groups(items: DataSet<LineItem>, count: usize) -> DataSet<LineItem> {
    let by_part = items.distinct_by(|l| (l.partkey, l.suppkey)).group_by(|l| l.partkey);
    let best = by_part.top(count, |l| (desc(l.price), l.day)).union(by_part.first(count));
    best.union(by_part.min_by(|l| l.price)).union(by_part.max_by(|l| (l.price, l.day)))
}

#[dataflow]
fn whole_groups(items: DataSet<LineItem>, limit: u64) -> DataSet<(u64, u64)> {
    let by_part = items.group_by(|l| l.partkey);
    let last = by_part.sorted_by(|l| (asc(l.day), desc(l.price))).reduce_group(|g, out| {
        let mut before = None;
        'items: for l in g {
            for other in others(l) {
                if l.quantity > limit {
                    continue 'items;
                }
            }
            before = Some(l.day);
        }
        out.emit((before, limit));
    });
    last.union(by_part.reduce_group(|items, made| for LineItem { day, .. } in items { made.emit((day, 1)) }))
}

#[dataflow]
fn named_grouping(items: DataSet<LineItem>) -> (DataSet<LineItem>, DataSet<(u64, u64)>) {
    let by_order = items.group_by(|l| l.orderkey);
    (by_order.sum(|l| l.quantity), by_order.aggregate(|g| (g.key, g.count())))
}

#[dataflow]
fn both_sides(items: DataSet<LineItem>, parts: DataSet<Part>, limit: u64) -> DataSet<(u64, u64)> {
    let both = items.co_group(parts).on(|l| (l.partkey, l.suppkey), |p| (p.key, p.supplier));
    both.sorted_by(|l| asc(l.day), |p| desc(p.price)).reduce_group(|items, parts, out| {
        for l in items {
            for p in parts {
                out.emit((l.day, p.price * limit));
            }
        }
    })
}

#[dataflow]
fn folds(items: DataSet<LineItem>, scale: f64, quantile: Quantile) -> DataSet<(u64, f64, f64, u64)> {
    items.group_by(|l| l.partkey).aggregate(|g| {
        let spread = g.fold(
            Spread { least: scale, most: -scale },
            |spread, l| spread.add(l.price * scale),
            |spread, other| spread.merge(other),
        );
        (g.key, spread.range(), g.fold_with(quantile, |l| l.quantity), g.count())
    })
}

#[dataflow]
fn ungrouped_and_partial(items: DataSet<LineItem>, least: u64) -> (DataSet<LineItem>, DataSet<u64>, DataSet<u64>) {
    let largest = items.reduce(|a, b| if a.quantity + least > b.quantity { a } else { b });
    let gaps = items.sort(|l| asc(l.day)).reduce_group(|items, out| for l in items { out.emit(l.day) });
    let partial = items.group_by(|l| l.partkey).combine_group(|group, out| for l in group { out.emit(l.price) });
    (largest, gaps, partial)
}
