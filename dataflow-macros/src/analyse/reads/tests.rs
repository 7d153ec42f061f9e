use super::{ReadSet, of, of_groups, of_sides};

#[track_caller]
fn check(closure: &str, expected: &str) {
    assert_eq!(written(of(&syn::parse_str(closure).expect("a closure"))), expected);
}

/// Like [`check`], for a closure whose parameters are groups, except for the last one.
#[track_caller]
fn check_groups(closure: &str, expected: &str) {
    assert_eq!(written(of_groups(&syn::parse_str(closure).expect("a closure"))), expected);
}

/// Like [`check`], for a closure whose right side is an `Option`.
#[track_caller]
fn check_option(closure: &str, expected: &str) {
    assert_eq!(written(of_sides(&syn::parse_str(closure).expect("a closure"), [false, true])), expected);
}

fn written(sets: Vec<ReadSet>) -> String {
    let sets = sets.into_iter().map(|reads| match reads {
        ReadSet::All => "all".to_owned(),
        ReadSet::Fields(fields) => format!("{{{}}}", Vec::from_iter(fields).join(", ")),
    });
    sets.collect::<Vec<_>>().join(" | ")
}

#[test]
fn field_paths_are_read_as_fields() {
    check("|r| r.a + r.b.c * r.a", "{a, b.c}");
    check("|r| (r.0, r.1.0)", "{0, 1.0}");
    check("|r| (r).a.len() > 3", "{a}");
    check("|r| &r.a[2..]", "{a}");
    check("|r| R { a: r.a, b: 1 }", "{a}");
    check("|r| r.r#type", "{type}");
    check("|l, r| l.id + r.n", "{id} | {n}");
    check("|_| 1", "{}");
    check("|r: Line| r.a", "{a}");
}

#[test]
fn other_uses_of_a_record_read_all_fields() {
    check("|r| r", "all");
    check("|r| f(r)", "all");
    check("|r| r.key()", "all");
    check("|r| R { a: 1, ..r }", "all");
    check("|r| { let s = r; s.a }", "all");
    check("|r| match r { R { a, .. } => a }", "all");
    check("|r| r == other", "all");
    check("|r| (*r).a", "all");
    check("|r| [1, 2].map(|n| (n, r))", "all");
}

#[test]
fn names_in_macro_calls_are_read_whole() {
    check("|r| format!(\"{}\", r.a)", "all");
    check("|r| format!(\"{r:?}\")", "all");
    check("|r| format!(\"{:>1$}\", s.r, r.a)", "all");
    check("|r| vec![q.r, 1]", "{}");
    check("|(a, b)| format!(\"{a}\")", "{0}");
}

#[test]
fn shadowed_records_are_not_read() {
    check("|r| { let r = r.a; r.b }", "{a}");
    check("|r| r.xs.iter().map(|r| r.y).sum()", "{xs}");
    check("|r| match r.a { Some(r) => r.b, None => r.c }", "{a, c}");
    check("|r| if let Some(r) = r.a { r.x } else { r.y }", "{a, y}");
    check("|r| { for r in r.items { f(r) } r.n }", "{items, n}");
    check("|r| match 1 { x if r.g > x => 1, _ => 2 }", "{g}");
}

#[test]
fn parameter_patterns_name_the_read_fields() {
    check("|(a, b)| a + b.c", "{0, 1.c}");
    check("|(a, _, (b, c))| a + c", "{0, 2.1}");
    check("|(a, ..)| a", "{0}");
    check("|(.., a)| a", "all");
    check("|R { a, b: B { c, .. }, .. }| a + c", "{a, b.c}");
    check("|r @ R { .. }| r.a", "all");
    check("|&r| r.a", "all");
}

#[test]
fn lent_records_are_read_by_field() {
    check_groups("|g, out| for r in g { out.emit(r.a + r.b.c) }", "{a, b.c}");
    check_groups("|g, out| { for r in g { n += r.a; } for r in g { m += r.b; } }", "{a, b}");
    check_groups("|g, out| while let Some(r) = g.next() { out.emit(r.a) }", "{a}");
    check_groups("|g, out| if let Some(r) = g.next() { f(r.a) } else { f(g.len()) }", "{a}");
    check_groups("|g, out| if g.is_empty() { f(1) } else if let Some(_) = g.next() { f(2) }", "{}");
    check_groups("|g, out| { let first = g.next().map(|r| r.a); out.emit(g.next().map_or(0, |r| r.b)) }", "{a, b}");
    check_groups("|g, out| { g.next(); for (k, _, V { x, .. }) in g { out.emit((k, x)); } }", "{0, 2.x}");
    check_groups("|g, out| while let Some((a, _)) = g.next() { out.emit(a) }", "{0}");
    check_groups("|g, out| out.emit(g.len())", "{}");
    check_groups("|_, out| out.emit(1)", "{}");
    check_groups("|mut records, out| while let Some(r) = records.next() { out.emit(r.a) }", "{a}");
    check_groups("|g: &mut Group<R>, out| for r in (g) { out.emit(r.a) }", "{a}");
}

#[test]
fn each_group_has_its_own_read_set() {
    check_groups("|l, r, out| { for x in l { for y in r { out.emit((x.a, y.b)) } } }", "{a} | {b}");
    check_groups("|l, r, out| { for x in l { out.emit(x.a) } out.emit(r.owned()) }", "{a} | all");
    check_groups(
        "|l, r, out| { let n = r.len(); for x in l { if let Some(y) = r.next() { f(x.a, y) } } }",
        "{a} | all",
    );
}

#[test]
fn escaping_group_records_are_read_whole() {
    check_groups("|g, out| for r in g { out.emit(r) }", "all");
    check_groups("|g, out| { let r = g.next(); }", "all");
    check_groups("|g, out| { for r in g { last = Some(r.a); } g.next() }", "all");
    check_groups("|g, out| { let Some(r) = g.next() else { return }; f(r.a) }", "all");
    check_groups("|g, out| { let other = g; for r in other { f(r.a) } }", "all");
    check_groups("|g, out| f(g)", "all");
    check_groups("|g, out| for r in g.owned() { f(r.a) }", "all");
    check_groups("|g, out| for r in std::iter::from_fn(|| g.next().map(f)) { f(r.a) }", "all");
    check_groups("|g, out| for r in g.map(|r| r.a) { f(r) }", "all");
    check_groups("|g, out| println!(\"{}\", g.len())", "all");
    check_groups("|g, out| for r in g { println!(\"{}\", r.a) }", "all");
    check_groups("|g, out| match g.next() { Some(r) => f(r.a), None => f(0) }", "all");
    check_groups("|g, out| g.len(1)", "all");
    check_groups("|(g, h), out| for r in g { f(r.a) }", "all");
}

/// A pattern that may not match also reads fields that it does not name.
#[test]
fn refutable_patterns_read_all_fields() {
    check_groups("|g, out| while let Some(S::A { x }) = g.next() { f(x) }", "all");
    check_groups("|g, out| while let Some(Some(x)) = g.next() { f(x) }", "all");
    check_groups("|g, out| while let Some((1, x)) = g.next() { f(x) }", "all");
    check_groups("|g, out| while let Some((LIMIT, x)) = g.next() { f(x) }", "all");
    check_groups("|g, out| while let Some(r) = g.next() && r.b > 1 { f(r.a) }", "all");
    check_groups("|g, out| if let Ok(r) = g.next() { f(r.a) }", "all");
}

#[test]
fn shadowed_groups_are_read_whole() {
    check_groups("|g, out| { let g = g.len(); for r in g { f(r.a) } }", "all");
    check_groups("|g, out| for g in g { f(g.a) }", "all");
    check_groups("|g, out| { fn f(x: u8) -> u8 { g.len() } for r in g { f(r.a) } }", "{a}");
}

#[test]
fn option_methods_read_the_mentioned_fields() {
    check_option("|l, r| (l.a, r.map(|r| r.b))", "{a} | {b}");
    check_option("|l, r| r.map(|x| x.b.c + x.d)", "{} | {b.c, d}");
    check_option("|l, r| r.map_or(l.a, |x| x.b)", "{a} | {b}");
    check_option("|l, r| r.map_or_else(|| l.a, |x| x.b)", "{a} | {b}");
    check_option("|l, r| r.is_some() || r.is_none()", "{} | {}");
    check_option("|l, r| r.is_none_or(|x| x.b > l.a)", "{a} | {b}");
    check_option("|l, r| r.is_some_and(|x| x.b > 1) && r.and_then(|x| x.c).is_some()", "{} | {b, c}");
    check_option("|l, r| r.as_ref().map(|x| x.b)", "{} | {b}");
    check_option("|l, r| (&r).as_ref().copied().map(|(a, _)| a)", "{} | {0}");
    check_option("|l, r| r?.b.c", "{} | {b.c}");
    check_option("|l, r| if r.is_some() { r.unwrap().b } else { l.a }", "{a} | {b}");
    check_option("|l, r| r.map(|x| r.map(|y| x.b + y.c))", "{} | {b, c}");
    check_option("|l, _| l.a", "{a} | {}");
}

#[test]
fn option_patterns_read_the_mentioned_fields() {
    check_option("|l, r| if let Some(x) = r { x.b } else { l.a }", "{a} | {b}");
    check_option("|l, r| if let Some(r) = r { r.b } else { l.a }", "{a} | {b}");
    check_option("|l, r| if let Some(x) = &r { x.b } else { 0 }", "{} | {b}");
    check_option("|l, r| match r { Some(x) if x.b > 1 => x.c, Some(_) => 1, None => l.a }", "{a} | {b, c}");
    check_option("|l, r| match r { None => 0, Some(R { b, .. }) => b }", "{} | {b}");
    check_option("|l, r| { let Some(x) = r else { return 0 }; let y = x.b; y + x.c }", "{} | {b, c}");
    check_option("|l, r| match r { Some(x) => match r { Some(y) => x.b + y.c, _ => 0 }, _ => 0 }", "{} | {b, c}");
}

#[test]
fn other_uses_of_an_option_read_all_fields() {
    check_option("|l, r| r", "{} | all");
    check_option("|l, r| (l.a, r)", "{a} | all");
    check_option("|l, r| r.map(|x| x)", "{} | all");
    check_option("|l, r| r.map(f)", "{} | all");
    check_option("|l, r| r.map(|x| f(x))", "{} | all");
    check_option("|l, r| r.filter(|x| x.b > 1).map(|x| x.c)", "{} | all");
    check_option("|l, r| r.unwrap_or_default().b", "{} | all");
    check_option("|l, r| r == None", "{} | all");
    check_option("|l, r| r?", "{} | all");
    check_option("|l, r| r.unwrap().key()", "{} | all");
    check_option("|l, r| { let s = r; s.map(|x| x.b) }", "{} | all");
    check_option("|l, r| match r { other => g(other) }", "{} | all");
    check_option("|l, r| match r { Some(x) => x.b, other => g(other) }", "{} | all");
    check_option("|l, r| match r { Some(LIMIT) => 1, _ => 0 }", "{} | all");
    check_option("|l, r| match r { Some(R { b: 3, c }) => c, _ => 0 }", "{} | all");
    check_option("|l, r| match r { Some(x) | Other(x) => x.b, _ => 0 }", "{} | all");
    check_option("|l, r| if let Some(x) = r && x.b > 1 { x.c } else { 0 }", "{} | all");
    check_option("|l, r| format!(\"{:?}\", r.map(|x| x.b))", "{} | all");
    check_option("|l, r| r.map(|x| format!(\"{}\", x.b))", "{} | all");
    check_option("|l, r| r.map(|x| { let r = x.b; r.map(|y| y.c) })", "{} | {b}");
}

#[test]
fn option_methods_are_recognised_on_optional_sides_only() {
    check("|l, r| r.map(|x| x.b)", "{} | all");
    check_option("|l, r| l.map(|x| x.b)", "all | {}");
}
