// Written by the generator beside it: see `generator.rs`.

program!(p0, items, others, seen, ticks, factor, limit, {
    items
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|l, o| o.b != 29u64 && (3..=33).contains(&o.a) && o.b < Near(20))
        .map(|l, o| { fn scaled(n: u64) -> u64 { n % 7 + 6 } Item { a: { let n = stepped!(factor); (n + scaled(o.b)) % 43 }, ..l } })
        .filter(|r| { let tick = &*ticks; tick.fetch_add(1, Relaxed); r.a < Near(20) && r.a != 13 && r.a > Brittle(5) && (![1, 5, 7].contains(&r.id) || r.id > r.id) })
});

program!(p1, items, others, seen, ticks, factor, limit, {
    items
        .filter(|limit| limit.b > limit.id)
        .map(|factor| Item { b: factor.a, ..factor })
});

program!(p2, items, others, seen, ticks, factor, limit, {
    items
        .flat_map(|r| { fn scaled(n: u64) -> u64 { n % 7 + 9 } [Item { id: r.id, a: r.b, b: r.b }, Item { b: FACTOR, ..r }] })
        .filter(|Item { id, a, b }| id < Near(20))
});

program!(p3, items, others, seen, ticks, factor, limit, {
    let flow0 = items
        .map(|limit| { for count in [&seen, &seen] { count.add(1); } Item { a: (21u64 * scaled(Unit::OF)) % 37, ..limit } });
    let flow4 = flow0
        .map(|r| Item { id: r.b, a: Unit::OF, b: r.b })
        .map(|limit| { let tick = &*ticks; tick.fetch_add(1, Relaxed); Item { id: limit.b, a: limit.id, b: limit.b } })
        .filter(|Item { id, a, b }| a % 5 != 1)
        .map(|s| Item { id: s.id, a: s.a, b: s.id });
    flow4
});

program!(p4, items, others, seen, ticks, factor, limit, {
    let flow3 = items
        .filter(|factor| (factor.id % 5 != 1 || factor.a < Near(20)) && (3..=33).contains(&factor.b))
        .map(|factor| Item { id: factor.id, a: factor.id, b: factor.a })
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| s.id < Near(20))
        .map(|l, o| Item { id: l.id, a: o.a, b: o.b })
        .map(|factor| Item { a: factor.b, ..factor });
    let flow4 = flow3
        .filter_map(|Item { id, a, b }| { fn scaled(n: u64) -> u64 { n % 7 + 9 } ticks.fetch_add(1, Relaxed); if scaled(id) > 2 { Some(if a % 5 != 1 { Item { id: id, a: a, b: 26u64 } } else { Item { id: a, a: id, b: id } }) } else { None } });
    flow4
});

program!(p5, items, others, seen, ticks, factor, limit, {
    let flow1 = items
        .filter(|s| (3..=33).contains(&s.a))
        .filter_map(|limit| if (3..=33).contains(&limit.b) && limit.id % 5 != 1 { Some(Item { b: limit.a, ..limit }) } else { None });
    let flow2 = flow1
        .map(|limit| Item { b: stepped!(FACTOR), ..limit });
    let flow4 = flow2
        .flat_map(|limit| { fn scaled(n: u64) -> u64 { n % 7 + 1 } [Item { id: limit.a, a: limit.id, b: (stepped!(17u64) * match limit.a % 3 { 0 => Unit::OF, n => n }) % 37 }, Item { id: limit.id, a: (if (factor * limit.b) % 37 > limit.id { (factor * limit.b) % 37 } else { limit.id }), b: limit.a }] })
        .filter(|factor| factor.a < Near(20));
    flow4
});

program!(p6, items, others, seen, ticks, factor, limit, {
    let flow3 = items
        .filter(|r| { fn scaled(n: u64) -> u64 { n % 7 + 9 } let count = || seen.add(1); count(); ((if r.id > 9 { factor } else { 7 }) > 6 || r.b > limit && stepped!(r.a) > 1) })
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| (if s.id > 9 { limit.a } else { 7 }) > 6 && s.a != 7u64 && (if limit.b > 9 { 5u64 } else { 7 }) > 6)
        .map(|l, o| Item { id: (if stepped!(FACTOR) > match Unit::OF % 3 { 0 => 23u64, n => n } { stepped!(FACTOR) } else { match Unit::OF % 3 { 0 => 23u64, n => n } }), a: scaled((o.id + 9u64) % 41), b: o.a })
        .map(|r| if stepped!(r.b) > 1 { Item { id: r.a, a: r.b, b: factor } } else { Item { id: match match limit % 3 { 0 => 18u64, n => n } % 3 { 0 => (if Unit::OF > FACTOR { Unit::OF } else { FACTOR }), n => n }, a: r.id, b: r.id } })
        .map(|r| Item { id: (factor * (limit + 9u64) % 41) % 37, a: r.b, b: r.b });
    flow3
});

program!(p7, items, others, seen, ticks, factor, limit, {
    let flow0 = items
        .join(others).on(|l| l.id, |o| o.id)
        .map(|l, o| { (if l.a % 3 == 1 { &ticks } else { &ticks }).fetch_add(2, Relaxed); if o.id % 5 != 1 { Item { id: o.a, a: (o.b * o.b) % 37, b: l.b } } else { Item { id: ((if o.a > 12u64 { o.a } else { 12u64 }) * Unit::OF) % 37, ..l } } });
    flow0
        .filter(|factor| factor.id == Near(20))
        .flat_map(|limit| { let count = &seen; count.add(1); [Item { id: limit.id, a: { let n = (factor * limit.id) % 37; (n + limit.b) % 43 }, b: match { let n = 17u64; (n + FACTOR) % 43 } % 3 { 0 => { let n = Unit::OF; (n + Unit::OF) % 43 }, n => n } }, if scaled(limit.b) > 2 && limit.b <= factor + 15 { Item { id: limit.id, a: limit.id, b: (if scaled(limit.id) > (limit.a + factor) % 41 { scaled(limit.id) } else { (limit.a + factor) % 41 }) } } else { Item { id: stepped!((if limit.a > limit.a { limit.a } else { limit.a })), a: limit.b, b: limit.a } }] })
        .filter(|r| r.a > r.id)
});

program!(p8, items, others, seen, ticks, factor, limit, {
    let flow1 = items
        .filter(|Item { id, a, b }| (if a > 9 { factor } else { 7 }) > 6)
        .filter(|Item { id, a, b }| ((![1, 5, 7].contains(&id) || b < Near(20)) || a < Near(20) && id % 5 != 1));
    flow1
        .semi_join(others).on(|l| l.id, |o| o.id)
        .filter(|r| (scaled(r.b) > 2 || scaled(r.id) > 2) && r.b <= r.a + 15 && r.id <= 13u64 + 15)
        .map(|r| Item { a: r.a + TOP, ..r })
});

program!(p9, items, others, seen, ticks, factor, limit, {
    let flow3 = items
        .map(|r| { const FACTOR: u64 = 8; (&*&seen).add(1); if (3..=33).contains(&r.id) { Item { id: (scaled(limit) * (r.id + 15u64) % 41) % 37, a: match (r.a + Unit::OF) % 41 % 3 { 0 => (if FACTOR > r.id { FACTOR } else { r.id }), n => n }, b: scaled(stepped!(r.b)) } } else { Item { id: r.b, a: { let n = (29u64 * FACTOR) % 37; (n + match limit % 3 { 0 => Unit::OF, n => n }) % 43 }, b: r.a } } })
        .filter_map(|r| { assert!(4 < 50, "{}", factor_of!(4)); if r.id != Unit::OF { Some(Item { a: stepped!((factor * r.a) % 37), ..r }) } else { None } })
        .join(others).on(|l| l.id, |o| o.id)
        .map(|l, o| Item { id: (if 27u64 > (Unit::OF * o.a) % 37 { 27u64 } else { (Unit::OF * o.a) % 37 }), ..l })
        .map(|factor| { debug_assert_ne!(5, 50); let count = &seen; count.add(1); Item { id: factor.b, a: factor.b, b: limit } });
    flow3
        .filter(|factor| factor.b != 4u64 && factor.a <= factor.b + 15)
});

program!(p10, items, others, seen, ticks, factor, limit, {
    let flow1 = items
        .flat_map(|r| { (if r.b % 3 == 1 { &ticks } else { &ticks }).fetch_add(2, Relaxed); [Item { b: r.a, ..r }, Item { id: r.a, a: r.id, b: r.b }] })
        .filter_map(|factor| { debug_assert_ne!(4, 50); if factor.a == Near(20) { Some(Item { id: scaled(match FACTOR % 3 { 0 => FACTOR, n => n }), ..factor }) } else { None } });
    flow1
        .filter(|Item { id, a, b }| id != 13 && id > Brittle(5))
});

program!(p11, items, others, seen, ticks, factor, limit, {
    let flow2 = items
        .semi_join(others).on(|l| l.id, |o| o.id)
        .map(|factor| Item { id: (if Unit::OF > limit { Unit::OF } else { limit }), a: factor.b, b: factor.a })
        .filter(|Item { id, a, b }| b > b && (if a > 9 { a } else { 7 }) > 6);
    let flow4 = flow2
        .map(|Item { id, a, b }| { const FACTOR: u64 = 2; Item { id: id, a: stepped!(b), b: factor } })
        .map(|factor| { let (limit, _) = (1, 1); swapped(Item { id: factor.a, a: ({ let n = limit; (n + factor.a) % 43 } * { let n = factor.a; (n + factor.id) % 43 }) % 37, b: 15u64 }) });
    flow4
});

program!(p12, items, others, seen, ticks, factor, limit, {
    let flow1 = items
        .filter_map(|s| { { &seen }.add(1); if (3..=33).contains(&s.b) { Some(Item { id: s.id, a: s.b, b: s.id }) } else { None } })
        .flat_map(|s| [Item { id: s.b, a: s.b, b: s.id }, Item { id: s.id, a: (s.a * (if s.id > s.id { s.id } else { s.id })) % 37, b: s.a }]);
    flow1
        .flat_map(|Item { id, a, b }| { use beside::scaled; [Item { id: a, a: id, b: FACTOR }, Item { id: id, a: b, b: stepped!(match a % 3 { 0 => limit, n => n }) }] })
        .semi_join(others).on(|l| l.id, |o| o.id)
        .filter(|factor| { let (limit, _) = (5, 1); (factor.id == Near(20) || (if factor.a > 9 { factor.id } else { 7 }) > 6) && stepped!(factor.a) > 1 })
});

program!(p13, items, others, seen, ticks, factor, limit, {
    let flow0 = items
        .map(|limit| { use beside::*; if (stepped!(limit.id) > 1 || limit.b < Near(20)) { Item { id: limit.id, a: { let n = stepped!(limit.b); (n + { let n = FACTOR; (n + limit.id) % 43 }) % 43 }, b: limit.id } } else { Item { id: limit.b, a: limit.id, b: (scaled(limit.id) + limit.id) % 41 } } });
    flow0
        .filter(|limit| limit.a == Near(20) && limit.a != 13 && limit.a > Brittle(5) && limit.b != 13 && limit.b > Brittle(5))
});

program!(p14, items, others, seen, ticks, factor, limit, {
    let flow0 = items
        .filter(|factor| factor.b % 5 != 1 && scaled(factor.a) > 2 && factor.b % 5 != 1);
    flow0
        .filter_map(|r| if r.b != 13 && r.b > Brittle(5) && r.id != 13 && r.id > Brittle(5) { Some(Item { id: r.id, a: scaled((if limit > r.a { limit } else { r.a })), b: 14u64 }) } else { None })
        .map(|r| { let count = || seen.add(1); count(); if ((if r.b > 9 { r.b } else { 7 }) > 6 || r.id <= r.a + 15) { Item { a: limit, ..r } } else { Item { id: r.a, a: 21u64, b: r.b } } })
        .map(|factor| { if factor.a % 3 == 1 { let seen = &seen; seen.add(2); } Item { id: factor.a, a: limit, b: factor.a } })
        .map(|Item { id, a, b }| { (if id % 3 == 1 { &ticks } else { &ticks }).fetch_add(2, Relaxed); Item { id: (if limit > { let n = b; (n + a) % 43 } { limit } else { { let n = b; (n + a) % 43 } }), a: id, b: id } })
});

program!(p15, items, others, seen, ticks, factor, limit, {
    let flow0 = items
        .filter(|limit| { struct Unit; impl Unit { const OF: u64 = 5; } (3..=33).contains(&limit.b) });
    let flow1 = flow0
        .filter_map(|r| { let _ = (tally!(seen), 1); if r.b < Near(20) && (3..=33).contains(&r.id) { Some(Item { a: stepped!(limit), ..r }) } else { None } });
    flow1
        .filter(|Item { id, a, b }| (a != 13 && a > Brittle(5) && id % 5 != 1 || id == Near(20) && ![1, 5, 7].contains(&id)))
});

program!(p16, items, others, seen, ticks, factor, limit, {
    let flow0 = items
        .filter(|factor| (3..=33).contains(&factor.a));
    flow0
        .filter(|factor| { let limit = 2; stepped!(factor.b) > 1 })
});

program!(p17, items, others, seen, ticks, factor, limit, {
    items
        .semi_join(others).on(|l| l.id, |o| o.id)
        .filter_map(|factor| { struct Unit; impl Unit { const OF: u64 = 9; } if factor.b == Near(20) && factor.id % 5 != 1 { Some(Item { id: (if { let n = Unit::OF; (n + factor.a) % 43 } > Unit::OF { { let n = Unit::OF; (n + factor.a) % 43 } } else { Unit::OF }), a: factor.a, b: factor.a }) } else { None } })
        .filter(|factor| { const FACTOR: u64 = 5; let tick = &*ticks; tick.fetch_add(1, Relaxed); ((factor.id == Near(20) || stepped!(factor.a) > 1) || ![1, 5, 7].contains(&factor.id)) })
        .map(|Item { id, a, b }| { for count in [&seen, &seen] { count.add(1); } if (if a > 9 { 12u64 } else { 7 }) > 6 && b <= FACTOR + 15 { Item { id: id, a: Unit::OF, b: match id % 3 { 0 => (Unit::OF + factor) % 41, n => n } } } else { Item { id: a, a: id, b: 0u64 } } })
        .filter(|s| s.id > 15u64 && s.id <= 9u64 + 15 && s.a != 13 && s.a > Brittle(5) && s.id <= s.id + 15)
        .filter_map(|r| { { &seen }.add(1); if stepped!(r.a) > 1 { Some(if r.b != 20u64 { Item { id: r.a, a: (match r.id % 3 { 0 => factor, n => n } + { let n = FACTOR; (n + r.id) % 43 }) % 41, b: r.b } } else { Item { id: (r.b * { let n = 5u64; (n + r.b) % 43 }) % 37, ..r } }) } else { None } })
});

program!(p18, items, others, seen, ticks, factor, limit, {
    items
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| limit.a != FACTOR)
        .map(|l, o| { (if o.a > 20 { &seen } else { &seen }).add(1); Item { b: o.a, ..l } })
        .map(|limit| Item { a: { let n = stepped!(Unit::OF); (n + (if FACTOR > factor { FACTOR } else { factor })) % 43 }, ..limit })
        .map(|r| Item { a: TOP + 5 + r.a, ..r })
});

program!(p19, items, others, seen, ticks, factor, limit, {
    items
        .flat_map(|s| { macro_rules! stepped { ($n:expr) => { $n % 5 + 5 }; } [if s.a < Near(20) && s.a % 5 != 1 { Item { a: (stepped!(s.b) + (FACTOR + s.b) % 41) % 41, ..s } } else { Item { id: (20u64 * (limit * FACTOR) % 37) % 37, a: s.b, b: s.id } }, Item { id: stepped!(Unit::OF), a: s.b, b: s.b }] })
        .map(|s| { match s.id % 2 { 0 => &seen, _ => &seen }.add(1); Item { id: s.id, a: s.a, b: s.b } })
        .filter_map(|factor| { let (limit, _) = (5, 1); if ![1, 5, 7].contains(&factor.a) { Some(if factor.a < Near(20) { Item { id: { let n = limit; (n + scaled(FACTOR)) % 43 }, ..factor } } else { Item { id: factor.id, a: factor.id, b: factor.b } }) } else { None } })
});

program!(p20, items, others, seen, ticks, factor, limit, {
    let flow2 = items
        .filter(|Item { id, a, b }| stepped!(a) > 1)
        .semi_join(others).on(|l| l.id, |o| o.id)
        .map(|s| Swapped { id: s.b, a: s.a, b: s.b }.item());
    let flow5 = flow2
        .filter(|limit| scaled(limit.id) > 2 && (if limit.a > 9 { factor } else { 7 }) > 6)
        .filter(|Item { id, a, b }| scaled(id) > 2)
        .filter(|limit| { use beside::*; stepped!(limit.id) > 1 && limit.b % 5 != 1 });
    flow5
});

program!(p21, items, others, seen, ticks, factor, limit, {
    items
        .map(|Item { id, a, b }| { fn scaled(n: u64) -> u64 { n % 7 + 5 } Item { id: b, a: stepped!((Unit::OF + limit) % 41), b: b } })
        .map(|r| Item { a: 29u64, ..r })
        .filter_map(|Item { id, a, b }| if b != 11u64 && stepped!(b) > 1 { Some(Item { id: a, a: b, b: b }) } else { None })
        .filter(|factor| (3..=33).contains(&factor.a) && scaled(factor.id) > 2)
        .map(|factor| Item { id: factor.id, a: factor.id, b: factor.a })
});

program!(p22, items, others, seen, ticks, factor, limit, {
    items
        .filter(|factor| factor.a <= 20u64 + 15)
        .map(|factor| { debug_assert_ne!(7, 50); ticks.fetch_add(1, Relaxed); Item { id: factor.a, a: factor.id, b: (stepped!(factor.id) + (factor.b * limit) % 37) % 41 } })
        .map(|Item { id, a, b }| Item { id: a, a: 16u64, b: scaled(factor) })
});

program!(p23, items, others, seen, ticks, factor, limit, {
    items
        .filter(|Item { id, a, b }| b % 5 != 1 && scaled(a) > 2 && a <= b + 15)
        .filter(|Item { id, a, b }| scaled(a) > 2 && b == Near(20))
        .semi_join(others).on(|l| l.id, |o| o.id)
});

program!(p24, items, others, seen, ticks, factor, limit, {
    items
        .filter(|Item { id, a, b }| scaled(b) > 2)
        .filter(|Item { id, a, b }| ((3..=33).contains(&id) || (id < Near(20) || ![1, 5, 7].contains(&b))))
        .flat_map(|s| { struct Unit; impl Unit { const OF: u64 = 4; } [Item { a: stepped!(s.a), ..s }, Item { id: s.a, a: stepped!(match FACTOR % 3 { 0 => limit, n => n }), b: s.b }] })
        .filter(|factor| (if factor.a > 9 { Unit::OF } else { 7 }) > 6)
        .join(others).on(|l| l.id, |o| o.id)
        .map(|l, o| { macro_rules! stepped { ($n:expr) => { $n % 5 + 3 }; } Item { id: o.id, a: l.a, b: l.id } })
});

program!(p25, items, others, seen, ticks, factor, limit, {
    items
        .map(|s| { let (limit, _) = (6, 1); let tick = &*ticks; tick.fetch_add(1, Relaxed); Item { b: s.id, ..s } })
        .semi_join(others).on(|l| l.id, |o| o.id)
        .filter_map(|s| if s.b != 13 && s.b > Brittle(5) { Some(Item { id: s.b, a: s.id, b: s.a }) } else { None })
        .map(|limit| Item { id: limit.a, a: limit.a, b: factor })
        .map(|Item { id, a, b }| Item { id: a, a: ((factor * factor) % 37 * { let n = a; (n + a) % 43 }) % 37, b: (Unit::OF + scaled(id)) % 41 })
});

program!(p26, items, others, seen, ticks, factor, limit, {
    items
        .filter_map(|Item { id, a, b }| { tally!(seen); if scaled(b) > 2 && id != 13 && id > Brittle(5) { Some(Item { id: id, a: id, b: id }) } else { None } })
        .flat_map(|Item { id, a, b }| [Item { id: ((FACTOR * id) % 37 * match limit % 3 { 0 => id, n => n }) % 37, a: b, b: 15u64 }, Item { id: id, a: match FACTOR % 3 { 0 => stepped!(FACTOR), n => n }, b: a }])
        .map(|Item { id, a, b }| Item { id: (scaled(FACTOR) + (if 12u64 > id { 12u64 } else { id })) % 41, a: a, b: match limit % 3 { 0 => (Unit::OF + Unit::OF) % 41, n => n } })
        .filter(|Item { id, a, b }| (stepped!(b) > 1 || a <= FACTOR + 15) && stepped!(b) > 1)
        .filter(|r| (3..=33).contains(&r.b) && scaled(r.a) > 2)
        .filter_map(|r| if r.b != 16u64 && r.a <= factor + 15 { Some(Swapped { id: r.b, a: r.b, b: r.a }.item()) } else { None })
});

program!(p27, items, others, seen, ticks, factor, limit, {
    let flow0 = items
        .map(|Item { id, a, b }| Item { id: b, a: a, b: id });
    let flow4 = flow0
        .filter_map(|limit| if (limit.id != 9u64 || limit.a > factor) { Some(Item { b: match (limit.id * factor) % 37 % 3 { 0 => limit.a, n => n }, ..limit }) } else { None })
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|l, o| o.b % 5 != 1 && o.b != 13 && o.b > Brittle(5) && o.a <= o.id + 15)
        .filter(|limit, s| s.a % 5 != 1)
        .map(|l, o| { for count in [&seen, &seen] { count.add(1); } Item { b: (match FACTOR % 3 { 0 => 6u64, n => n } * stepped!(limit)) % 37, ..l } })
        .map(|r| { use beside::*; tally!(seen); Item { b: { let n = (if r.b > limit { r.b } else { limit }); (n + stepped!(FACTOR)) % 43 }, ..r } })
        .filter(|s| (s.id % 5 != 1 && s.id == Near(20) || (scaled(s.a) > 2 || ![1, 5, 7].contains(&s.b))));
    flow4
        .filter(|limit| ((3..=33).contains(&limit.b) || limit.b > limit.a && scaled(limit.id) > 2))
});

program!(p28, items, others, seen, ticks, factor, limit, {
    let flow1 = items
        .flat_map(|s| [Item { id: stepped!(Unit::OF), ..s }, Item { id: Unit::OF, a: s.a, b: match (Unit::OF + s.id) % 41 % 3 { 0 => (FACTOR + factor) % 41, n => n } }])
        .filter(|Item { id, a, b }| scaled(id) > 2 && (if id > 9 { b } else { 7 }) > 6 && a == Near(20));
    flow1
        .flat_map(|r| [Item { id: r.id, a: r.id, b: (if (r.b * 8u64) % 37 > (FACTOR + Unit::OF) % 41 { (r.b * 8u64) % 37 } else { (FACTOR + Unit::OF) % 41 }) }, Item { id: 25u64, a: r.b, b: r.b }])
        .map(|r| Item { a: r.a + TOP, ..r })
});

program!(p29, items, others, seen, ticks, factor, limit, {
    items
        .map(|r| { { &seen }.add(1); Item { id: r.id, a: r.id, b: r.a } })
        .filter(|s| scaled(s.b) > 2)
});

program!(p30, items, others, seen, ticks, factor, limit, {
    items
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| limit.id == Near(20))
        .filter(|limit, s| { match limit.id % 2 { 0 => &seen, _ => &seen }.add(1); limit.b != 13 && limit.b > Brittle(5) })
        .map(|l, o| { bind! { limit, 4 } Item { id: l.b, a: (if (o.b + limit) % 41 > stepped!(factor) { (o.b + limit) % 41 } else { stepped!(factor) }), b: match stepped!(Unit::OF) % 3 { 0 => stepped!(o.b), n => n } } })
        .map(|limit| Item { id: limit.a, a: limit.a, b: limit.a })
});

program!(p31, items, others, seen, ticks, factor, limit, {
    items
        .filter(|Item { id, a, b }| (a != 27u64 && id <= FACTOR + 15 || id < Near(20)))
        .map(|Item { id, a, b }| Item { id: factor, a: a, b: factor })
        .map(|r| Item { a: r.a + TOP, ..r })
});

program!(p32, items, others, seen, ticks, factor, limit, {
    let flow0 = items
        .map(|Item { id, a, b }| { const FACTOR: u64 = 6; Item { id: a, a: scaled((Unit::OF + Unit::OF) % 41), b: id } });
    let flow2 = flow0
        .map(|factor| Swapped { id: factor.id, a: factor.id, b: factor.a }.item())
        .map(|limit| Item { id: stepped!(limit.b), a: ((factor + limit.b) % 41 + Unit::OF) % 41, b: limit.b });
    flow2
});

program!(p33, items, others, seen, ticks, factor, limit, {
    items
        .flat_map(|limit| { [&seen, &seen][1].add(1); [Item { id: factor, a: limit.b, b: (match limit.a % 3 { 0 => limit.b, n => n } + stepped!(limit.id)) % 41 }, Item { id: { let n = match limit.b % 3 { 0 => limit.a, n => n }; (n + (FACTOR * factor) % 37) % 43 }, a: limit.a, b: limit.b }] })
        .filter_map(|Item { id, a, b }| if stepped!(a) > 1 && scaled(id) > 2 { Some(Item { id: stepped!(match factor % 3 { 0 => limit, n => n }), a: id, b: a }) } else { None })
        .map(|limit| Item { id: (if limit.b > Unit::OF { limit.b } else { Unit::OF }), ..limit })
});

program!(p34, items, others, seen, ticks, factor, limit, {
    items
        .map(|limit| Item { a: match stepped!(limit.b) % 3 { 0 => scaled(Unit::OF), n => n }, ..limit })
        .filter(|Item { id, a, b }| (if b > 9 { FACTOR } else { 7 }) > 6)
        .map(|r| { tally!(seen); Item { id: r.id, a: r.id, b: r.id } })
        .filter(|limit| ![1, 5, 7].contains(&limit.id) && (if limit.id > 9 { 18u64 } else { 7 }) > 6)
        .filter(|limit| { use beside::*; (if limit.id > 9 { limit.id } else { 7 }) > 6 })
        .filter(|factor| factor.b != FACTOR)
});

program!(p35, items, others, seen, ticks, factor, limit, {
    items
        .map(|s| { define!(FACTOR, 1); Item { id: { let n = stepped!(s.id); (n + Unit::OF) % 43 }, a: s.b, b: s.b } })
        .flat_map(|Item { id, a, b }| [Item { id: b, a: a, b: match (FACTOR * limit) % 37 % 3 { 0 => (if 15u64 > FACTOR { 15u64 } else { FACTOR }), n => n } }, Item { id: a, a: id, b: id }])
});

program!(p36, items, others, seen, ticks, factor, limit, {
    let flow1 = items
        .map(|r| { const FACTOR: u64 = 6; if r.b != r.a && r.b < Near(20) { Item { id: r.id, a: r.id, b: match stepped!(r.b) % 3 { 0 => match r.b % 3 { 0 => Unit::OF, n => n }, n => n } } } else { Item { id: r.a, a: { let n = scaled(r.b); (n + r.a) % 43 }, b: { let n = match factor % 3 { 0 => r.b, n => n }; (n + 10u64) % 43 } } } })
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| scaled(limit.id) > 2)
        .filter(|limit, s| s.id != 13 && s.id > Brittle(5) && (limit.b != 13 && limit.b > Brittle(5) || ![1, 5, 7].contains(&s.id)))
        .map(|l, o| { let _ = (tally!(seen), 1); Item { b: (if 14u64 > o.b { 14u64 } else { o.b }), ..l } });
    let flow2 = flow1
        .map(|Item { id, a, b }| Item { id: ((if a > 11u64 { a } else { 11u64 }) * scaled(limit)) % 37, a: (id + factor) % 41, b: id });
    flow2
        .map(|r| Item { a: TOP + 5 + r.a, ..r })
});

program!(p37, items, others, seen, ticks, factor, limit, {
    let flow2 = items
        .map(|s| if (s.a == Near(20) || s.b > factor) { Item { id: (if (Unit::OF + FACTOR) % 41 > { let n = FACTOR; (n + s.b) % 43 } { (Unit::OF + FACTOR) % 41 } else { { let n = FACTOR; (n + s.b) % 43 } }), a: s.id, b: s.id } } else { Item { id: s.id, a: stepped!(stepped!(14u64)), b: scaled((if factor > FACTOR { factor } else { FACTOR })) } })
        .filter_map(|Item { id, a, b }| { use beside::*; if (id < Near(20) || b % 5 != 1) { Some(Item { id: b, a: (if 22u64 > b { 22u64 } else { b }), b: (match factor % 3 { 0 => 15u64, n => n } + (2u64 * id) % 37) % 41 }) } else { None } })
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| (if s.a > 9 { s.b } else { 7 }) > 6 && (s.a != 13 && s.a > Brittle(5) || s.a != 13 && s.a > Brittle(5)))
        .filter(|limit, s| s.id < Near(20))
        .map(|l, o| { bind! { limit, 5 } { &seen }.add(1); Item { id: o.a, a: l.a, b: o.b } });
    flow2
        .map(|Item { id, a, b }| Item { id: id, a: 3u64, b: { let n = (id * 25u64) % 37; (n + a) % 43 } })
});

program!(p38, items, others, seen, ticks, factor, limit, {
    let flow2 = items
        .filter(|s| s.a % 5 != 1)
        .map(|r| Item { id: r.a, a: r.a, b: r.b })
        .semi_join(others).on(|l| l.id, |o| o.id);
    flow2
        .map(|limit| { let count = || seen.add(1); count(); Item { id: limit.id, a: limit.a, b: limit.id } })
});

program!(p39, items, others, seen, ticks, factor, limit, {
    let flow3 = items
        .map(|Item { id, a, b }| if scaled(id) > 2 { Item { id: a, a: id, b: a } } else { Item { id: id, a: b, b: id } })
        .filter(|Item { id, a, b }| (3..=33).contains(&b) && (b != 13 && b > Brittle(5) || scaled(a) > 2))
        .filter_map(|Item { id, a, b }| { let count = || seen.add(1); count(); if (a > FACTOR || id <= limit + 15) { Some(Item { id: b, a: a, b: match stepped!(limit) % 3 { 0 => (a * id) % 37, n => n } }) } else { None } })
        .filter_map(|Item { id, a, b }| { use beside::scaled; if id > b && id <= a + 15 { Some(Item { id: a, a: b, b: stepped!(stepped!(a)) }) } else { None } });
    flow3
        .filter(|s| (3..=33).contains(&s.b) && s.a != 13 && s.a > Brittle(5) && s.b != 13 && s.b > Brittle(5))
        .filter(|factor| factor.a < Near(20))
});

pub(crate) fn all() {
    p0();
    p1();
    p2();
    p3();
    p4();
    p5();
    p6();
    p7();
    p8();
    p9();
    p10();
    p11();
    p12();
    p13();
    p14();
    p15();
    p16();
    p17();
    p18();
    p19();
    p20();
    p21();
    p22();
    p23();
    p24();
    p25();
    p26();
    p27();
    p28();
    p29();
    p30();
    p31();
    p32();
    p33();
    p34();
    p35();
    p36();
    p37();
    p38();
    p39();
}
