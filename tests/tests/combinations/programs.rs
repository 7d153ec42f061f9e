// Written by the generator: see `harness`.

#[dataflow]
fn p0(
    items: DataSet<Event>,
    others: DataSet<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let set1 = items
        .map_with(|_| 0u64, |state, r| { *state += 1; WideRef { id: r.id, key: (r.id + r.id) % 41, at: r.at, text: "a", note: None::<&str>, maybe: (r.key % 5 != 3).then_some(r.id), other: (r.key > 5).then_some(r.key), flag: r.value > -13 && r.key <= 217, sign: r.value > -22, value: ((r.key) % 100) as i64 - 40, cost: ((r.id) % 100) as i64 - 40, share: ((r.id) % 1000) as f64 / 4.0, name: "a", n1: 3u64, n2: (r.key % 31) * (r.id % 7), n3: r.id, n4: 5u64, n5: (r.id % 31) * (r.key % 7), n6: 11u64, n7: r.key } })
        .zip_with_unique_id()
        .group_by(|r| r.1.at).count()
        .map(|r| (r.1, r.1)).group_by(|p| p.0).min(|p| p.1);
    set1
        .iterate_delta(set1, |p| p.0, 100, |known, ns| { let better = ns.group_by(|r| r.1).sum(|r| r.0).reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a }).semi_join(few).on(|l| l.1 % 5, |r| r % 9).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .group_by(|r| r.1).sorted_by(|r| (asc(r.1), asc(r.0))).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); })
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
) -> UpdateStream<(u64, u64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .group_by(|r| r.key).window(Tumbling::of(mins(1))).late()
        .union(others)
        .map(|r| Event { key: r.id, ..r })
        .try_filter_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>((r.id > 12 || r.key % 5 != 2 && r.at > Timestamp::from_micros(24_000_000))) })
        .partition_with(|r| r.id)
        .group_by(|r| r.id).aggregate(|g| (g.key, g.count_if(|r| r.key % 5 != 2)))
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
    let flow1 = items
        .reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.id % 1_000; } out.emit((count, sum)); });
    let flow2 = flow1
        .union(flow1)
        .min_by(|r| r.1)
        .cross_with_huge(one).filter(|l, r| (r.0 % 5 != 1 || l.1 > 1)).map(|l, r| WideRef { id: (r.0 + l.1) % 41, key: r.0, at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (r.0 > 29).then_some((l.0 % 31) * (l.1 % 7)), other: (r.0 % 5 != 2).then_some(if r.0 > 1 { r.0 } else { l.1 }), flag: l.0 > 23, sign: (r.1 <= 212 || r.1 % 5 != 2), value: ((l.0) % 100) as i64 - 40, cost: ((19u64) % 100) as i64 - 40, share: ((22u64) % 1000) as f64 / 4.0, name: "longer than twelve bytes", n1: 16u64, n2: r.0, n3: l.0, n4: 29u64, n5: (r.1 + l.0) % 41, n6: r.0, n7: 36u64 })
        .map_partition(|records, out| { for r in records { out.emit(WideRef { name: r.name, ..r }); } });
    let flow3 = flow2
        .sample_n(1_000_000, 7);
    flow3
        .group_by(|r| r.n2 % 13).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.n5 % 1_000; } out.emit((count, sum)); })
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
) -> DataSet<(u64, u64)> {
    let flow1 = items
        .cross_with_huge(one).map(|l, r| (l.cost.unsigned_abs() % 97, if l.share < 13.5 { r.1 } else { l.n6 }))
        .filter_with(|_| 0u64, |state, r| { *state += 1; ((r.0 <= 229 || r.0 % 5 != 2) || r.1 % 5 != 2 && r.0 % 5 != 4) })
        .top(6, |r| (r.0, r.1));
    flow1
        .sample(1.0, 7)
        .map_with(|_| 0u64, |state, r| { *state += 1; (r.0, if r.0 <= 219 { r.0 } else { 11u64 }) })
        .group_by(|r| r.1 % 4).reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a })
        .distinct_by(|r| (r.1, r.0))
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
    let flow1 = items
        .iterate(7, |ns| ns.max_by(|r| r.other).group_by(|r| r.n2 % 11).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.n1 % 1_000; } out.emit((count, sum)); }).group_by(|r| r.0).sorted_by(|r| (desc(r.0), asc(r.1))).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); Ok(()) }).group_by(|r| r.1).min(|r| r.0).anti_join(few).on_nulls_equal(|l| l.0, |r| r).rebalance().left_join(others).on(|l| l.0, |r| r.n7).filter_map(|l, r| if r.map_or(7, |r| r.key) <= 209 { Some((r.map_or(7, |r| r.n6), r.map_or(7, |r| r.n3))) } else { None }).map(|r| WideRef { id: r.1, key: 10u64, at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (r.0 <= 218).then_some(r.0), other: (r.0 > 28).then_some(r.1), flag: r.1 <= 206 && r.1 <= 215, sign: (r.0 % 5 != 2 || r.1 > 10), value: ((39u64) % 100) as i64 - 40, cost: ((r.1) % 100) as i64 - 40, share: ((r.1) % 1000) as f64 / 4.0, name: "a", n1: r.0, n2: r.1, n3: r.1, n4: r.0, n5: 12u64, n6: r.1, n7: r.1 }))
        .aggregate(|g| (g.count_distinct(|r| r.sign), g.min(|r| r.n5), g.max(|r| (r.n4 + r.n5) % 41)))
        .try_flat_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>([r.1, r.0]) })
        .group_by(|r| r).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r % 1_000; } out.emit((count, sum)); });
    flow1
        .project(|r| (r.1, r.0))
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
) -> DataSet<(u64, Wide)> {
    let flow1 = items
        .co_group(items).on(|l| l, |r| r).sorted_by(|l| desc(l), |r| r).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64)))
        .right_join(one).on(|l| (l.1, l.0), |r| (r.1, r.0)).flat_map(|l, r| [(l.map_or(7, |l| l.0), l.map_or(7, |l| l.1)), (9u64, r.0)])
        .left_join(items).on(|l| l.0, |r| r).filter_map(|l, r| if (r.map_or(7, |r| r) <= 202 || l.0 <= 212) { Some(WideRef { id: (l.1 + r.map_or(7, |r| r)) % 41, key: l.1, at: Timestamp::from_micros(7), text: "", note: None::<&str>, maybe: (r.map_or(7, |r| r) <= 229).then_some((l.0 % 31) * (4u64 % 7)), other: (l.1 % 5 != 2).then_some(5u64), flag: l.0 % 5 != 3 && l.0 <= 206, sign: (l.0 % 5 != 1 || l.0 % 5 != 3), value: ((l.1) % 100) as i64 - 40, cost: ((l.0) % 100) as i64 - 40, share: ((r.map_or(7, |r| r)) % 1000) as f64 / 4.0, name: "a", n1: l.1, n2: (l.0 + l.1) % 41, n3: if l.1 % 5 != 3 { l.1 } else { l.1 }, n4: (6u64 + r.map_or(7, |r| r)) % 41, n5: r.map_or(7, |r| r), n6: l.1, n7: 6u64 }) } else { None })
        .anti_join(one).on(|l| l.key, |r| r.0)
        .zip_with_index();
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
) -> DataStream<Item> {
    items
        .zip_with_unique_id()
        .flat_map(|r| [Event { id: r.1.id, key: r.1.id, value: r.1.value, at: r.1.at }, Event { id: r.1.key.unwrap_or(3), key: r.1.id, value: r.1.value, at: r.1.at }])
        .first(1000000)
        .project(|r| r.value)
        .expect_rows(50_000_000)
        .partition_by(|r| r)
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([ItemRef { id: (20u64 % 31) * (10u64 % 7), key: (r > -20).then_some(38u64), value: r, text: "longer than twelve bytes", at: Timestamp::from_micros(7) }, ItemRef { id: (2u64 + 35u64) % 41, key: (r > -15).then_some(32u64), value: r, text: "a", at: Timestamp::from_micros(7) }]))
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
        .group_by(|r| r.1).combine_group(|group, out| { for r in group { out.emit(r); } })
        .group_by(|r| (r.1, r.0)).sorted_by(|r| (r.0, desc(r.1))).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); })
        .try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); Ok(()) });
    flow1
        .aggregate(|g| (g.count_distinct(|r| r.1), g.max(|r| (r.1 % 31) * (r.0 % 7)), g.sum(|r| r.0)))
        .co_group(one).on(|l| l.2 % 15, |r| r.0 % 12).sorted_by(|l| (l.0, desc(l.2), asc(l.1)), |r| (desc(r.0), asc(r.1))).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64)))
        .group_by(|r| r.1).count()
        .anti_join(one).hint(Repartition).on(|l| l.1, |r| r.0)
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
) -> DataSet<u64> {
    let flow1 = items
        .group_by(|r| r.value).max_by(|r| r.id)
        .map_with(|_| 0u64, |state, r| { *state += 1; (r.id, r.id) });
    flow1
        .filter_map(|r| if r.1 <= 215 { Some(r.1) } else { None })
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
) -> UpdateStream<(i64, u64)> {
    items
        .project(|r| (r.value, r.id))
        .group_by(|r| (r.0, r.1)).min_by(|r| (r.1, r.0))
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
    let set1 = items
        .group_by(|r| r.at).combine_group(|group, out| { for r in group { out.emit(r); } })
        .zip_with_index()
        .map(|r| (r.1.key, 16u64)).group_by(|p| p.0).min(|p| p.1);
    set1
        .iterate_delta(set1, |p| p.0, 5, |known, ns| { let better = ns.group_by(|r| r.1).sum(|r| r.0).sample(1.0, 7).group_by(|r| r.0).max(|r| r.1).group_by(|r| r.1 % 16).top(1, |r| (desc(r.1), asc(r.0))).filter(|r| r.0 % 5 != 4 && (r.0 <= 215 || r.0 % 5 != 0)).anti_join(few).on(|l| l.0, |r| r).group_by(|r| (r.0, r.1)).sorted_by(|r| (desc(r.0), r.1)).combine_group(|group, out| { for r in group { out.emit(r); } }).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
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
) -> DataSet<String> {
    items
        .anti_join(others).hint(SortMerge).on_nulls_equal(|l| l.n4, |r| r.id)
        .flat_map_with(|_| 0u64, |state, r| { *state += 1; [ItemRef { id: (r.n3 % 31) * (r.n5 % 7), key: r.other, value: ((25u64) % 100) as i64 - 40, text: r.note.unwrap_or("null"), at: r.at }, ItemRef { id: r.n3, key: r.maybe, value: ((r.n4) % 100) as i64 - 40, text: r.text, at: r.at }] })
        .distinct()
        .map(|r| r.text)
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
        .partition_by(|r| (r.key, r.id))
        .partition_with(|r| r.id)
        .group_by(|r| r.at).min_by(|r| (r.at, r.key))
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
) -> UpdateStream<Wide> {
    items
        .try_map(|r| Ok::<_, std::fmt::Error>(ItemRef { id: r.id, key: r.key, value: r.value, text: r.text, at: r.at }))
        .try_filter_map(|r| Ok::<_, std::fmt::Error>(if r.value > -8 { Some(WideRef { id: r.id, key: r.value.unsigned_abs() % 97, at: r.at, text: r.text, note: Some(r.text), maybe: (r.at > Timestamp::from_micros(1_000_000)).then_some(r.id), other: (r.id <= 201).then_some(r.id), flag: r.at > Timestamp::from_micros(21_000_000), sign: r.at > Timestamp::from_micros(13_000_000), value: r.value, cost: ((r.id) % 100) as i64 - 40, share: ((22u64) % 1000) as f64 / 4.0, name: r.text, n1: (r.id % 31) * (r.id % 7), n2: r.id, n3: (r.id + r.id) % 41, n4: r.id, n5: r.text.len() as u64 % 50, n6: r.id, n7: r.id }) } else { None }))
        .group_by(|r| r.n3).max_by(|r| r.maybe)
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
) -> UpdateStream<Item> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .group_by(|r| (r.id, r.key, r.text, r.at)).min(|r| r.value)
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
        .try_filter(|r| Ok::<_, std::fmt::Error>((r.id > 24 && r.key.is_some() || r.value > -11)))
        .try_map(|r| Ok::<_, std::fmt::Error>((r.id, r.text)))
        .group_by(|r| r.1).count()
        .updates()
        .map(|r| (r.0.len() as u64 % 50, r.1))
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
) -> DataStream<(u64, u64)> {
    items
        .filter_map(|r| if r.id % 5 != 1 { Some(Event { key: r.value.unsigned_abs() % 97, ..r }) } else { None })
        .try_filter_map(|r| Ok::<_, std::fmt::Error>(if r.id > 2 && r.key % 5 != 0 { Some((28u64, r.key)) } else { None }))
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
) -> DataSet<String> {
    let flow1 = items
        .project(|r| (r.1, r.0))
        .zip_with_unique_id();
    flow1
        .sample(1.0, 7)
        .anti_join(others).on(|l| l.1.1, |r| r.n5)
        .left_join(others).on(|l| l.1.0, |r| r.n3).try_filter(|l, r| Ok::<_, std::fmt::Error>(r.map_or(0.5, |r| r.share) < 15.5)).try_flat_map(|l, r| Ok::<_, std::fmt::Error>([(r.map_or(7, |r| r.n7), l.1.1), (r.map_or(7, |r| r.n2), l.1.1)]))
        .group_by(|r| r.1).sum(|r| r.0)
        .cross(items).map(|l, r| "longer than twelve bytes")
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
) -> DataSet<Item> {
    items
        .group_by(|r| (r.id, r.key, r.text, r.at)).min(|r| r.value)
        .with(one).map(|l, r| ItemRef { id: l.value.unsigned_abs() % 97, ..l })
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
) -> UpdateStream<(Option<u64>, u64, u64)> {
    items
        .project(|r| (r.at, r.text, r.key))
        .group_by(|r| r.2).aggregate(|g| (g.key, g.max(|r| (26u64 % 31) * (28u64 % 7)), g.count()))
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
) -> UpdateStream<Item> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(20)))
        .try_filter_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(r.value > -27) })
        .try_map(|r| Ok::<_, std::fmt::Error>(ItemRef { id: r.id, key: (r.id % 5 != 1).then_some(r.id), value: ((r.key) % 100) as i64 - 40, text: "a", at: r.at }))
        .filter_with(|_| 0u64, |state, r| { *state += 1; (r.value > -11 && r.key.is_some() || r.key.is_some()) })
        .filter(|r| r.id <= 224).expect_selectivity(0.01)
        .try_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(ItemRef { text: r.text, ..r }) })
        .group_by(|r| (r.key, r.value, r.text, r.at)).min(|r| r.id)
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
        .map(|r| (r.id, r.id))
        .group_by(|r| r.1 % 7).window(Tumbling::of(mins(7))).count()
        .filter(|r| r.0 <= 204).expect_selectivity(0.01)
        .map_with(|_| 0u64, |state, r| { *state += 1; seen.add(1); ItemRef { id: (r.2 + r.2) % 41, key: (r.2 % 5 != 3).then_some((27u64 + 7u64) % 41), value: ((r.0) % 100) as i64 - 40, text: "longer than twelve bytes", at: r.1 } })
        .filter_map(|r| if r.text.len() > 5 { Some(((r.id % 31) * (r.id % 7), (r.id % 31) * (21u64 % 7))) } else { None })
        .group_by(|r| r.1).max(|r| r.0)
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
) -> UpdateStream<Item> {
    items
        .try_filter(|r| Ok::<_, std::fmt::Error>(r.text.len() > 10))
        .group_by(|r| r.text).max_by(|r| r.key)
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
) -> DataSet<u64> {
    let flow1 = items
        .cross_with_tiny(items).flat_map(|l, r| [(19u64, 12u64), (19u64, r.0)])
        .map_with(|_| 0u64, |state, r| { *state += 1; (r.0, "a") })
        .filter_map_with(|_| 0u64, |state, r| { *state += 1; if r.0 <= 201 { Some(ItemRef { id: r.0, key: (r.0 % 5 != 3).then_some(r.0), value: ((35u64) % 100) as i64 - 40, text: "", at: Timestamp::from_micros(7) }) } else { None } })
        .partition_by(|r| (r.text, r.id))
        .zip_with_unique_id()
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([r.1.id, r.1.id]));
    flow1
        .semi_join(items).hint(SortMerge).on_nulls_equal(|l| l, |r| r.1)
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
) -> DataSet<u64> {
    let set1 = items
        .group_by(|r| r.n2).avg(|r| r.id)
        .map(|r| (4u64, if r.0 <= 207 { r.0 } else { r.0 })).group_by(|p| p.0).min(|p| p.1);
    set1
        .iterate_delta(set1, |p| p.0, 2, |known, ns| { let better = ns.full_join(few).hint(BuildLeft).on(|l| l.0, |r| r).try_filter_map(|l, r| Ok::<_, std::fmt::Error>(if (l.map_or(7, |l| l.1) % 5 != 2 || l.map_or(7, |l| l.0) % 5 != 3) { Some(WideRef { id: 5u64, key: l.map_or(7, |l| l.1), at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (l.map_or(7, |l| l.0) % 5 != 3).then_some((r.map_or(7, |r| r) % 31) * (r.map_or(7, |r| r) % 7)), other: (r.map_or(7, |r| r) <= 202).then_some(l.map_or(7, |l| l.0)), flag: l.map_or(7, |l| l.1) % 5 != 2 && l.map_or(7, |l| l.0) <= 214, sign: (r.map_or(7, |r| r) % 5 != 1 || r.map_or(7, |r| r) > 0), value: ((l.map_or(7, |l| l.1)) % 100) as i64 - 40, cost: ((r.map_or(7, |r| r)) % 100) as i64 - 40, share: ((l.map_or(7, |l| l.0)) % 1000) as f64 / 4.0, name: "", n1: l.map_or(7, |l| l.0), n2: l.map_or(7, |l| l.1), n3: l.map_or(7, |l| l.0), n4: r.map_or(7, |r| r), n5: 32u64, n6: 38u64, n7: 35u64 }) } else { None })).with(one).flat_map(|l, r| [WideRef { id: l.n2, key: l.n5, at: l.at, text: "longer than twelve bytes", note: l.note, maybe: l.maybe, other: l.other, flag: l.note.is_some() && l.flag, sign: l.sign, value: l.value, cost: l.value, share: ((r.1) % 1000) as f64 / 4.0, name: l.text, n1: r.0, n2: if l.key % 5 != 4 { 1u64 } else { l.n1 }, n3: if l.n7 <= 206 { l.id } else { l.n4 }, n4: l.n6, n5: l.value.unsigned_abs() % 97, n6: l.n1, n7: r.0 }, WideRef { maybe: (l.share < 6.5).then_some(l.n3), ..l }]).semi_join(one).on(|l| l.key, |r| r.0).map(|r| (if r.name.len() > 5 { r.n7 } else { r.n7 }, r.n3)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([(r.0 + r.0) % 41, 36u64]))
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
) -> DataSet<(u64, u64)> {
    let flow1 = items
        .reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.n3 % 1_000; } out.emit((count, sum)); });
    let flow2 = flow1
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([((r.0 + r.1) % 41, r.1), ((r.1 % 31) * (r.1 % 7), r.0)]));
    let flow3 = flow2
        .sort_partition(|r| (asc(r.1), r.0))
        .try_filter_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(if r.1 % 5 != 4 && (r.0 % 5 != 4 || r.0 <= 228) { Some("") } else { None }) });
    flow3
        .group_by(|r| r).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += 1; } out.emit((count, sum)); Ok(()) })
        .anti_join(flow2).on(|l| l.1, |r| r.0)
        .reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a })
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
    items
        .group_by(|r| r.key % 5).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.key % 1_000; } out.emit((count, sum)); Ok(()) })
        .sample_n(1_000_000, 7)
        .group_by(|r| r.0).sorted_by(|r| (asc(r.1), desc(r.0))).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); Ok(()) })
        .group_by(|r| (r.0, r.1)).top(3, |r| (desc(r.1), r.0))
        .anti_join(one).on(|l| l.0 % 17, |r| r.0 % 3)
        .zip_with_unique_id()
        .join(one).hint(BuildLeft).on_nulls_equal(|l| l.1.1, |r| r.1).map(|l, r| WideRef { id: (r.1 % 31) * (r.0 % 7), key: l.1.1, at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (l.1.0 > 29).then_some(r.0), other: (r.1 % 5 != 2).then_some(r.1), flag: l.1.0 <= 222, sign: (l.1.0 % 5 != 0 || l.1.0 > 20), value: ((l.1.0) % 100) as i64 - 40, cost: ((l.1.1) % 100) as i64 - 40, share: ((l.1.1) % 1000) as f64 / 4.0, name: "a", n1: 28u64, n2: 11u64, n3: l.1.0, n4: l.1.1, n5: l.1.1, n6: 19u64, n7: 7u64 })
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
        .anti_join(one).on_nulls_equal(|l| l.key % 16, |r| r.1 % 22)
        .group_by(|r| r.id).min_by(|r| r.value)
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
) -> DataSet<(u64, f64)> {
    let set1 = items
        .map(|r| (r.0, r.0)).group_by(|p| p.0).min(|p| p.1);
    let flow2 = set1
        .iterate_delta(set1, |p| p.0, 1, |known, ns| { let better = ns.reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a }).left_join(others).on(|l| l.1, |r| r.0).flat_map(|l, r| ["longer than twelve bytes", "a"]).group_by(|r| r).sorted_by(|r| desc(r)).combine_group(|group, out| { for r in group { out.emit(r); } }).map(|r| (5u64, r.len() as u64 % 50)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .sample_n(1_000_000, 7);
    let flow3 = flow2
        .aggregate(|g| (g.count_distinct(|r| r.0), g.max(|r| if r.1 > 3 { r.1 } else { r.0 })))
        .try_map(|r| Ok::<_, std::fmt::Error>(ItemRef { id: r.1, key: (r.1 % 5 != 3).then_some(if r.1 <= 223 { r.0 } else { r.0 }), value: ((r.0) % 100) as i64 - 40, text: "longer than twelve bytes", at: Timestamp::from_micros(7) }))
        .group_by(|r| r.id % 17).avg(|r| r.id)
        .expect_rows(1)
        .sort_partition(|r| (desc(r.1), asc(r.0)));
    flow3
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
) -> DataStream<(u64, (u64, Wide))> {
    items
        .sample(1.0, 7)
        .zip_with_unique_id()
        .partition_by(|r| (r.1.n6, r.1.flag))
        .expect_rows(1)
        .zip_with_unique_id()
        .filter(|r| r.1.1.n2 % 5 != 1)
        .first(1000000)
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
        .group_by(|r| (r.key, r.value, r.at)).min(|r| r.id)
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
) -> DataSet<(u64, u64)> {
    let flow1 = items
        .cross(others).flat_map(|l, r| [WideRef { key: (l.text.len() as u64 % 50 % 31) * (l.n3 % 7), ..l }, WideRef { id: l.n3, key: l.text.len() as u64 % 50, at: r.at, text: "a", note: Some(l.text), maybe: (r.text.len() > 4).then_some(l.n5), other: l.maybe, flag: l.sign, sign: (l.other.is_some() || l.text.len() > 1), value: ((l.n5) % 100) as i64 - 40, cost: ((l.key) % 100) as i64 - 40, share: ((l.n5) % 1000) as f64 / 4.0, name: "", n1: l.n5, n2: l.n2, n3: l.id, n4: l.n1, n5: l.n1, n6: r.id, n7: l.n6 }]);
    flow1
        .partition_with(|r| r.text.len() as u64 % 50)
        .group_by(|r| r.n6 % 9).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.n6 % 1_000; } out.emit((count, sum)); Ok(()) })
        .group_by(|r| (r.1, r.0)).combine_group(|group, out| { for r in group { out.emit(r); } })
        .flat_map_with(|_| 0u64, |state, r| { *state += 1; [(12u64, r.0), (r.0, r.0)] })
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
) -> DataSet<String> {
    let flow1 = items
        .try_filter_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(if (r.note.is_some() || r.flag) { Some(r.text.len() as u64 % 50) } else { None }) })
        .group_by(|r| r).top(3, |r| desc(r))
        .partition_with(|r| 17u64)
        .distinct_by(|r| r)
        .right_join(others).on(|l| l, |r| r.key).flat_map(|l, r| [(if r.id % 5 != 1 { l.map_or(7, |l| l) } else { l.map_or(7, |l| l) }, r.key), (l.map_or(7, |l| l), 31u64)]);
    flow1
        .expect_rows(1)
        .filter_map_with(|_| 0u64, |state, r| { *state += 1; if (r.0 <= 207 || r.1 > 1) { Some("longer than twelve bytes") } else { None } })
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
    let set1 = items
        .zip_with_index()
        .map(|r| (r.1.id, r.1.id)).group_by(|p| p.0).min(|p| p.1);
    let flow2 = set1
        .iterate_delta(set1, |p| p.0, 0, |known, ns| { let better = ns.reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.0 % 1_000; } out.emit((count, sum)); }).try_filter_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(if (r.0 % 5 != 0 || r.0 % 5 != 1) { Some(Event { id: if r.1 <= 220 { r.1 } else { r.0 }, key: r.1, value: ((r.0) % 100) as i64 - 40, at: Timestamp::from_micros(7) }) } else { None }) }).full_join(others).on(|l| (l.id, l.key), |r| (r.0, r.1)).map(|l, r| WideRef { id: r.map_or(7, |r| r.0), key: 30u64, at: l.map_or(Timestamp::from_micros(7), |l| l.at), text: "a", note: None::<&str>, maybe: (r.map_or(7, |r| r.1) % 5 != 2).then_some(r.map_or(7, |r| r.0)), other: (l.map_or(Timestamp::from_micros(7), |l| l.at) > Timestamp::from_micros(25_000_000)).then_some(3u64), flag: r.map_or(7, |r| r.0) > 29, sign: r.map_or(7, |r| r.1) <= 215, value: ((29u64) % 100) as i64 - 40, cost: ((l.map_or(7, |l| l.id)) % 100) as i64 - 40, share: ((r.map_or(7, |r| r.0)) % 1000) as f64 / 4.0, name: "longer than twelve bytes", n1: if l.map_or(-7, |l| l.value) > -8 { 36u64 } else { r.map_or(7, |r| r.0) }, n2: r.map_or(7, |r| r.1), n3: 30u64, n4: l.map_or(-7, |l| l.value).unsigned_abs() % 97, n5: l.map_or(7, |l| l.id), n6: r.map_or(7, |r| r.0), n7: l.map_or(7, |l| l.id) }).filter_map(|r| if r.n5 % 5 != 3 { Some((r.value.unsigned_abs() % 97, r.cost.unsigned_abs() % 97)) } else { None }).rebalance().group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .filter(|r| { seen.add(1); r.1 > 16 && r.0 <= 219 && r.0 % 5 != 4 })
        .try_filter_map(|r| { seen.add(1); Ok::<_, std::fmt::Error>(if r.1 % 5 != 3 { Some(Event { id: 14u64, key: r.0, value: ((r.1) % 100) as i64 - 40, at: Timestamp::from_micros(7) }) } else { None }) });
    let flow3 = flow2
        .reduce(|a, b| if (a.id, a.key, a.value, a.at) < (b.id, b.key, b.value, b.at) { b } else { a })
        .group_by(|r| r.value).sorted_by(|r| (r.at, r.id, r.key, r.value)).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.id % 1_000; } out.emit((count, sum)); });
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
    let flow1 = items
        .map_with(|_| 0u64, |state, r| { *state += 1; seen.add(1); (31u64, r.id) })
        .sort(|r| (desc(r.1), desc(r.0)));
    let set2 = flow1
        .co_group(one).on(|l| l.0, |r| r.0).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64)))
        .map(|r| (r.0, r.0)).group_by(|p| p.0).min(|p| p.1);
    set2
        .iterate_delta(set2, |p| p.0, 5, |known, ns| { let better = ns.group_by(|r| r.0 % 18).count().top(1, |r| (asc(r.1), desc(r.0))).try_flat_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>([Event { id: r.1, key: r.1, value: ((r.0) % 100) as i64 - 40, at: Timestamp::from_micros(7) }, Event { id: (r.0 + r.1) % 41, key: 7u64, value: ((r.1) % 100) as i64 - 40, at: Timestamp::from_micros(7) }]) }).filter(|r| r.id % 5 != 4).expect_selectivity(0.01).full_join(one).on_nulls_equal(|l| l.key % 15, |r| r.0 % 17).filter(|l, r| r.map_or(7, |r| r.0) > 6).map(|l, r| ItemRef { id: r.map_or(7, |r| r.1), key: (r.map_or(7, |r| r.0) % 5 != 3).then_some(24u64), value: ((l.map_or(7, |l| l.key)) % 100) as i64 - 40, text: "a", at: l.map_or(Timestamp::from_micros(7), |l| l.at) }).right_join(one).on(|l| l.id, |r| r.1).flat_map(|l, r| [ItemRef { id: r.0, key: (l.map_or(Timestamp::from_micros(7), |l| l.at) > Timestamp::from_micros(8_000_000)).then_some(r.0), value: ((l.map_or(7, |l| l.id)) % 100) as i64 - 40, text: l.map_or("none", |l| l.text), at: l.map_or(Timestamp::from_micros(7), |l| l.at) }, ItemRef { id: l.map_or(7, |l| l.id), key: l.and_then(|l| l.key), value: ((r.1) % 100) as i64 - 40, text: l.map_or("none", |l| l.text), at: l.map_or(Timestamp::from_micros(7), |l| l.at) }]).left_join(others).on(|l| l.id, |r| r).try_flat_map(|l, r| Ok::<_, std::fmt::Error>([ItemRef { text: l.text, ..l }, ItemRef { at: l.at, ..l }])).map(|r| (r.id, r.id)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
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
) -> UpdateStream<(u64, f64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(20)))
        .union(others.event_time(|o| o.at, Lateness::bounded(secs(20))))
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([Event { at: r.at, ..r }, Event { value: r.value, ..r }]))
        .group_by(|r| r.key % 11).avg(|r| r.key)
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
) -> UpdateStream<Item> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .group_by(|r| (r.id, r.value, r.text, r.at)).max(|r| r.key)
}

fn run_p39(given: &Given) -> Result<Reader> {
    let (items, others) = (given.stream("items")?, given.stream("others")?);
    Ok(given.write(&p39(items, others, given.set("few")?, given.set("one")?, given.seen())))
}

pub(crate) fn all() -> Vec<(Spec, Declare)> {
    vec![
    (spec(0, None, false), run_p0),
    (spec(1, Some(("Windows", false, &["window.late", "union", "join", "map", "try_filter_with", "partition_with"])), false), run_p1),
    (spec(2, Some(("Joins", false, &["reduce_group", "union", "min_by", "cross_with_huge", "map_partition", "sample_n", "group_by.reduce_group"])), false), run_p2),
    (spec(3, None, false), run_p3),
    (spec(4, Some(("Sets", false, &["cross_with_huge", "filter_with", "top", "sample", "map_with", "group_by.reduce", "distinct_by"])), false), run_p4),
    (spec(5, Some(("Loops", true, &["max_by", "group_by.sum", "partition_by_range", "group_by.reduce_group", "group_by.sorted_by.try_reduce_group", "group_by.min", "anti_join"])), false), run_p5),
    (spec(6, None, false), run_p6),
    (spec(7, Some(("Snapshots", false, &["window.sum", "partition_by", "try_flat_map", "event_time", "try_flat_map_with", "window.count", "try_filter_with"])), false), run_p7),
    (spec(8, Some(("Joins", false, &["group_by.combine_group", "group_by.sorted_by.reduce_group", "try_reduce_group", "aggregate", "co_group", "group_by.count", "anti_join"])), false), run_p8),
    (spec(9, None, false), run_p9),
    (spec(10, Some(("Streams", false, &["project", "group_by.min_by", "updates", "group_by.count", "updates", "join", "flat_map_with"])), false), run_p10),
    (spec(11, Some(("Loops", true, &["group_by.sum", "sample", "group_by.max", "group_by.top", "filter", "anti_join", "group_by.sorted_by.combine_group"])), false), run_p11),
    (spec(12, None, false), run_p12),
    (spec(13, Some(("Snapshots", false, &["partition_by", "partition_with", "semi_join", "try_filter_with", "partition_by", "sample", "expect_rows"])), false), run_p13),
    (spec(14, Some(("Snapshots", false, &["try_map", "try_filter_map", "group_by.sum", "updates", "partition_with", "with_all", "rebalance"])), false), run_p14),
    (spec(15, None, false), run_p15),
    (spec(16, Some(("Streams", false, &["window.aggregate", "with_all", "expect_selectivity", "with_all", "event_time", "try_filter_with", "group_by.min"])), false), run_p16),
    (spec(17, Some(("WindowsWithSnapshots", false, &["try_filter", "try_map", "union", "group_by.count"])), false), run_p17),
    (spec(18, None, false), run_p18),
    (spec(19, Some(("Streams", false, &["first", "union", "group_by.max_by", "updates", "try_flat_map_with", "group_by.max_by", "updates"])), false), run_p19),
    (spec(20, Some(("Joins", false, &["project", "zip_with_unique_id", "group_by.top", "sample", "anti_join", "group_by.reduce", "sort_partition"])), false), run_p20),
    (spec(21, None, false), run_p21),
    (spec(22, Some(("Streams", false, &["project", "group_by.aggregate", "updates", "semi_join", "sample", "group_by.max", "updates"])), false), run_p22),
    (spec(23, Some(("Windows", false, &["try_filter_with", "first", "group_by.max_by", "updates", "group_by.max", "updates", "try_flat_map"])), false), run_p23),
    (spec(24, None, false), run_p24),
    (spec(25, Some(("Streams", false, &["try_filter", "group_by.max_by", "updates", "union", "union", "map_with", "group_by.aggregate"])), false), run_p25),
    (spec(26, Some(("Joins", false, &["cross_with_tiny", "map_with", "filter_map_with", "partition_by", "zip_with_unique_id", "try_flat_map", "group_by.min"])), false), run_p26),
    (spec(27, None, false), run_p27),
    (spec(28, Some(("Joins", false, &["reduce_group", "try_flat_map", "sort_partition", "try_filter_map_with", "group_by.try_reduce_group", "anti_join", "reduce"])), false), run_p28),
    (spec(29, Some(("Joins", false, &["group_by.try_reduce_group", "sample_n", "group_by.sorted_by.try_reduce_group", "group_by.top", "anti_join", "zip_with_unique_id", "join"])), false), run_p29),
    (spec(30, None, false), run_p30),
    (spec(31, Some(("Joins", false, &["iterate_delta", "sample_n", "aggregate", "try_map", "group_by.avg", "expect_rows", "sort_partition"])), false), run_p31),
    (spec(32, Some(("Snapshots", false, &["sample", "zip_with_unique_id", "semi_join", "join", "sample", "partition_by", "group_by.min_by"])), false), run_p32),
    (spec(33, None, false), run_p33),
    (spec(34, Some(("Sets", false, &["cross", "partition_with", "group_by.try_reduce_group", "group_by.combine_group", "flat_map_with"])), false), run_p34),
    (spec(35, Some(("Joins", false, &["try_filter_map_with", "group_by.top", "partition_with", "distinct_by", "right_join", "expect_rows", "filter_map_with"])), false), run_p35),
    (spec(36, None, false), run_p36),
    (spec(37, Some(("Loops", true, &["group_by.count", "top", "try_flat_map_with", "expect_selectivity", "full_join", "right_join", "left_join"])), false), run_p37),
    (spec(38, Some(("WindowsWithSnapshots", false, &["union", "project", "sample", "group_by.max", "updates", "expect_selectivity", "try_filter"])), false), run_p38),
    (spec(39, None, false), run_p39),
    ]
}
