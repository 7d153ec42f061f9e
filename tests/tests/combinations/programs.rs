// Written by the generator: see `harness`.

#[dataflow]
fn p0(
    items: DataSet<Event>,
    others: DataSet<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Wide> {
    items
        .try_filter(|r| Ok::<_, std::fmt::Error>(r.value > -0))
        .try_filter(|r| Ok::<_, std::fmt::Error>(r.value > -16))
        .map_partition(|records, out| { for r in records { out.emit(WideRef { id: r.key, key: (r.id % 31) * (r.id % 7), at: r.at, text: "", note: None::<&str>, maybe: (r.at > Timestamp::from_micros(29_000_000)).then_some(r.id), other: (r.id % 5 != 1).then_some(33u64), flag: r.id <= 215, sign: r.key % 5 != 1 && r.id % 5 != 1, value: ((r.id) % 100) as i64 - 40, cost: ((r.id) % 100) as i64 - 40, share: ((r.id) % 1000) as f64 / 4.0, name: "a", n1: (r.id % 31) * (r.key % 7), n2: 11u64, n3: r.key, n4: r.id, n5: if r.at > Timestamp::from_micros(21_000_000) { r.id } else { r.id }, n6: r.value.unsigned_abs() % 97, n7: (r.key % 31) * (r.key % 7) }); } })
}

fn run_p0(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p0(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p1(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, i64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .try_filter_map(|r| Ok::<_, std::fmt::Error>(if r.value > -19 && r.id % 5 != 3 { Some(Event { at: r.at, ..r }) } else { None }))
        .group_by(|r| (r.id, r.key, r.at)).max(|r| r.value)
        .updates()
        .map(|r| (if r.key % 5 != 0 { r.key } else { 8u64 }, r.value))
        .try_filter_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(r.0 % 5 != 2) })
        .partition_with(|r| (r.0 % 31) * (r.0 % 7))
        .map(|r| (r.0, r.1))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p1(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p1(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p2(
    items: DataSet<Item>,
    others: DataSet<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let prepared = others
        .rebalance();
    items
        .group_by(|r| r.value).sorted_by(|r| (asc(r.at), r.text, asc(r.value), r.id, desc(r.key))).combine_group(|group, out| { for r in group { out.emit(r); } })
        .group_by(|r| (r.key, r.id)).sorted_by(|r| (desc(r.text), asc(r.key), r.id, desc(r.at), desc(r.value))).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.id % 1_000; } out.emit((count, sum)); })
        .min_by(|r| r.1)
        .cross_with_huge(one).filter_map(|l, r| if l.1 % 5 != 1 && r.0 % 5 != 3 { Some(Event { id: if r.1 <= 200 { 12u64 } else { l.0 }, key: 3u64, value: ((r.0) % 100) as i64 - 40, at: Timestamp::from_micros(7) }) } else { None })
        .map_partition(|records, out| { for r in records { out.emit(ItemRef { id: r.key, key: (r.value > -2).then_some(r.id), value: r.value, text: "", at: r.at }); } })
        .cross_with_tiny(prepared).filter_map(|l, r| if (l.text.len() > 4 || r.key <= 222) { Some(r.text.len() as u64 % 50) } else { None })
        .group_by(|r| r).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r % 1_000; } out.emit((count, sum)); })
}

fn run_p2(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p2(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p3(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataStream<Item> {
    items
        .project(|r| (r.key, r.id, r.value))
        .first(1000000)
        .zip_with_unique_id()
        .try_flat_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>([(14u64, r.1.1), ((r.1.0 % 31) * (r.1.1 % 7), r.1.0)]) })
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([ItemRef { id: 20u64, key: (r.1 % 5 != 4).then_some(r.0), value: ((r.0) % 100) as i64 - 40, text: "a", at: Timestamp::from_micros(7) }, ItemRef { id: r.0, key: (r.1 > 3).then_some((r.1 % 31) * (r.0 % 7)), value: ((r.0) % 100) as i64 - 40, text: "longer than twelve bytes", at: Timestamp::from_micros(7) }]))
        .first(1000000)
}

fn run_p3(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p3(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p4(
    items: DataSet<Wide>,
    others: DataSet<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, Timestamp)> {
    items
        .project(|r| (r.value, r.name, r.text))
        .group_by(|r| r.0).aggregate(|g| (g.key, g.max(|r| (22u64 + 18u64) % 41)))
        .top(6, |r| (r.0, r.1))
        .sample(1.0, 7)
        .map_with(|_| 0u64, |state, r| { *state += 1; ItemRef { id: r.1, key: (r.1 % 5 != 4).then_some(r.1), value: r.0, text: "longer than twelve bytes", at: Timestamp::from_micros(7) } })
        .aggregate(|g| (g.count(), g.min(|r| r.at)))
        .distinct_by(|r| r.0)
}

fn run_p4(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p4(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p5(
    items: DataSet<Wide>,
    others: DataSet<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    items
        .rebalance()
        .group_by(|r| r.n3).count()
        .partition_by(|r| r.1 % 17)
        .iterate(4, |ns| ns.try_filter(|r| Ok::<_, std::fmt::Error>(((r.1 > 4 || r.0 > 22) || r.1 % 5 != 4))).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); }).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.0 % 1_000; } out.emit((count, sum)); }).cross(items).try_map(|l, r| Ok::<_, std::fmt::Error>(((r.n7 % 31) * (r.id % 7), r.n2))).union(one).anti_join(one).on(|l| l.0, |r| r.1).rebalance())
}

fn run_p5(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p5(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p6(
    items: DataSet<u64>,
    others: DataSet<u64>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let flow1 = items
        .flat_map(|r| [WideRef { id: if r > 18 { r } else { 4u64 }, key: r, at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (r > 26).then_some(r), other: (r > 2).then_some(9u64), flag: (r % 5 != 1 || r % 5 != 1), sign: r % 5 != 0, value: ((r) % 100) as i64 - 40, cost: ((r) % 100) as i64 - 40, share: ((0u64) % 1000) as f64 / 4.0, name: "a", n1: 30u64, n2: r, n3: r, n4: 15u64, n5: r, n6: r, n7: 9u64 }, WideRef { id: 38u64, key: 5u64, at: Timestamp::from_micros(7), text: "", note: None::<&str>, maybe: (r % 5 != 0).then_some(r), other: (r % 5 != 3).then_some(20u64), flag: r <= 219 && r % 5 != 4, sign: r % 5 != 2, value: ((r) % 100) as i64 - 40, cost: ((r) % 100) as i64 - 40, share: ((r) % 1000) as f64 / 4.0, name: "longer than twelve bytes", n1: 12u64, n2: r, n3: r, n4: (6u64 + r) % 41, n5: r, n6: r, n7: 6u64 }])
        .co_group(one).on(|l| l.n5, |r| r.1).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64)));
    flow1
}

fn run_p6(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p6(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p7(
    items: DataStream<Item>,
    others: DataStream<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Item> {
    items
        .rebalance()
        .group_by(|r| (r.id, r.key, r.text, r.at)).sum(|r| r.value)
}

fn run_p7(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p7(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p8(
    items: DataSet<(u64, u64)>,
    others: DataSet<(u64, u64)>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let flow1 = items
        .min_by(|r| r.0)
        .group_by(|r| r.0).avg(|r| r.1)
        .group_by(|r| r.0).aggregate(|g| (g.key, g.count_distinct(|r| r.0), g.max(|r| (r.0 % 31) * (r.0 % 7)), g.sum(|r| r.0)))
        .anti_join(items).on(|l| (l.3, l.2), |r| (r.0, r.1));
    let flow2 = flow1
        .group_by(|r| (r.0, r.1)).reduce(|a, b| if (a.0, a.1, a.2, a.3) < (b.0, b.1, b.2, b.3) { b } else { a })
        .group_by(|r| (r.1, r.2)).max_by(|r| r.3);
    flow2
        .try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.2 % 1_000; } out.emit((count, sum)); Ok(()) })
}

fn run_p8(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p8(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p9(
    items: DataSet<Item>,
    others: DataSet<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let prepared = others
        .union(others);
    let set1 = items
        .map(|r| (r.id, r.text.len() as u64 % 50)).group_by(|p| p.0).min(|p| p.1);
    let flow2 = set1
        .iterate_delta(set1, |p| p.0, 0, |known, ns| { let better = ns.max_by(|r| r.1).left_join(prepared).on(|l| l.1, |r| r.id).flat_map(|l, r| [ItemRef { id: r.map_or(-7, |r| r.value).unsigned_abs() % 97, key: r.and_then(|r| r.key), value: r.map_or(-7, |r| r.value), text: "", at: r.map_or(Timestamp::from_micros(7), |r| r.at) }, ItemRef { id: l.0, key: (r.map_or(-7, |r| r.value) > -21).then_some(l.0), value: ((r.map_or(7, |r| r.id)) % 100) as i64 - 40, text: r.map_or("none", |r| r.text), at: r.map_or(Timestamp::from_micros(7), |r| r.at) }]).map(|r| (r.text.len() as u64 % 50, r.id)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) });
    flow2
        .try_filter(|r| { seen.add(1); Ok::<_, std::fmt::Error>(((r.0 <= 207 || r.0 % 5 != 2) || (r.1 > 1 || r.0 % 5 != 0))) })
        .sort_partition(|r| (desc(r.1), desc(r.0)))
}

fn run_p9(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p9(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p10(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, String)> {
    items
        .sample(1.0, 7)
        .rebalance()
        .try_flat_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>([(r.text.len() as u64 % 50, r.text), ((r.id + r.id) % 41, r.text)]) })
        .group_by(|r| r.1).max(|r| r.0)
}

fn run_p10(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p10(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p11(
    items: DataSet<Event>,
    others: DataSet<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let flow1 = items
        .semi_join(few).on_nulls_equal(|l| l.id, |r| r);
    let set2 = flow1
        .map(|r| (16u64, (r.key % 31) * (r.key % 7))).group_by(|p| p.0).min(|p| p.1);
    let flow3 = set2
        .iterate_delta(set2, |p| p.0, 5, |known, ns| { let better = ns.group_by(|r| r.0 % 10).sorted_by(|r| (asc(r.0), asc(r.1))).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); Ok(()) }).co_group(flow1).on(|l| l.0, |r| r.key).sorted_by(|l| (l.0, asc(l.1)), |r| (asc(r.key), r.at, r.value, asc(r.id))).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64))).group_by(|r| r.1).max(|r| r.0).group_by(|r| (r.1, r.0)).top(2, |r| (r.0, desc(r.1))).filter(|r| r.0 <= 203).anti_join(flow1).hint(Repartition).on(|l| l.1, |r| r.id).group_by(|r| (r.0, r.1)).sorted_by(|r| (r.1, asc(r.0))).combine_group(|group, out| { for r in group { out.emit(r); } }).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .iterate(0, |ns| ns.rebalance().map_partition(|records, out| { for r in records { out.emit(Event { id: r.0, key: r.1, value: ((r.1) % 100) as i64 - 40, at: Timestamp::from_micros(7) }); } }).right_join(flow1).on_nulls_equal(|l| l.value, |r| r.value).map(|l, r| (l.map_or(7, |l| l.id), l.map_or(7, |l| l.key))).group_by(|r| r.0 % 16).sorted_by(|r| (desc(r.0), desc(r.1))).combine_group(|group, out| { for r in group { out.emit(r); } }).group_by(|r| r.1).max(|r| r.0).anti_join(flow1).on(|l| l.1, |r| r.id).flat_map_with(|_| 0u64, |state, r| { *state += 1; [WideRef { id: 28u64, key: r.1, at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (r.0 > 15).then_some(r.1), other: (r.0 > 1).then_some((r.0 + r.0) % 41), flag: r.0 % 5 != 1, sign: r.0 > 10, value: ((30u64) % 100) as i64 - 40, cost: ((r.1) % 100) as i64 - 40, share: ((r.1) % 1000) as f64 / 4.0, name: "a", n1: r.1, n2: r.0, n3: r.1, n4: r.0, n5: r.1, n6: r.0, n7: 34u64 }, WideRef { id: 37u64, key: 31u64, at: Timestamp::from_micros(7), text: "a", note: None::<&str>, maybe: (r.1 % 5 != 0).then_some(1u64), other: (r.1 % 5 != 3).then_some(r.1), flag: r.1 > 17, sign: (r.1 <= 212 || r.1 % 5 != 0), value: ((r.1) % 100) as i64 - 40, cost: ((r.0) % 100) as i64 - 40, share: ((r.1) % 1000) as f64 / 4.0, name: "", n1: 2u64, n2: (r.1 % 31) * (r.0 % 7), n3: (31u64 % 31) * (0u64 % 7), n4: r.0, n5: (r.0 + r.0) % 41, n6: r.0, n7: r.1 }] }).map(|r| (if r.sign { 11u64 } else { r.n6 }, (r.n4 + r.n5) % 41)))
        .iterate(7, |ns| ns.cross(others).try_map(|l, r| Ok::<_, std::fmt::Error>((15u64, (36u64 % 31) * (l.1 % 7)))).right_join(flow1).hint(BuildLeft).on(|l| l.1, |r| r.id).map(|l, r| Event { key: l.map_or(7, |l| l.0), ..r }).rebalance().co_group(flow1).on(|l| l.key, |r| r.key).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64))).try_flat_map(|r| Ok::<_, std::fmt::Error>(["longer than twelve bytes", "longer than twelve bytes"])).group_by(|r| r).combine_group(|group, out| { for r in group { out.emit(r); } }).group_by(|r| r).sorted_by(|r| r).combine_group(|group, out| { for r in group { out.emit(r); } }).map(|r| (1u64, 10u64)));
    flow3
        .partition_by_range(|r| (desc(r.0), asc(r.1)))
        .group_by(|r| r.1).top(3, |r| (asc(r.1), r.0))
}

fn run_p11(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p11(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p12(
    items: DataSet<Wide>,
    others: DataSet<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Event> {
    let flow1 = items
        .with(one).map(|l, r| WideRef { id: l.n1, ..l });
    let flow2 = flow1
        .anti_join(one).on(|l| l.n3, |r| r.1);
    let flow3 = flow2
        .zip_with_unique_id()
        .map(|r| Event { id: r.1.maybe.unwrap_or(3), key: r.1.cost.unsigned_abs() % 97, value: r.1.value, at: r.1.at });
    flow3
        .group_by(|r| (r.id, r.key, r.at)).max(|r| r.value)
}

fn run_p12(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p12(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p13(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Item> {
    items
        .group_by(|r| (r.id, r.key, r.text, r.at)).sum(|r| r.value)
}

fn run_p13(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p13(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p14(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Item> {
    items
        .union(others)
        .group_by(|r| r.value).reduce(|a, b| if (a.id, a.key, a.value, a.text, a.at) < (b.id, b.key, b.value, b.text, b.at) { b } else { a })
}

fn run_p14(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p14(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p15(
    items: DataStream<Item>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataStream<(u64, Timestamp, u64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .try_map(|r| Ok::<_, std::fmt::Error>(ItemRef { at: r.at, ..r }))
        .try_map(|r| Ok::<_, std::fmt::Error>(Event { id: (r.id + r.id) % 41, key: r.key.unwrap_or(3), value: ((r.id) % 100) as i64 - 40, at: r.at }))
        .group_by(|r| r.id % 18).window(Tumbling::of(mins(1))).sum(|r| r.key)
}

fn run_p15(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p15(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p16(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Event> {
    items
        .zip_with_unique_id()
        .project(|r| (r.1.text, r.1.id, r.1.value))
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([ItemRef { id: r.1, key: (r.2 > -18).then_some(r.1), value: r.2, text: r.0, at: Timestamp::from_micros(7) }, ItemRef { id: r.1, key: (r.0.len() > 4).then_some(r.1), value: r.2, text: r.0, at: Timestamp::from_micros(7) }]))
        .with_all(few).init(|few| (few.len() as u64, few.iter().sum::<u64>())).map(|l, all| Event { id: all.1, key: all.1, value: ((all.0) % 100) as i64 - 40, at: l.at })
        .group_by(|r| (r.id, r.key)).min_by(|r| (r.id, r.value))
}

fn run_p16(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p16(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p17(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, u64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .partition_with(|r| r.id)
        .group_by(|r| (r.key, r.id)).count()
        .updates()
        .try_filter(|r| Ok::<_, std::fmt::Error>(r.0.0.is_some()))
        .filter_map(|r| if r.0.0.is_some() { Some((r.0.1, r.1)) } else { None })
        .filter(|r| r.0 % 5 != 3).expect_selectivity(0.01)
        .filter(|r| r.0 % 5 != 3 && r.0 % 5 != 0)
        .map(|r| (38u64, r.1))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p17(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p17(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p18(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Event> {
    items
        .try_filter_map(|r| Ok::<_, std::fmt::Error>(if r.id % 5 != 1 { Some(Event { key: r.value.unsigned_abs() % 97, ..r }) } else { None }))
        .group_by(|r| (r.key, r.value, r.at)).max(|r| r.id)
}

fn run_p18(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p18(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p19(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Item> {
    items
        .first(1000000)
        .union(others)
        .group_by(|r| r.value).max_by(|r| (r.id, r.key))
}

fn run_p19(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p19(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p20(
    items: DataSet<(u64, u64)>,
    others: DataSet<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Item> {
    let prepared = others
        .map(|r| r.n7);
    let flow1 = items
        .project(|r| (r.0, r.1));
    let flow2 = flow1
        .zip_with_index();
    let flow3 = flow2
        .sample(1.0, 7);
    let flow4 = flow3
        .anti_join(others).hint(BuildRight).on(|l| l.1.1, |r| r.n7)
        .anti_join(flow1).on(|l| l.1.1, |r| r.0);
    flow4
        .right_join(prepared).on(|l| l.1.0, |r| r).map(|l, r| ItemRef { id: 2u64, key: (l.map_or(7, |l| l.1.1) % 5 != 1).then_some((r % 31) * (39u64 % 7)), value: ((r) % 100) as i64 - 40, text: "", at: Timestamp::from_micros(7) })
        .sample_n(1_000_000, 7)
}

fn run_p20(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p20(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p21(
    items: DataSet<Item>,
    others: DataSet<(u64, u64)>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<u64> {
    let flow1 = items
        .group_by(|r| r.id).sorted_by(|r| (r.text, r.at, asc(r.key), asc(r.id), desc(r.value))).first(3)
        .left_join(one).on(|l| l.id, |r| r.0).filter_map(|l, r| if r.map_or(7, |r| r.0) <= 206 { Some(ItemRef { id: r.map_or(7, |r| r.1), key: (l.key.is_some()).then_some(r.map_or(7, |r| r.0)), value: ((r.map_or(7, |r| r.1)) % 100) as i64 - 40, text: "longer than twelve bytes", at: l.at }) } else { None })
        .anti_join(one).on(|l| l.id, |r| r.1);
    flow1
        .right_join(items).on(|l| (l.id, l.value), |r| (r.id, r.value)).filter(|l, r| r.value > -4).flat_map(|l, r| [ItemRef { id: r.id, ..r }, ItemRef { value: l.map_or(-7, |l| l.value), ..r }])
        .semi_join(others).hint(Repartition).on_nulls_equal(|l| l.id, |r| r.1)
        .join(one).on(|l| l.id, |r| r.0).map(|l, r| r.0)
}

fn run_p21(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p21(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p22(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, f64)> {
    items
        .project(|r| (r.at, r.text, r.key))
        .filter_map(|r| if r.2.is_some() { Some(ItemRef { id: r.2.unwrap_or(3), key: (r.2.is_some()).then_some((10u64 % 31) * (22u64 % 7)), value: ((35u64) % 100) as i64 - 40, text: r.1, at: r.0 }) } else { None })
        .map_with(|_| 0u64, |state, r| { *state += 1; seen.add(1); ItemRef { text: r.text, ..r } })
        .group_by(|r| r.id % 14).avg(|r| r.id)
}

fn run_p22(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p22(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p23(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, u64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(20)))
        .try_filter_map(|r| Ok::<_, std::fmt::Error>(if r.value > -16 { Some((r.id, r.id)) } else { None }))
        .group_by(|r| r.0 % 3).reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a })
}

fn run_p23(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p23(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p24(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, u64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .first(1000000)
        .group_by(|r| (r.id, r.value, r.at)).sum(|r| r.key)
        .updates()
        .partition_with(|r| r.id)
        .group_by(|r| (r.id, r.value, r.at)).max(|r| r.key)
        .updates()
        .map(|r| (r.id, r.key))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p24(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p24(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p25(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataStream<Event> {
    items
        .with(one).flat_map(|l, r| [r.1, l.text.len() as u64 % 50])
        .zip_with_unique_id()
        .try_filter_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(r.1 > 6) })
        .map_with(|_| 0u64, |state, r| { *state += 1; r.1 })
        .flat_map_with(|_| 0u64, |state, r| { *state += 1; [(if r <= 204 { r } else { r }, "a"), (r, "a")] })
        .project(|r| r.0)
        .flat_map(|r| [Event { id: (16u64 + r) % 41, key: 39u64, value: ((r) % 100) as i64 - 40, at: Timestamp::from_micros(7) }, Event { id: if r % 5 != 2 { 28u64 } else { r }, key: (r % 31) * (r % 7), value: ((r) % 100) as i64 - 40, at: Timestamp::from_micros(7) }])
}

fn run_p25(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p25(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p26(
    items: DataSet<(u64, u64)>,
    others: DataSet<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Item> {
    let flow1 = items
        .zip_with_unique_id()
        .filter_map(|r| if r.1.1 % 5 != 0 { Some(Event { id: r.1.1, key: r.1.1, value: ((12u64) % 100) as i64 - 40, at: Timestamp::from_micros(7) }) } else { None });
    let flow2 = flow1
        .with(one).flat_map(|l, r| [Event { key: r.0, ..l }, Event { id: r.1, key: 23u64, value: l.value, at: l.at }])
        .filter_with(|_| 0u64, |state, r| { *state += 1; r.key > 25 && (r.value > -9 || r.id % 5 != 1) })
        .zip_with_unique_id()
        .map(|r| ItemRef { id: r.1.id, key: (r.1.id > 4).then_some(r.1.id), value: r.1.value, text: "", at: r.1.at })
        .try_filter_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(if ((r.text.len() > 6 || r.at > Timestamp::from_micros(28_000_000)) || r.text.len() > 1) { Some(ItemRef { key: r.key, ..r }) } else { None }) });
    flow2
}

fn run_p26(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p26(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p27(
    items: DataSet<Wide>,
    others: DataSet<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let set1 = items
        .group_by(|r| r.n6).combine_group(|group, out| { for r in group { out.emit(r); } })
        .iterate(1, |ns| ns.try_filter_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(if r.flag { Some(WideRef { id: r.n3, key: r.n2, at: r.at, text: r.text, note: r.note, maybe: r.other, other: (r.sign).then_some(if r.key % 5 != 3 { r.id } else { r.n2 }), flag: r.flag, sign: r.n2 % 5 != 3, value: ((r.n3) % 100) as i64 - 40, cost: r.cost, share: r.share, name: r.name, n1: (r.n2 + 39u64) % 41, n2: r.name.len() as u64 % 50, n3: r.cost.unsigned_abs() % 97, n4: r.id, n5: (11u64 + r.n7) % 41, n6: r.value.unsigned_abs() % 97, n7: r.value.unsigned_abs() % 97 }) } else { None }) }).try_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(WideRef { id: r.n4, key: (r.n1 % 31) * (13u64 % 7), at: r.at, text: r.name, note: r.note, maybe: r.maybe, other: (r.name.len() > 1).then_some(r.n4), flag: r.flag, sign: r.value > -6, value: ((r.key) % 100) as i64 - 40, cost: ((26u64) % 100) as i64 - 40, share: ((r.key) % 1000) as f64 / 4.0, name: r.note.unwrap_or("null"), n1: r.maybe.unwrap_or(3), n2: r.n5, n3: r.cost.unsigned_abs() % 97, n4: r.value.unsigned_abs() % 97, n5: r.value.unsigned_abs() % 97, n6: (1u64 + r.key) % 41, n7: r.maybe.unwrap_or(3) }) }).try_flat_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>([(r.n6 % 31) * (r.n2 % 7), if r.share < 7.5 { r.key } else { r.n5 }]) }).group_by(|r| r).aggregate(|g| (g.key, g.count_distinct(|r| r), g.max(|r| r))).cross(one).map(|l, r| (l.0, l.2)).map(|r| WideRef { id: 21u64, key: r.1, at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (r.0 % 5 != 0).then_some((r.1 % 31) * (r.0 % 7)), other: (r.0 % 5 != 4).then_some(13u64), flag: (r.0 > 6 || r.1 > 9), sign: r.0 % 5 != 1, value: ((r.1) % 100) as i64 - 40, cost: ((r.1) % 100) as i64 - 40, share: ((21u64) % 1000) as f64 / 4.0, name: "a", n1: r.0, n2: r.1, n3: (r.1 % 31) * (r.1 % 7), n4: (32u64 % 31) * (r.0 % 7), n5: r.0, n6: r.0, n7: r.1 }))
        .iterate(2, |ns| ns.with(one).filter(|l, r| l.n7 <= 225).map(|l, r| Event { id: l.n3, key: l.n3, value: ((r.1) % 100) as i64 - 40, at: l.at }).group_by(|r| r.key).max_by(|r| r.key).cross_with_huge(few).try_map(|l, r| Ok::<_, std::fmt::Error>(l.id)).right_join(items).on_nulls_equal(|l| l % 9, |r| r.n4 % 18).try_filter_map(|l, r| Ok::<_, std::fmt::Error>(if (r.other.is_some() || r.n1 <= 225) { Some((r.id, (r.n6 % 31) * (18u64 % 7))) } else { None })).semi_join(one).on(|l| l.0, |r| r.0).map(|r| WideRef { id: r.0, key: 30u64, at: Timestamp::from_micros(7), text: "a", note: None::<&str>, maybe: (r.1 > 4).then_some((26u64 + 2u64) % 41), other: (r.1 > 26).then_some((r.1 + r.0) % 41), flag: r.0 % 5 != 2 && r.1 % 5 != 1, sign: r.1 % 5 != 2, value: ((r.1) % 100) as i64 - 40, cost: ((r.1) % 100) as i64 - 40, share: ((r.0) % 1000) as f64 / 4.0, name: "longer than twelve bytes", n1: if r.0 % 5 != 4 { r.1 } else { r.0 }, n2: r.1, n3: if r.1 > 24 { r.0 } else { 30u64 }, n4: 37u64, n5: (r.0 % 31) * (r.1 % 7), n6: r.1, n7: r.1 }))
        .map(|r| (r.text.len() as u64 % 50, r.id)).group_by(|p| p.0).min(|p| p.1);
    let set2 = set1
        .iterate_delta(set1, |p| p.0, 2, |known, ns| { let better = ns.cross(others).map(|l, r| (r.text.len() as u64 % 50, r.text)).with(one).map(|l, r| "").with(one).map(|l, r| ItemRef { id: l.len() as u64 % 50, key: (r.1 > 14).then_some(r.0), value: ((r.0) % 100) as i64 - 40, text: "longer than twelve bytes", at: Timestamp::from_micros(7) }).group_by(|r| (r.key, r.at)).avg(|r| r.id).cross(others).map(|l, r| Event { id: r.id, key: if r.text.len() > 2 { r.id } else { 36u64 }, value: r.value, at: r.at }).map(|r| (r.id, (38u64 + r.key) % 41)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .sample_n(1_000_000, 7)
        .map(|r| (31u64, r.0)).group_by(|p| p.0).min(|p| p.1);
    let flow3 = set2
        .iterate_delta(set2, |p| p.0, 0, |known, ns| { let better = ns.co_group(others).on(|l| l.0, |r| r.id).sorted_by(|l| (l.0, desc(l.1)), |r| (asc(r.key), desc(r.at), asc(r.value), desc(r.id), r.text)).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64))).cross(one).flat_map(|l, r| [ItemRef { id: r.1, key: (r.0 <= 224).then_some(l.0), value: ((l.0) % 100) as i64 - 40, text: "", at: Timestamp::from_micros(7) }, ItemRef { id: r.1, key: (r.1 % 5 != 4).then_some(l.0), value: ((l.1) % 100) as i64 - 40, text: "", at: Timestamp::from_micros(7) }]).map(|r| (r.text.len() as u64 % 50, r.id)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) });
    flow3
}

fn run_p27(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p27(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p28(
    items: DataSet<Wide>,
    others: DataSet<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Event> {
    let flow1 = items
        .distinct_by(|r| (r.n4, r.at));
    let flow2 = flow1
        .group_by(|r| (r.n4, r.at)).count()
        .group_by(|r| (r.0.0, r.0.1)).min(|r| r.1)
        .group_by(|r| r.1).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.0.0 % 1_000; } out.emit((count, sum)); Ok(()) });
    flow2
        .anti_join(flow2).hint(BuildLeft).on_nulls_equal(|l| (l.1, l.0), |r| (r.0, r.1))
        .reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a })
        .right_join(few).on(|l| l.0 % 9, |r| r % 8).filter_map(|l, r| if l.map_or(7, |l| l.1) % 5 != 3 { Some(Event { id: 17u64, key: r, value: ((31u64) % 100) as i64 - 40, at: Timestamp::from_micros(7) }) } else { None })
}

fn run_p28(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p28(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p29(
    items: DataSet<Event>,
    others: DataSet<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Wide> {
    let flow1 = items
        .partition_by(|r| r.id)
        .try_filter_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(if r.value > -26 { Some(Event { at: r.at, ..r }) } else { None }) })
        .group_by(|r| r.value).sorted_by(|r| (asc(r.at), asc(r.key), desc(r.value), asc(r.id))).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.key % 1_000; } out.emit((count, sum)); });
    let flow2 = flow1
        .join(flow1).on(|l| l.1, |r| r.0).filter(|l, r| (l.1 <= 214 || l.0 <= 217)).flat_map(|l, r| [(r.0, "a"), (l.0, "")])
        .try_map(|r| Ok::<_, std::fmt::Error>((0u64, r.1)))
        .group_by(|r| r.1).max_by(|r| (r.1, r.0));
    flow2
        .flat_map(|r| [WideRef { id: r.0, key: r.0, at: Timestamp::from_micros(7), text: r.1, note: Some(r.1), maybe: (r.1.len() > 7).then_some(17u64), other: (r.0 % 5 != 1).then_some(28u64), flag: r.0 % 5 != 4, sign: r.0 > 29, value: ((r.0) % 100) as i64 - 40, cost: ((r.0) % 100) as i64 - 40, share: ((r.0) % 1000) as f64 / 4.0, name: r.1, n1: (26u64 + r.0) % 41, n2: r.0, n3: if r.0 % 5 != 3 { r.0 } else { r.0 }, n4: 31u64, n5: 21u64, n6: r.0, n7: r.0 }, WideRef { id: (r.0 % 31) * (r.0 % 7), key: r.0, at: Timestamp::from_micros(7), text: r.1, note: Some(r.1), maybe: (r.1.len() > 8).then_some(if r.1.len() > 2 { r.0 } else { r.0 }), other: (r.1.len() > 5).then_some(r.0), flag: (r.0 > 17 || r.0 > 29), sign: (r.0 % 5 != 4 || r.1.len() > 6), value: ((r.0) % 100) as i64 - 40, cost: ((r.0) % 100) as i64 - 40, share: ((r.0) % 1000) as f64 / 4.0, name: "a", n1: r.0, n2: r.1.len() as u64 % 50, n3: r.0, n4: r.1.len() as u64 % 50, n5: 6u64, n6: 8u64, n7: r.0 }])
}

fn run_p29(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p29(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p30(
    items: DataSet<Event>,
    others: DataSet<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Event> {
    items
        .group_by(|r| r.key % 16).top(2, |r| (asc(r.id), desc(r.value), r.key, desc(r.at)))
        .partition_by(|r| r.value)
        .top(33, |r| (desc(r.value), r.key, r.id, asc(r.at)))
}

fn run_p30(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p30(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p31(
    items: DataSet<(u64, u64)>,
    others: DataSet<(u64, u64)>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, (u64, u64))> {
    items
        .filter_with(|_| 0u64, |state, r| { *state += 1; ((r.0 % 5 != 3 || r.0 % 5 != 0) || (r.1 <= 213 || r.1 <= 209)) })
        .group_by(|r| r.1).max(|r| r.0)
        .rebalance()
        .zip_with_index()
        .distinct_by(|r| r.1.1)
        .semi_join(one).on_nulls_equal(|l| l.1.1, |r| r.0)
        .sample(1.0, 7)
}

fn run_p31(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p31(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p32(
    items: DataStream<Wide>,
    others: DataStream<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<String> {
    items
        .expect_rows(1_000)
        .project(|r| (r.n5, r.flag, r.id))
        .map(|r| "")
        .group_by(|r| r).max_by(|r| r)
}

fn run_p32(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p32(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p33(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Event> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .sample(1.0, 7)
        .partition_by(|r| r.id)
        .group_by(|r| r.at).min_by(|r| (r.key, r.id))
}

fn run_p33(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p33(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p34(
    items: DataSet<Wide>,
    others: DataSet<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Item> {
    let prepared = others
        .filter(|r| ((r.key.is_some() || r.value > -13) || r.id <= 211));
    let flow1 = items
        .filter_with(|_| 0u64, |state, r| { *state += 1; r.flag })
        .semi_join(prepared).on(|l| l.key, |r| r.id)
        .group_by(|r| r.flag).min_by(|r| (r.n3, r.n7))
        .aggregate(|g| (g.count(), g.sum(|r| r.key), g.max(|r| r.n1)))
        .map_partition(|records, out| { for r in records { out.emit(ItemRef { id: (12u64 + r.1) % 41, key: (r.0 % 5 != 2).then_some(23u64), value: ((r.2) % 100) as i64 - 40, text: "longer than twelve bytes", at: Timestamp::from_micros(7) }); } });
    flow1
        .anti_join(prepared).on(|l| (l.at, l.text), |r| (r.at, r.text))
        .group_by(|r| r.id).first(1)
}

fn run_p34(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p34(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p35(
    items: DataSet<Wide>,
    others: DataSet<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Event> {
    items
        .persist()
        .try_filter(|r| Ok::<_, std::fmt::Error>(r.flag))
        .partition_by(|r| r.id % 7)
        .group_by(|r| (r.name, r.note)).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.n1 % 1_000; } out.emit((count, sum)); Ok(()) })
        .right_join(others).hint(SortMerge).on(|l| (l.0, l.1), |r| (r.key, r.id)).try_map(|l, r| Ok::<_, std::fmt::Error>(Event { id: 31u64, ..r }))
        .rebalance()
        .cross(one).filter_map(|l, r| if l.key <= 207 { Some(Event { key: 17u64, ..l }) } else { None })
}

fn run_p35(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p35(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p36(
    items: DataSet<Item>,
    others: DataSet<(u64, u64)>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let prepared = others
        .union(one);
    let set1 = items
        .map(|r| (r.key.unwrap_or(3), r.text.len() as u64 % 50)).group_by(|p| p.0).min(|p| p.1);
    let flow2 = set1
        .iterate_delta(set1, |p| p.0, 1, |known, ns| { let better = ns.anti_join(prepared).hint(BuildLeft).on(|l| l.0, |r| r.1).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) });
    let flow3 = flow2
        .project(|r| r.1)
        .filter_map_with(|_| 0u64, |state, r| { *state += 1; if r <= 219 { Some((if r % 5 != 3 { 20u64 } else { r }, r)) } else { None } });
    flow3
}

fn run_p36(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p36(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p37(
    items: DataSet<Event>,
    others: DataSet<u64>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let set1 = items
        .sort(|r| (r.id, desc(r.key), desc(r.value), r.at))
        .sort(|r| (asc(r.id), r.key, desc(r.at), r.value))
        .try_flat_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>([Event { id: r.key, key: r.key, value: r.value, at: r.at }, Event { id: (r.id % 31) * (r.key % 7), key: r.value.unsigned_abs() % 97, value: ((r.id) % 100) as i64 - 40, at: r.at }]) })
        .map_with(|_| 0u64, |state, r| { *state += 1; Event { at: r.at, ..r } })
        .map(|r| (14u64, r.id)).group_by(|p| p.0).min(|p| p.1);
    set1
        .iterate_delta(set1, |p| p.0, 0, |known, ns| { let better = ns.map_with(|_| 0u64, |state, r| { *state += 1; ((r.0 + r.0) % 41, "longer than twelve bytes") }).group_by(|r| r.0 % 9).max_by(|r| r.1).sort_partition(|r| (asc(r.1), asc(r.0))).filter(|r| r.1.len() > 4 && r.0 % 5 != 0).expect_selectivity(0.01).full_join(items).on(|l| l.0, |r| r.id).try_filter_map(|l, r| Ok::<_, std::fmt::Error>(if r.map_or(-7, |r| r.value) > -4 { Some((if r.map_or(7, |r| r.key) % 5 != 4 { r.map_or(7, |r| r.id) } else { 21u64 }, r.map_or(7, |r| r.id))) } else { None })).union(one).partition_by_range(|r| (desc(r.0), asc(r.1))).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
}

fn run_p37(given: &Given) -> Result<Reader> {
    let (items, others) = (given.set("items")?, given.set("others")?);
    Ok(given.write(&p37(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p38(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, i64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(20)))
        .map(|r| Event { value: r.value, ..r })
        .filter(|r| r.key <= 206)
        .group_by(|r| (r.id, r.key, r.at)).max(|r| r.value)
        .updates()
        .group_by(|r| (r.id, r.key, r.at)).max(|r| r.value)
        .updates()
        .expect_rows(1)
        .map(|r| (r.key, r.value))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p38(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p38(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

#[dataflow]
fn p39(
    items: DataStream<Item>,
    others: DataStream<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<u64> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .rebalance()
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([(29u64 + r.id) % 41, r.key.unwrap_or(3)]))
        .group_by(|r| r % 16).max_by(|r| r)
}

fn run_p39(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p39(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

pub(crate) fn all() -> Vec<(Spec, Declare)> {
    vec![
    (spec(0, None, false), run_p0),
    (spec(1, Some(("Windows", false, &["try_filter_map", "group_by.max", "updates", "map", "try_filter_with", "partition_with"])), false), run_p1),
    (spec(2, Some(("Joins", false, &["group_by.sorted_by.combine_group", "group_by.sorted_by.reduce_group", "min_by", "cross_with_huge", "map_partition", "cross_with_tiny", "group_by.reduce_group"])), false), run_p2),
    (spec(3, None, false), run_p3),
    (spec(4, Some(("Sets", false, &["project", "group_by.aggregate", "top", "sample", "map_with", "aggregate", "distinct_by"])), false), run_p4),
    (spec(5, Some(("Loops", true, &["expect_selectivity", "filter_map_with", "reduce_group", "group_by.reduce_group", "group_by.sorted_by.try_reduce_group", "group_by.min", "anti_join"])), false), run_p5),
    (spec(6, None, false), run_p6),
    (spec(7, Some(("Snapshots", false, &["rebalance", "group_by.sum", "updates", "event_time", "try_map", "window.count", "try_filter_with"])), false), run_p7),
    (spec(8, Some(("Joins", false, &["min_by", "group_by.avg", "group_by.aggregate", "anti_join", "group_by.reduce", "group_by.max_by", "try_reduce_group"])), false), run_p8),
    (spec(9, None, false), run_p9),
    (spec(10, Some(("Streams", false, &["sample", "rebalance", "try_flat_map_with", "group_by.max"])), false), run_p10),
    (spec(11, Some(("Loops", true, &["group_by.sorted_by.try_reduce_group", "co_group", "group_by.max", "group_by.top", "filter", "anti_join", "group_by.sorted_by.combine_group"])), false), run_p11),
    (spec(12, None, false), run_p12),
    (spec(13, Some(("Snapshots", false, &["window.sum", "expect_selectivity", "rebalance", "group_by.aggregate"])), false), run_p13),
    (spec(14, Some(("Snapshots", false, &["union", "group_by.reduce", "updates", "try_filter_with", "expect_rows", "group_by.aggregate"])), false), run_p14),
    (spec(15, None, false), run_p15),
    (spec(16, Some(("Streams", false, &["window.aggregate", "group_by.min_by", "updates", "project", "try_filter_with", "expect_rows", "flat_map"])), false), run_p16),
    (spec(17, Some(("WindowsWithSnapshots", false, &["partition_with", "group_by.count", "updates", "flat_map_with", "zip_with_unique_id", "try_filter_map_with", "filter_map_with"])), false), run_p17),
    (spec(18, None, false), run_p18),
    (spec(19, Some(("Streams", false, &["first", "union", "group_by.max_by"])), false), run_p19),
    (spec(20, Some(("Joins", false, &["project", "zip_with_index", "zip_with_index", "sample", "anti_join", "group_by.max_by", "sort"])), false), run_p20),
    (spec(21, None, false), run_p21),
    (spec(22, Some(("Streams", false, &["project", "filter_map", "map_with", "group_by.avg", "updates", "group_by.min_by", "updates"])), false), run_p22),
    (spec(23, Some(("Windows", false, &["try_filter_map", "group_by.reduce", "updates", "flat_map", "partition_with", "try_filter_map_with", "map_with"])), false), run_p23),
    (spec(24, None, false), run_p24),
    (spec(25, Some(("Streams", false, &["with", "zip_with_unique_id", "try_filter_with", "union", "union", "map_with", "flat_map_with"])), false), run_p25),
    (spec(26, Some(("Joins", false, &["zip_with_unique_id", "filter_map", "with", "filter_with", "zip_with_unique_id", "group_by.min", "group_by.min"])), false), run_p26),
    (spec(27, None, false), run_p27),
    (spec(28, Some(("Joins", false, &["distinct_by", "group_by.sum", "group_by.count", "group_by.min", "group_by.try_reduce_group", "anti_join", "reduce"])), false), run_p28),
    (spec(29, Some(("Joins", false, &["partition_by", "try_filter_map_with", "group_by.sorted_by.reduce_group", "join", "try_map", "group_by.max_by", "flat_map"])), false), run_p29),
    (spec(30, None, false), run_p30),
    (spec(31, Some(("Joins", false, &["filter_with", "group_by.max", "rebalance", "zip_with_index", "distinct_by", "semi_join", "sample"])), false), run_p31),
    (spec(32, Some(("Snapshots", false, &["expect_rows", "project", "map", "group_by.max_by", "updates", "group_by.sum"])), false), run_p32),
    (spec(33, None, false), run_p33),
    (spec(34, Some(("Sets", false, &["filter_with", "semi_join", "group_by.min_by", "aggregate", "map_partition", "anti_join", "group_by.first"])), false), run_p34),
    (spec(35, Some(("Joins", false, &["persist", "try_filter", "partition_by", "group_by.try_reduce_group", "right_join", "rebalance", "cross"])), false), run_p35),
    (spec(36, None, false), run_p36),
    (spec(37, Some(("Loops", true, &["map_with", "group_by.max_by", "sort_partition", "expect_selectivity", "full_join", "union", "partition_by_range"])), false), run_p37),
    (spec(38, Some(("WindowsWithSnapshots", false, &["map", "filter", "zip_with_unique_id", "filter", "filter_map_with", "try_flat_map", "union"])), false), run_p38),
    (spec(39, None, false), run_p39),
    ]
}
