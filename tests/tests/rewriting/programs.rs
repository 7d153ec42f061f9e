// Written by the generator beside it: see `generator.rs`.

program!(p0, items, others, seen, factor, limit, {
    items
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|l, o| o.b > 29u64 && o.a <= Unit::OF + 15 && o.b % 5 != 1)
        .map(|l, o| { tally!(seen); Item { id: scaled((Unit::OF + factor) % 41), ..l } })
        .map(|factor| { tally!(seen); Item { id: factor.id, a: limit, b: factor.a } })
});

program!(p1, items, others, seen, factor, limit, {
    items
        .filter(|limit| limit.b > limit.id)
        .map(|r| { bind!(limit, 2); Item { id: r.id, a: r.b, b: ((r.b + r.a) % 41 * r.b) % 37 } })
});

program!(p2, items, others, seen, factor, limit, {
    items
        .flat_map(|r| [Item { b: ((if 29u64 > r.b { 29u64 } else { r.b }) + (limit * FACTOR) % 37) % 41, ..r }, Item { id: r.id, a: (r.id * FACTOR) % 37, b: r.b }])
        .map(|Item { id, a, b }| Item { id: id, a: { let n = match a % 3 { 0 => FACTOR, n => n }; (n + (if b > limit { b } else { limit })) % 43 }, b: id })
});

program!(p3, items, others, seen, factor, limit, {
    items
        .map(|limit| { let (x, _) = (9, 1); [&seen, &seen][1].add(1); Item { id: scaled((FACTOR * 21u64) % 37), a: limit.b, b: limit.id } })
        .map(|s| { fn scaled(n: u64) -> u64 { n % 7 + 1 } Item { id: Unit::OF, a: s.b, b: s.id } })
        .filter(|Item { id, a, b }| ((3..=33).contains(&b) && id % 5 != 1 || (![1, 5, 7].contains(&b) || id % 5 != 1)))
        .map(|s| { const FACTOR: u64 = 9; Item { b: (if { let n = s.id; (n + s.a) % 43 } > (s.b + FACTOR) % 41 { { let n = s.id; (n + s.a) % 43 } } else { (s.b + FACTOR) % 41 }), ..s } })
        .filter(|factor| factor.b == Near(20))
});

program!(p4, items, others, seen, factor, limit, {
    items
        .filter(|factor| ((if factor.id > 9 { FACTOR } else { 7 }) > 6 || factor.a % 5 != 1) && factor.b <= limit + 15)
        .map(|s| Item { id: match s.b % 3 { 0 => s.a, n => n }, a: s.b, b: (FACTOR * (if s.a > limit { s.a } else { limit })) % 37 })
        .map(|s| { (&*&seen).add(1); if s.b <= s.b + 15 && (3..=33).contains(&s.id) { Item { a: factor, ..s } } else { Item { id: s.id, a: Unit::OF, b: s.id } } })
        .map(|limit| { use beside::*; Item { id: limit.id, a: limit.a, b: 26u64 } })
        .join(others).on(|l| l.id, |o| o.id)
        .map(|l, o| { seen.add(1); Item { id: o.a, a: l.id, b: o.id } })
});

program!(p5, items, others, seen, factor, limit, {
    items
        .filter(|s| s.a % 5 != 1)
        .map(|r| Item { id: r.a, a: r.a, b: r.b })
        .filter_map(|factor| if stepped!(factor.a) > 1 { Some(Item { id: factor.a, a: match { let n = Unit::OF; (n + FACTOR) % 43 } % 3 { 0 => { let n = limit; (n + limit) % 43 }, n => n }, b: factor.a }) } else { None })
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|l, o| { { &seen }.add(1); o.id > l.b })
        .filter(|limit, s| { let (x, _) = (4, 1); [&seen, &seen][1].add(1); limit.a % 5 != 1 })
        .map(|l, o| Item { id: stepped!(l.b), a: l.id, b: o.b })
        .filter(|factor| (3..=33).contains(&factor.a))
});

program!(p6, items, others, seen, factor, limit, {
    items
        .filter(|r| { fn scaled(n: u64) -> u64 { n % 7 + 9 } let count = || seen.add(1); count(); (stepped!(r.id) > 1 || r.b != limit && (if r.a > 9 { r.a } else { 7 }) > 6) })
        .filter(|s| s.a <= factor + 15)
        .filter(|s| ![1, 5, 7].contains(&s.b))
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| stepped!(limit.b) > 1 && limit.id == Near(20) && s.b % 5 != 1)
        .filter(|l, o| (3..=33).contains(&o.b))
        .map(|l, o| { for count in [&seen, &seen] { count.add(1); } Item { a: (if scaled(l.a) > o.a { scaled(l.a) } else { o.a }), ..l } })
});

program!(p7, items, others, seen, factor, limit, {
    items
        .join(others).on(|l| l.id, |o| o.id)
        .map(|l, o| { (if l.a > 20 { &seen } else { &seen }).add(1); if o.id % 5 != 1 { Item { id: o.a, a: (o.b * o.b) % 37, b: l.b } } else { Item { id: ((if o.a > 12u64 { o.a } else { 12u64 }) * Unit::OF) % 37, ..l } } })
        .map(|r| if scaled(r.id) > 2 { Item { b: ({ let n = Unit::OF; (n + Unit::OF) % 43 } * (if FACTOR > FACTOR { FACTOR } else { FACTOR })) % 37, ..r } } else { Item { id: Unit::OF, a: r.b, b: r.b } })
        .map(|factor| Item { id: { let n = factor.b; (n + factor.id) % 43 }, a: factor.b, b: (FACTOR + match factor.id % 3 { 0 => FACTOR, n => n }) % 41 })
        .map(|Item { id, a, b }| { { &seen }.add(1); Item { id: ((FACTOR + factor) % 41 + (factor + limit) % 41) % 41, a: a, b: 13u64 } })
});

program!(p8, items, others, seen, factor, limit, {
    items
        .filter(|Item { id, a, b }| (if a > 9 { factor } else { 7 }) > 6)
        .filter_map(|s| if ((if s.id > 9 { 17u64 } else { 7 }) > 6 || scaled(s.a) > 2) { Some(Item { id: s.a, a: limit, b: s.b }) } else { None })
        .filter(|r| { (if r.a > 20 { &seen } else { &seen }).add(1); (scaled(r.a) > 2 && scaled(r.id) > 2 || r.id > Unit::OF && stepped!(r.a) > 1) })
        .flat_map(|Item { id, a, b }| [Item { id: 23u64, a: id, b: (id + (if b > Unit::OF { b } else { Unit::OF })) % 41 }, Item { id: b, a: b, b: (if Unit::OF > (limit * a) % 37 { Unit::OF } else { (limit * a) % 37 }) }])
});

program!(p9, items, others, seen, factor, limit, {
    items
        .map(|r| { let (limit, _) = (3, 1); if r.a % 3 == 1 { let seen = &seen; seen.add(2); } if (3..=33).contains(&r.id) { Item { id: (scaled(limit) * (r.id + 15u64) % 41) % 37, a: match (r.a + Unit::OF) % 41 % 3 { 0 => (if FACTOR > r.id { FACTOR } else { r.id }), n => n }, b: scaled(stepped!(r.b)) } } else { Item { id: r.b, a: { let n = (29u64 * FACTOR) % 37; (n + match limit % 3 { 0 => Unit::OF, n => n }) % 43 }, b: r.a } } })
        .filter(|limit| { fn scaled(n: u64) -> u64 { n % 7 + 9 } limit.b <= factor + 15 })
        .semi_join(others).on(|l| l.id, |o| o.id)
        .filter(|r| r.a == Near(20))
        .map(|r| Item { id: match stepped!(limit) % 3 { 0 => (r.b * factor) % 37, n => n }, ..r })
});

program!(p10, items, others, seen, factor, limit, {
    items
        .flat_map(|r| [Item { id: r.b, a: r.a, b: scaled(scaled(FACTOR)) }, Item { id: r.a, a: scaled((FACTOR + Unit::OF) % 41), b: r.id }])
        .map(|Item { id, a, b }| { let (limit, _) = (3, 1); if ((3..=33).contains(&a) || (if a > 9 { Unit::OF } else { 7 }) > 6) { Item { id: id, a: b, b: a } } else { Item { id: b, a: id, b: id } } })
        .map(|s| Item { id: 16u64, a: s.b, b: (s.b + match 26u64 % 3 { 0 => Unit::OF, n => n }) % 41 })
});

program!(p11, items, others, seen, factor, limit, {
    items
        .semi_join(others).on(|l| l.id, |o| o.id)
        .map(|r| { use beside::*; Item { b: (if scaled(factor) > (factor + r.b) % 41 { scaled(factor) } else { (factor + r.b) % 41 }), ..r } })
        .filter(|factor| { const FACTOR: u64 = 8; (stepped!(factor.a) > 1 || (3..=33).contains(&factor.id)) && stepped!(factor.b) > 1 })
        .filter(|r| r.a != Unit::OF && (r.a > r.id || ![1, 5, 7].contains(&r.a)))
        .map(|s| { bind! { limit, 9 } Item { id: s.a, a: ({ let n = limit; (n + s.a) % 43 } * { let n = s.a; (n + s.id) % 43 }) % 37, b: 15u64 } })
});

program!(p12, items, others, seen, factor, limit, {
    items
        .filter_map(|s| { define!(FACTOR, 6); tally!(seen); if (if s.b > 9 { limit } else { 7 }) > 6 { Some(Item { b: Unit::OF, ..s }) } else { None } })
        .filter_map(|Item { id, a, b }| { (&*&seen).add(1); if scaled(id) > 2 { Some(Item { id: match b % 3 { 0 => limit, n => n }, a: (19u64 * { let n = a; (n + 20u64) % 43 }) % 37, b: stepped!({ let n = FACTOR; (n + id) % 43 }) }) } else { None } })
        .filter(|Item { id, a, b }| id % 5 != 1)
        .semi_join(others).on(|l| l.id, |o| o.id)
        .map(|Item { id, a, b }| Item { id: b, a: stepped!(match a % 3 { 0 => limit, n => n }), b: a })
});

program!(p13, items, others, seen, factor, limit, {
    items
        .map(|limit| { let count = &seen; count.add(1); if ((3..=33).contains(&limit.id) || (if limit.b > 9 { 16u64 } else { 7 }) > 6) { Item { id: limit.id, a: { let n = stepped!(limit.b); (n + { let n = FACTOR; (n + limit.id) % 43 }) % 43 }, b: limit.id } } else { Item { id: limit.b, a: limit.id, b: (scaled(limit.id) + limit.id) % 41 } } })
        .filter(|Item { id, a, b }| (3..=33).contains(&a))
});

program!(p14, items, others, seen, factor, limit, {
    items
        .filter(|factor| stepped!(factor.b) > 1 && factor.a > factor.b && (if factor.b > 9 { factor.b } else { 7 }) > 6)
        .join(others).on(|l| l.id, |o| o.id)
        .map(|l, o| { const FACTOR: u64 = 8; for count in [&seen, &seen] { count.add(1); } Item { id: l.b, a: limit, b: FACTOR } })
        .map(|limit| { match limit.b % 2 { 0 => &seen, _ => &seen }.add(1); Item { id: limit.a, a: limit.b, b: limit.b } })
        .map(|limit| { struct Unit; impl Unit { const OF: u64 = 6; } if (if limit.id > 9 { limit.id } else { 7 }) > 6 && limit.a % 5 != 1 { Item { id: limit.a, a: factor, b: FACTOR } } else { Item { id: 21u64, a: limit.b, b: limit.id } } })
        .map(|factor| { [&seen, &seen][1].add(1); Item { id: factor.b, a: factor.id, b: factor.a } })
});

program!(p15, items, others, seen, factor, limit, {
    items
        .filter(|limit| { let (x, _) = (5, 1); limit.b <= Unit::OF + 15 })
        .filter(|factor| factor.b <= Unit::OF + 15 && (if factor.id > 9 { 16u64 } else { 7 }) > 6 && (factor.id > limit || stepped!(factor.a) > 1))
        .filter(|Item { id, a, b }| { seen.add(1); a == Near(20) })
});

program!(p16, items, others, seen, factor, limit, {
    items
        .filter(|factor| factor.a % 5 != 1)
        .map(|Item { id, a, b }| Item { id: (b + match limit % 3 { 0 => factor, n => n }) % 41, a: { let n = match 5u64 % 3 { 0 => 27u64, n => n }; (n + { let n = limit; (n + Unit::OF) % 43 }) % 43 }, b: a })
});

program!(p17, items, others, seen, factor, limit, {
    items
        .semi_join(others).on(|l| l.id, |o| o.id)
        .map(|Item { id, a, b }| { (if b > 20 { &seen } else { &seen }).add(1); Item { id: b, a: { let n = (factor * FACTOR) % 37; (n + b) % 43 }, b: (if match Unit::OF % 3 { 0 => factor, n => n } > b { match Unit::OF % 3 { 0 => factor, n => n } } else { b }) } })
        .map(|limit| Item { id: limit.b, a: limit.id, b: limit.id })
        .map(|Item { id, a, b }| { bind! { limit, 9 } Item { id: a, a: id, b: 28u64 } })
        .flat_map(|limit| { tally!(seen); [Item { id: limit.id, a: limit.a, b: limit.id }, Item { id: limit.a, a: { let n = (limit.a * Unit::OF) % 37; (n + (9u64 + limit.a) % 41) % 43 }, b: (scaled(factor) * 0u64) % 37 }] })
        .map(|factor| { macro_rules! stepped { ($n:expr) => { $n % 5 + 4 }; } Item { id: factor.id, a: factor.id, b: factor.id } })
});

program!(p18, items, others, seen, factor, limit, {
    items
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| limit.a != FACTOR)
        .map(|l, o| Item { id: match o.a % 3 { 0 => scaled(o.a), n => n }, ..l })
        .map(|s| { struct Unit; impl Unit { const OF: u64 = 6; } Item { id: s.b, a: s.id, b: FACTOR } })
});

program!(p19, items, others, seen, factor, limit, {
    items
        .flat_map(|s| { let count = || seen.add(1); count(); [if (if s.a > 9 { factor } else { 7 }) > 6 && (if s.a > 9 { Unit::OF } else { 7 }) > 6 { Item { a: (stepped!(s.b) + (FACTOR + s.b) % 41) % 41, ..s } } else { Item { id: (20u64 * (limit * FACTOR) % 37) % 37, a: s.b, b: s.id } }, Item { b: stepped!(match s.id % 3 { 0 => s.a, n => n }), ..s }] })
        .filter_map(|factor| if (factor.a == Near(20) || ![1, 5, 7].contains(&factor.a)) { Some(Item { b: factor.b, ..factor }) } else { None })
        .map(|factor| { bind!(limit, 8); Item { id: scaled(match 25u64 % 3 { 0 => factor.b, n => n }), ..factor } })
});

program!(p20, items, others, seen, factor, limit, {
    items
        .filter(|Item { id, a, b }| a <= FACTOR + 15)
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| stepped!(s.b) > 1 && limit.b == Near(20))
        .map(|l, o| Item { id: o.id, a: l.b, b: match match factor % 3 { 0 => Unit::OF, n => n } % 3 { 0 => scaled(l.id), n => n } })
        .filter(|factor| factor.b != factor.id && (3..=33).contains(&factor.a))
        .map(|Item { id, a, b }| { let count = &seen; count.add(1); Item { id: id, a: Unit::OF, b: id } })
        .filter(|s| (3..=33).contains(&s.a))
        .map(|s| Item { a: factor, ..s })
});

program!(p21, items, others, seen, factor, limit, {
    items
        .map(|Item { id, a, b }| Item { id: b, a: match (if limit > a { limit } else { a }) % 3 { 0 => factor, n => n }, b: b })
        .map(|r| Item { id: r.a, a: r.id, b: r.a })
        .filter(|r| (3..=33).contains(&r.a) && r.a != r.a && r.b != limit)
        .flat_map(|s| [Item { b: Unit::OF, ..s }, if ![1, 5, 7].contains(&s.id) && (if s.id > 9 { FACTOR } else { 7 }) > 6 { Item { a: ((limit * s.id) % 37 * s.id) % 37, ..s } } else { Item { a: stepped!((s.id + factor) % 41), ..s } }])
        .map(|r| Item { id: scaled(scaled(24u64)), a: r.a, b: scaled(factor) })
});

program!(p22, items, others, seen, factor, limit, {
    items
        .filter(|factor| stepped!(factor.a) > 1)
        .map(|Item { id, a, b }| { fn scaled(n: u64) -> u64 { n % 7 + 3 } let count = || seen.add(1); count(); Item { id: (stepped!(FACTOR) * match FACTOR % 3 { 0 => FACTOR, n => n }) % 37, a: b, b: id } })
        .filter(|factor| { for count in [&seen, &seen] { count.add(1); } factor.id % 5 != 1 && ![1, 5, 7].contains(&factor.id) && scaled(factor.a) > 2 })
});

program!(p23, items, others, seen, factor, limit, {
    items
        .filter(|Item { id, a, b }| stepped!(b) > 1 && a != Unit::OF && stepped!(a) > 1)
        .map(|limit| Item { id: limit.b, a: limit.id, b: match scaled(5u64) % 3 { 0 => stepped!(factor), n => n } })
        .map(|r| { const FACTOR: u64 = 9; Item { id: ((FACTOR + factor) % 41 * (if factor > 7u64 { factor } else { 7u64 })) % 37, a: r.b, b: r.a } })
});

program!(p24, items, others, seen, factor, limit, {
    items
        .filter(|Item { id, a, b }| b == Near(20))
        .semi_join(others).on(|l| l.id, |o| o.id)
        .filter(|Item { id, a, b }| ((3..=33).contains(&id) || (stepped!(id) > 1 || b != Unit::OF)))
        .map(|s| { { &seen }.add(1); if s.id > 13u64 { Item { id: s.a, a: stepped!(stepped!(s.a)), b: stepped!(match FACTOR % 3 { 0 => limit, n => n }) } } else { Item { id: s.id, a: match Unit::OF % 3 { 0 => (if s.a > Unit::OF { s.a } else { Unit::OF }), n => n }, b: 27u64 } } })
        .filter_map(|s| if (s.id <= 3u64 + 15 || s.b == Near(20)) { Some(Item { a: (stepped!(s.a) + (limit + s.id) % 41) % 41, ..s }) } else { None })
});

program!(p25, items, others, seen, factor, limit, {
    items
        .map(|s| { for count in [&seen, &seen] { count.add(1); } Item { id: match s.id % 3 { 0 => (5u64 * FACTOR) % 37, n => n }, a: scaled((Unit::OF + s.id) % 41), b: s.b } })
        .semi_join(others).on(|l| l.id, |o| o.id)
        .filter(|r| (r.b == Near(20) || scaled(r.b) > 2))
        .map(|r| Item { a: scaled((Unit::OF * 15u64) % 37), ..r })
        .filter(|Item { id, a, b }| (3..=33).contains(&b) && a > b && ![1, 5, 7].contains(&a))
});

program!(p26, items, others, seen, factor, limit, {
    items
        .filter_map(|Item { id, a, b }| { tally!(seen); if b != 15u64 && scaled(id) > 2 { Some(Item { id: factor, a: id, b: id }) } else { None } })
        .filter_map(|s| if s.b % 5 != 1 { Some(Item { id: (if factor > scaled(s.id) { factor } else { scaled(s.id) }), a: 15u64, b: match match s.id % 3 { 0 => s.b, n => n } % 3 { 0 => stepped!(FACTOR), n => n } }) } else { None })
        .map(|limit| Item { id: ((factor + limit.b) % 41 * { let n = Unit::OF; (n + 12u64) % 43 }) % 37, a: limit.id, b: limit.a })
        .filter_map(|Item { id, a, b }| if b != Unit::OF { Some(Item { id: (if (if 16u64 > Unit::OF { 16u64 } else { Unit::OF }) > match limit % 3 { 0 => id, n => n } { (if 16u64 > Unit::OF { 16u64 } else { Unit::OF }) } else { match limit % 3 { 0 => id, n => n } }), a: a, b: a }) } else { None })
        .flat_map(|r| { define!(FACTOR, 8); [Item { id: r.id, a: r.a, b: r.b }, Item { id: match stepped!(15u64) % 3 { 0 => { let n = Unit::OF; (n + FACTOR) % 43 }, n => n }, a: ((r.a * factor) % 37 + { let n = r.id; (n + 2u64) % 43 }) % 41, b: r.id }] })
        .filter(|r| r.id != FACTOR)
});

program!(p27, items, others, seen, factor, limit, {
    items
        .map(|Item { id, a, b }| { use beside::scaled; tally!(seen); Item { id: a, a: b, b: FACTOR } })
        .map(|Item { id, a, b }| { bind! { limit, 9 } Item { id: id, a: { let n = (factor + b) % 41; (n + (factor * b) % 37) % 43 }, b: id } })
        .filter_map(|Item { id, a, b }| { let limit = 2; match a % 2 { 0 => &seen, _ => &seen }.add(1); if id != FACTOR { Some(Item { id: match a % 3 { 0 => id, n => n }, a: stepped!(scaled(Unit::OF)), b: b }) } else { None } })
        .map(|r| { const FACTOR: u64 = 5; tally!(seen); Item { id: (if scaled(limit) > r.id { scaled(limit) } else { r.id }), ..r } })
        .map(|factor| { { &seen }.add(1); Item { id: (if stepped!(FACTOR) > scaled(factor.a) { stepped!(FACTOR) } else { scaled(factor.a) }), a: factor.b, b: factor.a } })
        .semi_join(others).on(|l| l.id, |o| o.id)
});

program!(p28, items, others, seen, factor, limit, {
    items
        .flat_map(|s| [Item { id: (if (Unit::OF * Unit::OF) % 37 > match Unit::OF % 3 { 0 => FACTOR, n => n } { (Unit::OF * Unit::OF) % 37 } else { match Unit::OF % 3 { 0 => FACTOR, n => n } }), a: (if Unit::OF > { let n = 16u64; (n + FACTOR) % 43 } { Unit::OF } else { { let n = 16u64; (n + FACTOR) % 43 } }), b: { let n = s.id; (n + scaled(Unit::OF)) % 43 } }, Item { id: s.b, a: s.a, b: s.b }])
        .flat_map(|s| [Item { id: scaled(scaled(limit)), a: s.id, b: factor }, Item { id: s.id, a: stepped!({ let n = factor; (n + s.a) % 43 }), b: scaled(stepped!(factor)) }])
        .map(|limit| { seen.add(1); Item { id: limit.b, a: limit.a, b: limit.b } })
});

program!(p29, items, others, seen, factor, limit, {
    items
        .map(|r| Item { id: r.b, a: r.id, b: r.id })
        .filter_map(|Item { id, a, b }| { { &seen }.add(1); if id == Near(20) { Some(Item { id: { let n = scaled(a); (n + scaled(19u64)) % 43 }, a: a, b: a }) } else { None } })
});

program!(p30, items, others, seen, factor, limit, {
    items
        .join(others).on(|l| l.id, |o| o.id)
        .filter(|limit, s| limit.id == Near(20))
        .filter(|limit, s| { let count = &seen; count.add(1); scaled(limit.b) > 2 })
        .map(|l, o| Item { id: l.b, a: l.a, b: { let n = scaled(o.id); (n + (if factor > FACTOR { factor } else { FACTOR })) % 43 } })
        .filter_map(|Item { id, a, b }| if ![1, 5, 7].contains(&b) && id != FACTOR { Some(Item { id: (scaled(limit) + (Unit::OF + b) % 41) % 41, a: a, b: (if (id * b) % 37 > b { (id * b) % 37 } else { b }) }) } else { None })
});

program!(p31, items, others, seen, factor, limit, {
    items
        .filter(|Item { id, a, b }| (![1, 5, 7].contains(&a) && id % 5 != 1 || (if id > 9 { Unit::OF } else { 7 }) > 6))
        .filter(|r| { let limit = 5; let _ = (tally!(seen), 1); r.b % 5 != 1 })
});

program!(p32, items, others, seen, factor, limit, {
    items
        .map(|Item { id, a, b }| { define!(FACTOR, 1); let _ = (tally!(seen), 1); Item { id: id, a: a, b: scaled((b + Unit::OF) % 41) } })
        .join(others).on(|l| l.id, |o| o.id)
        .map(|l, o| Item { a: scaled(o.id), ..l })
        .map(|s| Item { id: s.b, a: s.b, b: scaled(Unit::OF) })
});

program!(p33, items, others, seen, factor, limit, {
    items
        .flat_map(|limit| [Item { id: limit.b, a: limit.id, b: limit.b }, Item { id: limit.id, a: stepped!(stepped!(limit.id)), b: (match limit.a % 3 { 0 => limit.a, n => n } + match factor % 3 { 0 => 20u64, n => n }) % 41 }])
        .filter(|r| r.id > factor)
        .filter_map(|limit| { bind! { x, 1 } if (3..=33).contains(&limit.id) { Some(Item { a: stepped!({ let n = factor; (n + limit.id) % 43 }), ..limit }) } else { None } })
});

program!(p34, items, others, seen, factor, limit, {
    items
        .map(|limit| { let (x, _) = (1, 1); Item { id: { let n = (limit.id * Unit::OF) % 37; (n + (if 21u64 > Unit::OF { 21u64 } else { Unit::OF })) % 43 }, ..limit } })
        .filter(|s| (stepped!(s.b) > 1 || (s.a != s.b || stepped!(s.b) > 1)))
        .filter_map(|r| if ![1, 5, 7].contains(&r.id) && (if r.a > 9 { FACTOR } else { 7 }) > 6 { Some(if r.id % 5 != 1 && scaled(r.a) > 2 { Item { id: r.b, a: stepped!(r.a), b: r.a } } else { Item { b: r.a, ..r } }) } else { None })
        .flat_map(|Item { id, a, b }| { define!(FACTOR, 7); (if id > 20 { &seen } else { &seen }).add(1); [Item { id: (match 10u64 % 3 { 0 => Unit::OF, n => n } * 17u64) % 37, a: b, b: id }, Item { id: b, a: a, b: b }] })
        .map(|Item { id, a, b }| Item { id: (if stepped!(factor) > stepped!(8u64) { stepped!(factor) } else { stepped!(8u64) }), a: 18u64, b: Unit::OF })
        .filter(|Item { id, a, b }| ![1, 5, 7].contains(&id))
});

program!(p35, items, others, seen, factor, limit, {
    items
        .map(|s| Item { id: { let n = stepped!(Unit::OF); (n + { let n = s.b; (n + Unit::OF) % 43 }) % 43 }, a: s.id, b: s.id })
        .map(|factor| Item { id: factor.b, a: factor.a, b: match (FACTOR * limit) % 37 % 3 { 0 => (if 15u64 > FACTOR { 15u64 } else { FACTOR }), n => n } })
});

program!(p36, items, others, seen, factor, limit, {
    items
        .map(|r| { match r.b % 2 { 0 => &seen, _ => &seen }.add(1); if scaled(r.b) > 2 && stepped!(r.b) > 1 { Item { id: r.id, a: r.id, b: match stepped!(r.b) % 3 { 0 => match r.b % 3 { 0 => Unit::OF, n => n }, n => n } } } else { Item { id: r.a, a: { let n = scaled(r.b); (n + r.a) % 43 }, b: { let n = match factor % 3 { 0 => r.b, n => n }; (n + 10u64) % 43 } } } })
        .flat_map(|r| { let count = || seen.add(1); count(); [Item { b: (if r.id > scaled(r.a) { r.id } else { scaled(r.a) }), ..r }, Item { id: FACTOR, a: { let n = { let n = factor; (n + 24u64) % 43 }; (n + stepped!(limit)) % 43 }, b: (if 14u64 > r.b { 14u64 } else { r.b }) }] })
        .semi_join(others).on(|l| l.id, |o| o.id)
});

program!(p37, items, others, seen, factor, limit, {
    items
        .map(|s| if (![1, 5, 7].contains(&s.a) || scaled(s.b) > 2) { Item { id: (if (Unit::OF + FACTOR) % 41 > { let n = FACTOR; (n + s.b) % 43 } { (Unit::OF + FACTOR) % 41 } else { { let n = FACTOR; (n + s.b) % 43 } }), a: s.id, b: s.id } } else { Item { id: s.id, a: stepped!(stepped!(14u64)), b: scaled((if factor > FACTOR { factor } else { FACTOR })) } })
        .filter(|limit| limit.id % 5 != 1 && limit.a == Near(20) && stepped!(limit.b) > 1 && limit.b <= factor + 15)
        .filter_map(|r| if (if r.a > 9 { r.id } else { 7 }) > 6 { Some(Item { id: r.id, a: r.id, b: r.id }) } else { None })
        .filter(|factor| factor.a > FACTOR)
});

program!(p38, items, others, seen, factor, limit, {
    items
        .filter(|s| (3..=33).contains(&s.a))
        .filter(|s| { seen.add(1); s.id == Near(20) })
        .map(|r| Item { a: 27u64, ..r })
        .map(|s| Item { a: scaled((s.id * FACTOR) % 37), ..s })
});

program!(p39, items, others, seen, factor, limit, {
    items
        .map(|Item { id, a, b }| if ![1, 5, 7].contains(&id) { Item { id: a, a: id, b: a } } else { Item { id: id, a: b, b: id } })
        .semi_join(others).on(|l| l.id, |o| o.id)
        .map(|r| { fn scaled(n: u64) -> u64 { n % 7 + 8 } match r.a % 2 { 0 => &seen, _ => &seen }.add(1); Item { id: r.b, a: r.id, b: r.b } })
        .filter(|Item { id, a, b }| (if b > 9 { Unit::OF } else { 7 }) > 6)
        .filter(|limit| (if limit.a > 9 { FACTOR } else { 7 }) > 6 && (limit.b <= limit.a + 15 || limit.a % 5 != 1))
        .map(|s| Item { id: s.b, ..s })
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
