//! Read sets: that a wrong one shows on the embedded engine, and that those of the macro are right.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use dataflow::prelude::*;
use dataflow::{Reads, Step};
use tests::{embedded, everywhere};

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wide {
    a: i64,
    b: i64,
    name: String,
    nullable: Option<u32>,
    inner: Inner,
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Inner {
    x: u8,
    y: bool,
}

fn records() -> Vec<Wide> {
    let record = |n: i64| Wide {
        a: n,
        b: n % 7,
        name: format!("the record with number {n}"),
        nullable: u32::try_from(n).ok().filter(|n| n % 3 > 0),
        inner: Inner { x: n as u8, y: n % 2 == 0 },
    };
    (0..3_000).map(record).collect()
}

/// A step that says that only `a` is read.
const ONLY_A: &Step = &Step { name: "wrong", operator: "process", text: "", reads: &[Reads::Fields(&["a"])] };

/// What the embedded engine makes of a pipeline whose read set is `a` alone.
fn with_only_a<T: Record + Ord>(pipeline: impl Fn(DataSet<Wide>) -> DataSet<T>) -> Vec<T> {
    let mut answer = pipeline(embedded().collection(records()).unwrap().step(ONLY_A)).collect().unwrap();
    answer.sort();
    answer
}

/// The truth, by the same closure over owned records.
fn truth<T: Ord>(f: impl FnMut(Wide) -> T) -> Vec<T> {
    let mut answer: Vec<T> = records().into_iter().map(f).collect();
    answer.sort();
    answer
}

#[test]
fn a_field_that_a_read_set_forgets_has_a_wrong_value() {
    assert_ne!(with_only_a(|f| f.process(|w, out| out.emit((w.a, w.b)))), truth(|w| (w.a, w.b)), "a number");
    assert_ne!(with_only_a(|f| f.process(|w, out| out.emit((w.a, w.name)))), truth(|w| (w.a, w.name)), "a text");
    assert_ne!(
        with_only_a(|f| f.process(|w, out| out.emit((w.a, w.nullable)))),
        truth(|w| (w.a, w.nullable)),
        "an option"
    );
    assert_ne!(
        with_only_a(|f| f.process(|w, out| out.emit((w.a, w.inner.y)))),
        truth(|w| (w.a, w.inner.y)),
        "a bool within"
    );
}

#[test]
fn a_field_that_a_read_set_has_is_right() {
    assert_eq!(with_only_a(|f| f.process(|w, out| out.emit(w.a))), truth(|w| w.a));
}

#[test]
fn a_filter_that_reads_what_its_set_forgets_keeps_other_records() {
    let kept = with_only_a(|f| f.filter(|w| w.b == 3));
    let expected: Vec<Wide> = records().into_iter().filter(|w| w.b == 3).collect();
    assert_ne!(kept, expected);
    // What it keeps, it keeps whole: only the closure is shown wrong values.
    assert!(kept.iter().all(|w| records().contains(w)));
}

#[test]
fn a_measure_that_reads_what_its_set_forgets_adds_up_other_values() {
    let flow = embedded().collection(records()).unwrap();
    let totals = flow.step(ONLY_A).aggregates().sum(|w| w.b).finish(|(), ((), total), out| out.emit(total));
    assert_ne!(totals.collect().unwrap(), [records().iter().map(|w| w.b).sum::<i64>()]);
}

#[dataflow]
fn each_field(wide: DataSet<Wide>) -> DataSet<(i64, String, u32, bool)> {
    let large = wide.filter(|w| w.inner.x > 10 && w.b != 2);
    large.map(|w| (w.a + w.b, w.name, w.nullable.unwrap_or(7), w.inner.y))
}

#[dataflow]
fn guarded(wide: DataSet<Wide>) -> DataSet<i64> {
    wide.map(|w| if w.b > 0 { 10 / w.b } else { 0i64 })
}

#[dataflow]
fn patterns(wide: DataSet<Wide>) -> DataSet<String> {
    wide.filter_map(|w| {
        let WideRef { name, inner: Inner { y, .. }, .. } = w;
        match (w.nullable, y) {
            (Some(n), true) if n > 5 => Some(format!("{name}{n}")),
            (None, _) => Some(name.to_owned()),
            _ => None,
        }
    })
}

#[dataflow]
fn whole(wide: DataSet<Wide>) -> DataSet<(u64, String)> {
    // The record leaves by a name and by a call: everything may be read.
    wide.map(|w| {
        let again = w;
        (digest(&again), w.name)
    })
}

fn digest(wide: &WideRef<'_>) -> u64 {
    wide.a as u64 * 31 + u64::from(wide.inner.x) + wide.name.len() as u64
}

#[dataflow]
fn grouped(wide: DataSet<Wide>, rate: i64) -> DataSet<(bool, i64, u64)> {
    wide.map(|w| (w.inner.y, w.a, w.nullable, w.b))
        .group_by(|w| w.0)
        .aggregate(|g| (g.key, g.sum(|w| if w.3 > 0 { w.1 * rate / w.3 } else { 0 }), g.count()))
}

#[test]
fn the_macros_read_sets_have_every_field_that_is_read() {
    let large = records().into_iter().filter(|w| w.inner.x > 10 && w.b != 2);
    let expected = large.map(|w| (w.a + w.b, w.name, w.nullable.unwrap_or(7), w.inner.y)).collect();
    everywhere(expected, |env| each_field(env.collection(records())?).collect());
}

#[test]
fn a_guarded_division_is_guarded_wherever_it_runs() {
    everywhere(truth(|w| if w.b > 0 { 10 / w.b } else { 0 }), |env| guarded(env.collection(records())?).collect());
}

#[test]
fn patterns_read_what_they_name() {
    let part = |w: Wide| match (w.nullable, w.inner.y) {
        (Some(n), true) if n > 5 => Some(format!("{}{n}", w.name)),
        (None, _) => Some(w.name),
        _ => None,
    };
    everywhere(records().into_iter().filter_map(part).collect(), |env| patterns(env.collection(records())?).collect());
}

#[test]
fn a_record_that_is_handed_on_is_read_whole() {
    let digest = |w: Wide| (w.a as u64 * 31 + u64::from(w.inner.x) + w.name.len() as u64, w.name);
    everywhere(truth(digest), |env| whole(env.collection(records())?).collect());
}

#[test]
fn measures_read_what_they_compute_with() {
    let measure = |w: &Wide| if w.b > 0 { w.a * 3 / w.b } else { 0 };
    let group = |even: bool| {
        let group: Vec<Wide> = records().into_iter().filter(|w| w.inner.y == even).collect();
        (even, group.iter().map(measure).sum::<i64>(), group.len() as u64)
    };
    everywhere(vec![group(false), group(true)], |env| grouped(env.collection(records())?, 3).collect());
}

#[dataflow]
fn options_by_method(left: DataSet<Wide>, right: DataSet<Wide>) -> DataSet<(i64, Option<i64>, bool, bool)> {
    left.left_join(right)
        .on(|l| l.a, |r| r.b)
        .filter(|l, r| r.is_none_or(|r| r.inner.x > 3) || l.b == 2)
        .map(|l, r| (l.a, r.map(|r| r.a), r.map_or(l.inner.y, |w| w.inner.y), r.is_some()))
}

#[dataflow]
fn options_by_pattern(left: DataSet<Wide>, right: DataSet<Wide>) -> DataSet<(String, Option<u32>, i64)> {
    left.full_join(right).on(|l| l.a, |r| r.b).map(|l, r| {
        let found = match l {
            Some(l) if l.inner.y => l.nullable,
            Some(WideRef { nullable, .. }) => nullable.map(|n| n + 1),
            None => None,
        };
        let Some(r) = r else { return ("", found, -1i64) };
        (r.name, found, r.a)
    })
}

#[dataflow]
fn options_by_branch(left: DataSet<Wide>, right: DataSet<Wide>) -> DataSet<(i64, String)> {
    left.right_join(right).on(|l| l.b, |r| r.a).filter_map(|l, r| {
        let b = if let Some(l) = l { l.a } else { r.b };
        Some((b, l?.name))
    })
}

#[test]
fn read_sets_of_options_have_all_that_is_read() {
    let records: Vec<Wide> = records().into_iter().take(120).collect();
    let flows = |env: &Env| Ok::<_, dataflow::Error>((env.collection(&records)?, env.collection(&records)?));
    let pairs = records.iter().flat_map(|l| {
        let partners: Vec<&Wide> = records.iter().filter(|r| r.b == l.a).collect();
        let alone = partners.is_empty().then_some((Some(l), None));
        partners.into_iter().map(|r| (Some(l), Some(r))).chain(alone).collect::<Vec<_>>()
    });
    let pairs: Vec<(Option<&Wide>, Option<&Wide>)> = pairs.collect();
    let kept = pairs.iter().filter_map(|&(l, r)| Some((l?, r)));
    let kept = kept.filter(|(l, r)| r.is_none_or(|r| r.inner.x > 3) || l.b == 2);
    let expected = kept.map(|(l, r)| (l.a, r.map(|r| r.a), r.map_or(l.inner.y, |r| r.inner.y), r.is_some())).collect();
    everywhere(expected, |env| flows(env).and_then(|(l, r)| options_by_method(l, r).collect()));
    let alone = records.iter().filter(|r| !records.iter().any(|l| l.a == r.b)).map(|r| (None, Some(r)));
    let expected = pairs.iter().copied().chain(alone).map(|(l, r)| {
        let found = l.and_then(|l| if l.inner.y { l.nullable } else { l.nullable.map(|n| n + 1) });
        r.map_or((String::new(), found, -1), |r| (r.name.clone(), found, r.a))
    });
    everywhere(expected.collect(), |env| flows(env).and_then(|(l, r)| options_by_pattern(l, r).collect()));
    let with = |r: &Wide| records.iter().filter(|l| l.b == r.a).map(|l| (l.a, l.name.clone())).collect::<Vec<_>>();
    let expected = records.iter().flat_map(with).collect();
    everywhere(expected, |env| flows(env).and_then(|(l, r)| options_by_branch(l, r).collect()));
}
