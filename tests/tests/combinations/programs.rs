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
    let result = p0(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<Wide>)
}

#[dataflow]
fn p1(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, Timestamp)> {
    items
        .event_time(|r| r.at + secs(30), Lateness::bounded(secs(100_000)))
        .try_filter_map(|r| Ok::<_, std::fmt::Error>(if r.value > -19 { Some(Event { at: r.at, ..r }) } else { None }))
        .group_by(|r| (r.id, r.key, r.value)).max(|r| r.at)
        .updates()
        .map(|r| (r.key, r.at))
        .try_filter_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>((r.0 % 5 != 0 || r.0 % 5 != 1)) })
        .partition_with(|r| (27u64 + r.0) % 41)
        .map(|r| (r.0, r.1))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p1(given: &Given) -> Result<Reader> {
    let result = p1(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_binary(given.output.as_str());
    Ok(read::binary::<(u64, Timestamp)>)
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
    let result = p2(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_csv(given.output.as_str());
    Ok(read::csv::<(u64, u64)>)
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
    let result = p3(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<Item>)
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
    let result = p4(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    given.collected(&result)
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
        .iterate(4, |ns| ns.zip_with_index().left_join(others).on_nulls_equal(|l| l.1.1, |r| r.n4).filter_map(|l, r| if r.map_or(7, |r| r.n2) <= 215 { Some(ItemRef { id: r.map_or(-7, |r| r.cost).unsigned_abs() % 97, key: r.and_then(|r| r.maybe), value: r.map_or(-7, |r| r.cost), text: r.map_or("none", |r| r.name), at: r.map_or(Timestamp::from_micros(7), |r| r.at) }) } else { None }).cross(items).map(|l, r| ItemRef { id: (r.text.len() as u64 % 50 + r.value.unsigned_abs() % 97) % 41, ..l }).max_by(|r| r.text).cross(items).map(|l, r| r.other.unwrap_or(3)).try_map(|r| Ok::<_, std::fmt::Error>(WideRef { id: 35u64, key: 26u64, at: Timestamp::from_micros(7), text: "a", note: None::<&str>, maybe: (r % 5 != 4).then_some(r), other: (r % 5 != 2).then_some(25u64), flag: r % 5 != 4, sign: r % 5 != 1, value: ((19u64) % 100) as i64 - 40, cost: ((23u64) % 100) as i64 - 40, share: ((20u64) % 1000) as f64 / 4.0, name: "a", n1: 31u64, n2: 14u64, n3: 37u64, n4: 11u64, n5: r, n6: (r % 31) * (r % 7), n7: r })).left_join(few).on(|l| l.n1, |r| r).try_map(|l, r| Ok::<_, std::fmt::Error>((l.n1, l.n4))))
}

fn run_p5(given: &Given) -> Result<Reader> {
    let result = p5(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<(u64, u64)>)
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
    let result = p6(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<(u64, u64)>)
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
    let result = p7(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<Item>)
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
    let result = p8(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_csv(given.output.as_str());
    Ok(read::csv::<(u64, u64)>)
}

#[dataflow]
fn p9(
    items: DataSet<Item>,
    others: DataSet<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let set1 = items
        .map(|r| (r.id, r.text.len() as u64 % 50)).group_by(|p| p.0).min(|p| p.1);
    let flow2 = set1
        .iterate_delta(set1, |p| p.0, 0, |known, ns| { let better = ns.group_by(|r| r.0).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.0 % 1_000; } out.emit((count, sum)); }).try_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(Event { id: r.0, key: r.0, value: ((15u64) % 100) as i64 - 40, at: Timestamp::from_micros(7) }) }).map(|r| (11u64, r.key)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .try_map(|r| Ok::<_, std::fmt::Error>(ItemRef { id: (r.1 + r.0) % 41, key: (r.1 % 5 != 4).then_some(r.1), value: ((r.0) % 100) as i64 - 40, text: "", at: Timestamp::from_micros(7) }))
        .try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.id % 1_000; } out.emit((count, sum)); Ok(()) });
    flow2
}

fn run_p9(given: &Given) -> Result<Reader> {
    let result = p9(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<(u64, u64)>)
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
    let result = p10(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<(u64, String)>)
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
    let set3 = set2
        .iterate_delta(set2, |p| p.0, 5, |known, ns| { let better = ns.group_by(|r| r.0 % 10).sorted_by(|r| (asc(r.0), asc(r.1))).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); Ok(()) }).cross(flow1).map(|l, r| (r.key, r.id)).group_by(|r| (r.0, r.1)).top(3, |r| (asc(r.1), r.0)).group_by(|r| r.1).top(2, |r| (r.0, desc(r.1))).filter(|r| { seen.add(1); r.0 <= 226 }).anti_join(flow1).on(|l| (l.0, l.1), |r| (r.id, r.key)).group_by(|r| (r.1, r.0)).first(2).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .map(|r| ((r.0 % 31) * (r.1 % 7), r.0)).group_by(|p| p.0).min(|p| p.1);
    let set4 = set3
        .iterate_delta(set3, |p| p.0, 0, |known, ns| { let better = ns.reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a }).left_join(items).on_nulls_equal(|l| (l.0, l.1), |r| (r.id, r.key)).map(|l, r| Event { id: r.map_or(7, |r| r.id), key: 0u64, value: r.map_or(-7, |r| r.value), at: r.map_or(Timestamp::from_micros(7), |r| r.at) }).partition_by_range(|r| (desc(r.value), asc(r.id), r.key, asc(r.at))).right_join(flow1).on(|l| l.id, |r| r.key).filter_map(|l, r| if l.map_or(-7, |l| l.value) > -29 { Some((17u64, r.key)) } else { None }).project(|r| (r.1, r.0)).cross_with_tiny(flow1).map(|l, r| (l.0, (l.1 + l.1) % 41)).filter(|r| r.0 % 5 != 2).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .map(|r| (33u64, 35u64)).group_by(|p| p.0).min(|p| p.1);
    let set5 = set4
        .iterate_delta(set4, |p| p.0, 1, |known, ns| { let better = ns.group_by(|r| r.0).min_by(|r| (r.0, r.1)).co_group(flow1).on(|l| l.0 % 22, |r| r.key % 17).sorted_by(|l| (desc(l.0), l.1), |r| (desc(r.at), desc(r.key), r.id, asc(r.value))).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64))).cross_with_huge(flow1).flat_map(|l, r| ["a", "a"]).cross(few).map(|l, r| (l.len() as u64 % 50, r)).try_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; seen.add(1); Ok::<_, std::fmt::Error>((r.1, 37u64)) }).anti_join(flow1).on_nulls_equal(|l| l.1 % 3, |r| r.key % 8).try_filter_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>((r.0 % 5 != 0 || r.0 > 29) && r.1 % 5 != 3) }).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .map(|r| (r.1, r.0)).group_by(|p| p.0).min(|p| p.1);
    set5
        .iterate_delta(set5, |p| p.0, 2, |known, ns| { let better = ns.group_by(|r| r.1 % 5).combine_group(|group, out| { for r in group { out.emit(r); } }).anti_join(flow1).hint(BuildRight).on_nulls_equal(|l| l.0, |r| r.key).flat_map(|r| [Event { id: r.0, key: 5u64, value: ((r.0) % 100) as i64 - 40, at: Timestamp::from_micros(7) }, Event { id: 24u64, key: r.1, value: ((r.0) % 100) as i64 - 40, at: Timestamp::from_micros(7) }]).filter_with(|_| 0u64, |state, r| { *state += 1; r.id % 5 != 3 }).group_by(|r| (r.key, r.value, r.at)).min(|r| r.id).try_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>((r.key, r.key)) }).semi_join(flow1).on_nulls_equal(|l| l.1 % 9, |r| r.key % 14).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
        .iterate(1, |ns| ns.co_group(flow1).on(|l| (l.0, l.1), |r| (r.id, r.key)).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64))).with(one).filter(|l, r| (l.0 % 5 != 4 || l.0 > 29)).filter_map(|l, r| if l.0 % 5 != 3 && r.0 % 5 != 0 { Some((r.0, 39u64)) } else { None }).co_group(items).on(|l| l.1, |r| r.key).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64))).group_by(|r| r.1).max_by(|r| r.0).co_group(flow1).on(|l| l.1, |r| r.id).sorted_by(|l| (desc(l.1), desc(l.0)), |r| (asc(r.value), r.at, desc(r.key), asc(r.id))).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64))).semi_join(others).hint(BuildLeft).on(|l| l.1 % 18, |r| r.key % 14).filter(|r| r.0 % 5 != 2).expect_selectivity(0.01))
}

fn run_p11(given: &Given) -> Result<Reader> {
    let result = p11(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    given.counted(&result)
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
    let result = p12(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    given.collected(&result)
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
    let result = p13(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_parquet(given.output.as_str());
    Ok(read::parquet::<Item>)
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
    let result = p14(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<Item>)
}

#[dataflow]
fn p15(
    items: DataStream<Item>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<((String, i64), f64)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .group_by(|r| (r.text, r.value)).avg(|r| r.id)
}

fn run_p15(given: &Given) -> Result<Reader> {
    let result = p15(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<((String, i64), f64)>)
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
    let result = p16(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<Event>)
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
        .event_time(|r| r.at + secs(30), Lateness::bounded(secs(100_000)))
        .partition_with(|r| r.id)
        .group_by(|r| (r.key, r.value, r.text, r.at)).sum(|r| r.id)
        .updates()
        .rebalance()
        .rebalance()
        .rebalance()
        .filter_map(|r| if r.text.len() > 0 { Some(((22u64 + 27u64) % 41, r.id)) } else { None })
        .map(|r| ((r.0 + r.0) % 41, r.1))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p17(given: &Given) -> Result<Reader> {
    let result = p17(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_csv(given.output.as_str());
    Ok(read::csv::<(u64, u64)>)
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
    let result = p18(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<Event>)
}

#[dataflow]
fn p19(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, u64)> {
    items
        .try_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(ItemRef { id: r.id, ..r }) })
        .join(others).on(|l| l.value, |r| r.value).map(|l, r| (l.id, l.key.unwrap_or(3)))
        .with_all(few).init(|few| (few.len() as u64, few.iter().sum::<u64>())).map(|l, all| Event { id: all.1, key: (11u64 + l.0) % 41, value: ((22u64) % 100) as i64 - 40, at: Timestamp::from_micros(7) })
        .flat_map(|r| ["", "longer than twelve bytes"])
        .flat_map_with(|_| 0u64, |state, r| { *state += 1; [Event { id: 27u64, key: (22u64 + 39u64) % 41, value: ((16u64) % 100) as i64 - 40, at: Timestamp::from_micros(7) }, Event { id: 8u64, key: (38u64 % 31) * (17u64 % 7), value: ((18u64) % 100) as i64 - 40, at: Timestamp::from_micros(7) }] })
        .group_by(|r| r.key % 5).aggregate(|g| (g.key, g.count()))
}

fn run_p19(given: &Given) -> Result<Reader> {
    let result = p19(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_parquet(given.output.as_str());
    Ok(read::parquet::<(u64, u64)>)
}

#[dataflow]
fn p20(
    items: DataSet<(u64, u64)>,
    others: DataSet<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, u64)> {
    let flow1 = items
        .sort_partition(|r| (asc(r.0), r.1));
    let flow2 = flow1
        .group_by(|r| r.1 % 6).reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.0 % 1_000; } out.emit((count, sum)); })
        .group_by(|r| r.0).sum(|r| r.1);
    let flow3 = flow2
        .sample(1.0, 7)
        .anti_join(items).hint(Repartition).on(|l| l.0, |r| r.0)
        .group_by(|r| r.0 % 15).max_by(|r| r.0)
        .sort(|r| (desc(r.1), desc(r.0)));
    flow3
}

fn run_p20(given: &Given) -> Result<Reader> {
    let result = p20(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_parquet(given.output.as_str());
    Ok(read::parquet::<(u64, u64)>)
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
    let result = p21(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    given.counted(&result)
}

#[dataflow]
fn p22(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Item> {
    items
        .first(1000000)
        .sample(1.0, 7)
        .map(|r| ItemRef { key: (r.text.len() > 10).then_some(r.key.unwrap_or(3)), ..r })
        .group_by(|r| r.key).min_by(|r| (r.value, r.at))
}

fn run_p22(given: &Given) -> Result<Reader> {
    let result = p22(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<Item>)
}

#[dataflow]
fn p23(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<Event> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(20)))
        .try_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(Event { id: r.id, key: r.key, value: ((r.key) % 100) as i64 - 40, at: r.at }) })
        .filter_with(|_| 0u64, |state, r| { *state += 1; r.id % 5 != 0 })
        .semi_join(others.event_time(|o| o.at, Lateness::bounded(secs(20)))).on(|l| l.id % 17, |r| r.id % 15)
        .try_filter_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(r.value > -28) })
        .group_by(|r| (r.key, r.value, r.at)).max(|r| r.id)
}

fn run_p23(given: &Given) -> Result<Reader> {
    let result = p23(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<Event>)
}

#[dataflow]
fn p24(
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

fn run_p24(given: &Given) -> Result<Reader> {
    let result = p24(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<Event>)
}

#[dataflow]
fn p25(
    items: DataStream<Item>,
    others: DataStream<Item>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, u64, Option<u64>)> {
    items
        .zip_with_unique_id()
        .flat_map_with(|_| 0u64, |state, r| { *state += 1; [ItemRef { id: r.1.value.unsigned_abs() % 97, key: (r.1.id % 5 != 3).then_some(r.1.id), value: ((r.1.id) % 100) as i64 - 40, text: "", at: r.1.at }, ItemRef { id: r.1.id, key: r.1.key, value: ((r.1.id) % 100) as i64 - 40, text: "longer than twelve bytes", at: r.1.at }] })
        .group_by(|r| r.id % 15).aggregate(|g| (g.key, g.max(|r| r.value.unsigned_abs() % 97), g.max(|r| r.key)))
}

fn run_p25(given: &Given) -> Result<Reader> {
    let result = p25(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_csv(given.output.as_str());
    Ok(read::csv::<(u64, u64, Option<u64>)>)
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
    let result = p26(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<Item>)
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
        .iterate(7, |ns| ns.left_join(items).hint(SortMerge).on(|l| l.n6, |r| r.n7).map(|l, r| WideRef { value: r.map_or(-7, |r| r.cost), ..l }).rebalance().cross(one).map(|l, r| WideRef { n6: (l.n2 % 31) * (l.n3 % 7), ..l }).group_by(|r| r.value).aggregate(|g| (g.key, g.min(|r| r.n1))).co_group(items).on(|l| l.0, |r| r.cost).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64))).map(|r| WideRef { id: 18u64, key: r.0, at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (r.1 % 5 != 1).then_some(r.1), other: (r.1 > 15).then_some(r.1), flag: r.1 > 11, sign: r.0 % 5 != 1, value: ((r.1) % 100) as i64 - 40, cost: ((r.1) % 100) as i64 - 40, share: ((r.0) % 1000) as f64 / 4.0, name: "longer than twelve bytes", n1: r.0, n2: r.1, n3: r.1, n4: r.1, n5: r.0, n6: r.0, n7: (r.1 % 31) * (r.0 % 7) }))
        .map(|r| (r.value.unsigned_abs() % 97, r.id)).group_by(|p| p.0).min(|p| p.1);
    let flow2 = set1
        .iterate_delta(set1, |p| p.0, 1, |known, ns| { let better = ns.group_by(|r| r.1).combine_group(|group, out| { for r in group { out.emit(r); } }).group_by(|r| (r.0, r.1)).max_by(|r| r.0).filter_map(|r| if r.1 % 5 != 4 { Some(ItemRef { id: r.0, key: (r.0 % 5 != 3).then_some(22u64), value: ((r.0) % 100) as i64 - 40, text: "longer than twelve bytes", at: Timestamp::from_micros(7) }) } else { None }).try_filter_map(|r| Ok::<_, std::fmt::Error>(if r.key.is_some() { Some(Event { id: r.id, key: (r.id + r.id) % 41, value: ((r.id) % 100) as i64 - 40, at: r.at }) } else { None })).top(2, |r| (asc(r.id), asc(r.at), r.value, desc(r.key))).map(|r| (r.key, r.id)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) });
    let flow3 = flow2
        .iterate(2, |ns| ns.distinct())
        .top(2, |r| (asc(r.0), desc(r.1)));
    let set4 = flow3
        .distinct()
        .map(|r| (r.0, r.1)).group_by(|p| p.0).min(|p| p.1);
    set4
        .iterate_delta(set4, |p| p.0, 1, |known, ns| { let better = ns.group_by(|r| r.1).sorted_by(|r| (desc(r.0), r.1)).combine_group(|group, out| { for r in group { out.emit(r); } }).join(flow3).hint(SortMerge).on(|l| l.0, |r| r.0).try_map(|l, r| Ok::<_, std::fmt::Error>(Event { id: l.0, key: 23u64, value: ((l.0) % 100) as i64 - 40, at: Timestamp::from_micros(7) })).map(|r| (r.id, 26u64)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) })
}

fn run_p27(given: &Given) -> Result<Reader> {
    let result = p27(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.in_folders_by(|r| r.1).write_csv(given.output.as_str());
    Ok(read::csv::<(u64, u64)>)
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
        .distinct_by(|r| (r.n4, r.at));
    flow1
        .group_by(|r| r.n4 % 9).count()
        .group_by(|r| r.0).min(|r| r.1)
        .group_by(|r| r.0).try_reduce_group(|group, out| { let mut count = 0u64; let mut sum = 0u64; for r in group { count += 1; sum += r.1 % 1_000; } out.emit((count, sum)); Ok(()) })
        .anti_join(others).on(|l| l.1 % 7, |r| r.key % 6)
        .reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a })
        .co_group(items).on(|l| l.1, |r| r.key).reduce_group(|lefts, rights, out| out.emit((lefts.len() as u64, rights.len() as u64)))
}

fn run_p28(given: &Given) -> Result<Reader> {
    let result = p28(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_csv(given.output.as_str());
    Ok(read::csv::<(u64, u64)>)
}

#[dataflow]
fn p29(
    items: DataSet<Event>,
    others: DataSet<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<(u64, (u64, u64))> {
    items
        .partition_by(|r| r.id)
        .try_flat_map(|r| Ok::<_, std::fmt::Error>([ItemRef { id: (r.id % 31) * (r.key % 7), key: (r.id <= 227).then_some(37u64), value: ((r.id) % 100) as i64 - 40, text: "a", at: r.at }, ItemRef { id: r.id, key: (r.value > -13).then_some(if r.key % 5 != 1 { r.id } else { r.key }), value: ((r.key) % 100) as i64 - 40, text: "", at: r.at }]))
        .flat_map_with(|_| 0u64, |state, r| { *state += 1; seen.add(1); [(r.id, r.key.unwrap_or(3)), (r.id, r.id)] })
        .group_by(|r| (r.1, r.0)).top(1, |r| (r.1, asc(r.0)))
        .anti_join(few).on(|l| l.0, |r| r)
        .zip_with_index()
        .filter_with(|_| 0u64, |state, r| { *state += 1; ((r.1.0 % 5 != 0 || r.1.0 > 20) || (r.1.1 > 8 || r.1.1 <= 204)) })
}

fn run_p29(given: &Given) -> Result<Reader> {
    let result = p29(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    given.collected(&result)
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
    let result = p30(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_binary(given.output.as_str());
    Ok(read::binary::<Event>)
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
        .group_by(|r| r.1).min(|r| r.0)
        .reduce(|a, b| if (a.0, a.1) < (b.0, b.1) { b } else { a })
        .zip_with_index()
        .distinct_by(|r| r.1.1)
        .semi_join(one).on_nulls_equal(|l| l.1.1, |r| r.0)
        .sample(1.0, 7)
}

fn run_p31(given: &Given) -> Result<Reader> {
    let result = p31(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    given.collected(&result)
}

#[dataflow]
fn p32(
    items: DataStream<Wide>,
    others: DataStream<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, u64)> {
    items
        .partition_by(|r| (r.note, r.n7))
        .flat_map(|r| ["a", r.note.unwrap_or("null")])
        .flat_map(|r| [ItemRef { id: 4u64, key: (r.len() > 10).then_some(12u64), value: ((4u64) % 100) as i64 - 40, text: "a", at: Timestamp::from_micros(7) }, ItemRef { id: if r.len() > 8 { 33u64 } else { 6u64 }, key: (r.len() > 8).then_some(r.len() as u64 % 50), value: ((29u64) % 100) as i64 - 40, text: r, at: Timestamp::from_micros(7) }])
        .group_by(|r| r.value).count()
        .updates()
        .filter(|r| r.0 > -17).expect_selectivity(0.01)
        .try_filter_map(|r| Ok::<_, std::fmt::Error>(if r.0 > -26 { Some((7u64, r.1)) } else { None }))
        .map(|r| (37u64, r.1))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p32(given: &Given) -> Result<Reader> {
    let result = p32(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<(u64, u64)>)
}

#[dataflow]
fn p33(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, Timestamp)> {
    items
        .event_time(|r| r.at, Lateness::bounded(secs(100_000)))
        .group_by(|r| (r.id, r.key, r.value)).max(|r| r.at)
        .updates()
        .map_with(|_| 0u64, |state, r| { *state += 1; (r.key, r.at) })
        .map(|r| (19u64, r.1))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p33(given: &Given) -> Result<Reader> {
    let result = p33(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_parquet(given.output.as_str());
    Ok(read::parquet::<(u64, Timestamp)>)
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
        .filter_with(|_| 0u64, |state, r| { *state += 1; r.flag })
        .partition_with(|r| r.n1)
        .aggregate(|g| (g.count_distinct(|r| r.at), g.count_distinct(|r| r.n1)))
        .map_partition(|records, out| { for r in records { out.emit((r.0 + r.0) % 41); } });
    flow1
        .anti_join(others).on(|l| l, |r| r.id)
        .group_by(|r| r).count()
        .partition_by(|r| r.1)
}

fn run_p34(given: &Given) -> Result<Reader> {
    let result = p34(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<(u64, u64)>)
}

#[dataflow]
fn p35(
    items: DataSet<Wide>,
    others: DataSet<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataSet<Wide> {
    let flow1 = items
        .max_by(|r| (r.sign, r.n5))
        .filter_map_with(|_| 0u64, |state, r| { *state += 1; if r.n4 % 5 != 0 { Some(r.n3) } else { None } })
        .distinct_by(|r| r)
        .filter_map(|r| if ((r <= 202 || r <= 205) || r > 2) { Some(((r % 31) * (8u64 % 7), r)) } else { None })
        .expect_rows(1_000);
    let flow2 = flow1
        .partition_with(|r| r.1)
        .left_join(few).on(|l| l.1, |r| r).try_map(|l, r| Ok::<_, std::fmt::Error>(WideRef { id: l.0, key: (l.1 % 31) * (l.1 % 7), at: Timestamp::from_micros(7), text: "longer than twelve bytes", note: None::<&str>, maybe: (l.1 <= 202).then_some(l.0), other: (l.1 > 2).then_some(35u64), flag: l.0 > 24 && l.1 > 12, sign: l.0 % 5 != 2, value: ((r.map_or(7, |r| r)) % 100) as i64 - 40, cost: ((r.map_or(7, |r| r)) % 100) as i64 - 40, share: ((22u64) % 1000) as f64 / 4.0, name: "", n1: r.map_or(7, |r| r), n2: (l.1 + l.1) % 41, n3: l.0, n4: l.1, n5: l.1, n6: 12u64, n7: l.1 }));
    flow2
}

fn run_p35(given: &Given) -> Result<Reader> {
    let result = p35(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    given.collected(&result)
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
    let result = p36(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_native(given.output.as_str());
    Ok(read::native::<(u64, u64)>)
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
    let flow2 = set1
        .iterate_delta(set1, |p| p.0, 0, |known, ns| { let better = ns.cross(items).filter_map(|l, r| if r.value > -16 { Some((r.value.unsigned_abs() % 97, "longer than twelve bytes")) } else { None }).expect_rows(50_000_000).try_flat_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>([ItemRef { id: r.1.len() as u64 % 50, key: (r.1.len() > 0).then_some(r.0), value: ((r.0) % 100) as i64 - 40, text: r.1, at: Timestamp::from_micros(7) }, ItemRef { id: (r.0 + r.0) % 41, key: (r.0 % 5 != 1).then_some(36u64), value: ((r.0) % 100) as i64 - 40, text: r.1, at: Timestamp::from_micros(7) }]) }).filter(|r| (r.id <= 210 || r.key.is_some())).expect_selectivity(0.01).full_join(others).on(|l| l.id, |r| r).map(|l, r| (l.map_or(7, |l| l.id) + 39u64) % 41).union(others).left_join(few).on(|l| l, |r| r).flat_map(|l, r| ["", "a"]).map(|r| (if r.len() > 4 { 31u64 } else { 15u64 }, r.len() as u64 % 50)).group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); (better, better) });
    flow2
}

fn run_p37(given: &Given) -> Result<Reader> {
    let result = p37(given.set("items")?, given.set("others")?, given.set("few")?, given.set("one")?, given.seen());
    given.counted(&result)
}

#[dataflow]
fn p38(
    items: DataStream<Event>,
    others: DataStream<Event>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> UpdateStream<(u64, u64)> {
    items
        .event_time(|r| r.at + secs(30), Lateness::bounded(secs(20)))
        .map(|r| WideRef { id: r.id, key: r.key, at: r.at, text: "a", note: None::<&str>, maybe: (r.value > -6).then_some((r.key + r.key) % 41), other: (r.key % 5 != 3).then_some(r.key), flag: r.at > Timestamp::from_micros(28_000_000), sign: r.at > Timestamp::from_micros(6_000_000) && r.at > Timestamp::from_micros(15_000_000), value: ((r.key) % 100) as i64 - 40, cost: ((r.key) % 100) as i64 - 40, share: ((0u64) % 1000) as f64 / 4.0, name: "a", n1: r.key, n2: 7u64, n3: (13u64 % 31) * (r.id % 7), n4: r.value.unsigned_abs() % 97, n5: r.key, n6: (r.id % 31) * (r.key % 7), n7: (r.id + r.id) % 41 })
        .group_by(|r| r.n1 % 5).count()
        .updates()
        .try_filter_map(|r| Ok::<_, std::fmt::Error>(if (r.0 <= 213 || r.0 > 4 && r.0 % 5 != 4) { Some(((r.0 + 25u64) % 41, r.1)) } else { None }))
        .map(|r| (r.0, r.1))
        .group_by(|r| r.0).max(|r| r.1)
}

fn run_p38(given: &Given) -> Result<Reader> {
    let result = p38(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_json(given.output.as_str());
    Ok(read::json::<(u64, u64)>)
}

#[dataflow]
fn p39(
    items: DataStream<Item>,
    others: DataStream<Wide>,
    few: DataSet<u64>,
    one: DataSet<(u64, u64)>,
    seen: Accumulated<Count>,
) -> DataStream<(u64, u64)> {
    items
        .event_time(|r| r.at + secs(30), Lateness::bounded(secs(100_000)))
        .try_map(|r| Ok::<_, std::fmt::Error>(ItemRef { text: r.text, ..r }))
        .rebalance()
        .group_by(|r| r.id % 13).window(Tumbling::of(mins(1))).late()
        .try_flat_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>([Event { id: r.id, key: r.id, value: r.value, at: r.at }, Event { id: r.value.unsigned_abs() % 97, key: r.id, value: ((r.id) % 100) as i64 - 40, at: r.at }]) })
        .try_filter_map_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), |state, r| { *state += 1; Ok::<_, std::fmt::Error>(if r.id % 5 != 0 && r.at > Timestamp::from_micros(22_000_000) { Some((if r.id > 18 { r.key } else { r.id }, r.key)) } else { None }) })
}

fn run_p39(given: &Given) -> Result<Reader> {
    let result = p39(given.stream("items")?, given.stream("others")?, given.set("few")?, given.set("one")?, given.seen());
    result.write_csv(given.output.as_str());
    Ok(read::csv::<(u64, u64)>)
}

pub(crate) fn all() -> Vec<(Spec, Declare)> {
    vec![
    (spec(0, None, ""), run_p0),
    (spec(1, Some(("Windows", false, &["try_filter_map", "group_by.max", "updates", "map", "try_filter_with", "partition_with"])), ""), run_p1),
    (spec(2, Some(("Joins", false, &["group_by.sorted_by.combine_group", "group_by.sorted_by.reduce_group", "min_by", "cross_with_huge", "map_partition", "cross_with_tiny", "group_by.reduce_group"])), ""), run_p2),
    (spec(3, None, ""), run_p3),
    (spec(4, Some(("Sets", false, &["project", "group_by.aggregate", "top", "sample", "map_with", "aggregate", "distinct_by"])), ""), run_p4),
    (spec(5, Some(("Loops", true, &["expect_selectivity", "filter_map_with", "reduce_group", "group_by.reduce_group", "group_by.sorted_by.try_reduce_group", "group_by.min", "anti_join"])), ""), run_p5),
    (spec(6, None, ""), run_p6),
    (spec(7, Some(("Snapshots", false, &["rebalance", "group_by.sum", "updates", "event_time", "try_map", "window.count", "try_filter_with"])), ""), run_p7),
    (spec(8, Some(("Joins", false, &["min_by", "group_by.avg", "group_by.aggregate", "anti_join", "group_by.reduce", "group_by.max_by", "try_reduce_group"])), ""), run_p8),
    (spec(9, None, ""), run_p9),
    (spec(10, Some(("Streams", false, &["sample", "rebalance", "try_flat_map_with", "group_by.max"])), ""), run_p10),
    (spec(11, Some(("Loops", true, &["group_by.sorted_by.try_reduce_group", "cross", "group_by.top", "group_by.top", "filter", "anti_join", "group_by.first"])), ""), run_p11),
    (spec(12, None, ""), run_p12),
    (spec(13, Some(("Snapshots", false, &["window.sum", "expect_selectivity", "rebalance", "group_by.aggregate"])), ""), run_p13),
    (spec(14, Some(("Snapshots", false, &["union", "group_by.reduce", "updates", "try_filter_with", "expect_rows", "group_by.aggregate"])), ""), run_p14),
    (spec(15, None, ""), run_p15),
    (spec(16, Some(("Streams", false, &["window.aggregate", "group_by.min_by", "updates", "project", "try_filter_with", "expect_rows", "flat_map"])), ""), run_p16),
    (spec(17, Some(("WindowsWithSnapshots", false, &["partition_with", "group_by.sum", "updates", "flat_map_with", "zip_with_unique_id", "try_filter_map_with", "filter_map_with"])), ""), run_p17),
    (spec(18, None, ""), run_p18),
    (spec(19, Some(("Streams", false, &["try_map_with", "join", "with_all", "flat_map", "flat_map_with", "group_by.aggregate"])), ""), run_p19),
    (spec(20, Some(("Joins", false, &["sort_partition", "group_by.reduce_group", "group_by.sum", "sample", "anti_join", "group_by.max_by", "sort"])), ""), run_p20),
    (spec(21, None, ""), run_p21),
    (spec(22, Some(("Streams", false, &["first", "sample", "map", "group_by.min_by", "updates", "group_by.min_by", "updates"])), ""), run_p22),
    (spec(23, Some(("Windows", false, &["try_map_with", "filter_with", "semi_join", "try_filter_with", "group_by.max"])), ""), run_p23),
    (spec(24, None, ""), run_p24),
    (spec(25, Some(("Streams", false, &["zip_with_unique_id", "flat_map_with"])), ""), run_p25),
    (spec(26, Some(("Joins", false, &["zip_with_unique_id", "filter_map", "with", "filter_with", "zip_with_unique_id", "group_by.min", "group_by.min"])), ""), run_p26),
    (spec(27, None, ""), run_p27),
    (spec(28, Some(("Joins", false, &["distinct_by", "group_by.top", "group_by.count", "group_by.min", "group_by.try_reduce_group", "anti_join", "reduce"])), ""), run_p28),
    (spec(29, Some(("Joins", false, &["partition_by", "try_flat_map", "flat_map_with", "group_by.top", "anti_join", "zip_with_index", "filter_with"])), ""), run_p29),
    (spec(30, None, ""), run_p30),
    (spec(31, Some(("Joins", false, &["filter_with", "group_by.min", "reduce", "zip_with_index", "distinct_by", "semi_join", "sample"])), ""), run_p31),
    (spec(32, Some(("Snapshots", false, &["partition_by", "flat_map", "flat_map", "map_with", "sample", "try_filter", "group_by.max_by"])), ""), run_p32),
    (spec(33, None, ""), run_p33),
    (spec(34, Some(("Sets", false, &["filter_with", "sort_partition", "partition_with", "aggregate", "map_partition", "anti_join", "group_by.count"])), ""), run_p34),
    (spec(35, Some(("Joins", false, &["max_by", "filter_map_with", "group_by.max", "distinct_by", "filter_map", "expect_rows", "partition_with"])), ""), run_p35),
    (spec(36, None, ""), run_p36),
    (spec(37, Some(("Loops", true, &["cross", "expect_rows", "try_flat_map_with", "expect_selectivity", "full_join", "union", "left_join"])), ""), run_p37),
    (spec(38, Some(("WindowsWithSnapshots", false, &["map", "group_by.count"])), ""), run_p38),
    (spec(39, None, ""), run_p39),
    ]
}
