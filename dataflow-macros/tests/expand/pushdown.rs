#[dataflow]
fn below_a_map(sales: DataSet<Sale>, least: u64) -> DataSet<Row> {
    sales
        .map(|s| Row { id: s.order.id, twice: s.amount * 2, name: s.name })
        .filter(|r| r.id > least && r.twice > 10 && r.name.starts_with("a"))
        .map(|r| Row { twice: 0, ..r })
        .filter(|r| r.name != "ab")
}

#[dataflow]
fn to_the_sides_of_a_join(items: DataSet<Item>, orders: DataSet<Order>, day: Date) -> DataSet<(u64, u64)> {
    items
        .join(orders)
        .on(|l| l.order, |o| o.id)
        .filter(|l, o| l.shipped > day && (o.day < day || o.open) && l.price > o.price)
        .map(|l, o| (o.id, l.price))
        .filter(|(id, price)| price > 3 && id != 7)
}

#[dataflow]
fn below_an_outer_join(items: DataSet<Item>, orders: DataSet<Order>) -> DataSet<(u64, Option<u64>)> {
    items
        .map(|l| Item { price: l.price + 1, ..l })
        .left_join(orders)
        .on(|l| l.order, |o| o.id)
        .map(|l, o| (l.order, o.map(|o| o.id)))
        .filter(|p| p.0 > 3)
        .filter(|p| p.1.is_none())
}

/// Filters stay that may fail or would move past a side effect.
#[dataflow]
fn not_moved(sales: DataSet<Sale>, seen: Counter, least: u64) -> DataSet<Row> {
    let guarded = sales.map(|s| Row { id: s.id, twice: s.amount }).filter(|r| r.id > 0 && 10 / r.id > least);
    let counted = sales.map(|s| { seen.add(1); Row { id: s.id, twice: 2 } }).filter(|r| r.id > 0);
    let checked = sales.try_map(|s| checked(s).map(|twice| Row { id: s.id, twice })).filter(|r| r.id > 0);
    let hidden = sales
        .map(|s| {
            let s = other(s);
            Row { id: s.id, twice: 1 }
        })
        .filter(|r| r.id > 0);
    let either = sales.map(|s| if s.old { Row { id: s.id, twice: 1 } } else { Row { id: s.other, twice: 1 } });
    guarded.union(counted).union(checked).union(hidden).union(either.filter(|r| r.id > 0))
}

/// Statement macros of the standard library bind no names. Printing is a side effect.
#[dataflow]
fn after_statements(sales: DataSet<Sale>, least: u64) -> DataSet<Row> {
    let checked = sales
        .map(|s| {
            assert!(s.amount > 0, "{}", s.id);
            Row { id: s.id, twice: s.amount }
        })
        .filter(|r| r.id > least);
    let shown = sales
        .map(|s| {
            println!("{}", s.id);
            Row { id: s.id, twice: s.amount }
        })
        .filter(|r| r.id > least);
    checked.union(shown)
}
