use super::{Reads, of};

#[track_caller]
fn check(closure: &str, expected: &str) {
    let closure = syn::parse_str(closure).expect("a closure");
    let sets = of(&closure).into_iter().map(|reads| match reads {
        Reads::All => "all".to_owned(),
        Reads::Fields(fields) => format!("{{{}}}", Vec::from_iter(fields).join(", ")),
    });
    assert_eq!(sets.collect::<Vec<_>>().join(" | "), expected);
}

#[test]
fn paths_of_fields() {
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
fn the_record_itself() {
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
fn macros_may_look_at_anything() {
    check("|r| format!(\"{}\", r.a)", "all");
    check("|r| format!(\"{r:?}\")", "all");
    check("|r| format!(\"{:>1$}\", s.r, r.a)", "all");
    check("|r| vec![q.r, 1]", "{}");
    check("|(a, b)| format!(\"{a}\")", "{0}");
}

#[test]
fn names_that_hide_the_record() {
    check("|r| { let r = r.a; r.b }", "{a}");
    check("|r| r.xs.iter().map(|r| r.y).sum()", "{xs}");
    check("|r| match r.a { Some(r) => r.b, None => r.c }", "{a, c}");
    check("|r| if let Some(r) = r.a { r.x } else { r.y }", "{a, y}");
    check("|r| { for r in r.items { f(r) } r.n }", "{items, n}");
    check("|r| match 1 { x if r.g > x => 1, _ => 2 }", "{g}");
}

#[test]
fn records_taken_apart_by_the_pattern() {
    check("|(a, b)| a + b.c", "{0, 1.c}");
    check("|(a, _, (b, c))| a + c", "{0, 2.1}");
    check("|(a, ..)| a", "{0}");
    check("|(.., a)| a", "all");
    check("|R { a, b: B { c, .. }, .. }| a + c", "{a, b.c}");
    check("|r @ R { .. }| r.a", "all");
    check("|&r| r.a", "all");
}
