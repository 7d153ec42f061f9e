//! Read sets: the embedded engine reveals wrong ones, and the read sets of the macro are right.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use dataflow::prelude::*;
use dataflow::{Reads, Step};
use tests::{embedded, same_on_all_engines};

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

/// A step whose read set contains only `a`.
const ONLY_A: &Step =
    &Step { name: "wrong", operator: "process", text: "", reads: &[Reads::Fields(&["a"])], ..Step::UNKNOWN };

/// The records of a pipeline on the embedded engine if its read set is only `a`.
fn with_only_a<T: Record + Ord>(pipeline: impl Fn(DataSet<Wide>) -> DataSet<T>) -> Vec<T> {
    let mut answer = pipeline(embedded().collection(records()).unwrap().step(ONLY_A)).collect().unwrap();
    answer.sort();
    answer
}

/// The right result, by the same closure over owned records.
fn expected_of<T: Ord>(f: impl FnMut(Wide) -> T) -> Vec<T> {
    let mut answer: Vec<T> = records().into_iter().map(f).collect();
    answer.sort();
    answer
}

#[test]
fn a_field_missing_in_a_read_set_has_wrong_values() {
    assert_ne!(with_only_a(|f| f.process(|w, out| out.emit((w.a, w.b)))), expected_of(|w| (w.a, w.b)), "a number");
    assert_ne!(with_only_a(|f| f.process(|w, out| out.emit((w.a, w.name)))), expected_of(|w| (w.a, w.name)), "a text");
    assert_ne!(
        with_only_a(|f| f.process(|w, out| out.emit((w.a, w.nullable)))),
        expected_of(|w| (w.a, w.nullable)),
        "an option"
    );
    assert_ne!(
        with_only_a(|f| f.process(|w, out| out.emit((w.a, w.inner.y)))),
        expected_of(|w| (w.a, w.inner.y)),
        "a bool within"
    );
}

#[test]
fn a_field_in_a_read_set_has_right_values() {
    assert_eq!(with_only_a(|f| f.process(|w, out| out.emit(w.a))), expected_of(|w| w.a));
}

#[test]
fn a_filter_with_a_wrong_read_set_keeps_other_records() {
    let kept = with_only_a(|f| f.filter(|w| w.b == 3));
    let expected: Vec<Wide> = records().into_iter().filter(|w| w.b == 3).collect();
    assert_ne!(kept, expected);
    // Kept records are complete: only the closure sees wrong values.
    assert!(kept.iter().all(|w| records().contains(w)));
}

#[test]
fn a_measure_with_a_wrong_read_set_sums_wrong_values() {
    let flow = embedded().collection(records()).unwrap();
    let totals = flow.step(ONLY_A).aggregates().sum(|w| w.b).finish(|(), ((), total), out| out.emit(total));
    assert_ne!(totals.collect().unwrap(), [records().iter().map(|w| w.b).sum::<i64>()]);
}

#[test]
fn a_group_with_a_wrong_read_set_has_wrong_values() {
    let (right, wrong) = (expected_of(|w| (w.a, w.a)), expected_of(|w| (w.a, w.b)));
    let of_all = |f: DataSet<Wide>, reads_b: bool| {
        f.reduce_group(move |group, out| {
            while let Some(w) = group.next() {
                out.emit((w.a, if reads_b { w.b } else { w.a }));
            }
        })
    };
    assert_eq!(with_only_a(|f| of_all(f, false)), right);
    assert_ne!(with_only_a(|f| of_all(f, true)), wrong, "a group");
    let of_tasks = |f: DataSet<Wide>| f.map_partition(|records, out| records.for_each(|w| out.emit((w.a, w.b))));
    assert_ne!(with_only_a(of_tasks), wrong, "a task");
    let of_both = |f: DataSet<Wide>| {
        let other = embedded().collection(records()).unwrap();
        f.co_group(other).on(|l| l.a, |r| r.a).reduce_group(|lefts, _, out| {
            while let Some(w) = lefts.next() {
                out.emit((w.a, w.b));
            }
        })
    };
    assert_ne!(with_only_a(of_both), wrong, "two groups");
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
    // The record is passed to a variable and to a call, which may read any field.
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
fn macro_read_sets_contain_every_field_that_is_read() {
    let large = records().into_iter().filter(|w| w.inner.x > 10 && w.b != 2);
    let expected = large.map(|w| (w.a + w.b, w.name, w.nullable.unwrap_or(7), w.inner.y)).collect();
    same_on_all_engines(expected, |env| each_field(env.collection(records())?).collect());
}

#[test]
fn a_guarded_division_is_guarded_at_every_place() {
    same_on_all_engines(expected_of(|w| if w.b > 0 { 10 / w.b } else { 0 }), |env| {
        guarded(env.collection(records())?).collect()
    });
}

#[test]
fn patterns_read_the_fields_that_they_name() {
    let part = |w: Wide| match (w.nullable, w.inner.y) {
        (Some(n), true) if n > 5 => Some(format!("{}{n}", w.name)),
        (None, _) => Some(w.name),
        _ => None,
    };
    same_on_all_engines(records().into_iter().filter_map(part).collect(), |env| {
        patterns(env.collection(records())?).collect()
    });
}

#[test]
fn a_record_that_is_passed_on_is_read_whole() {
    let digest = |w: Wide| (w.a as u64 * 31 + u64::from(w.inner.x) + w.name.len() as u64, w.name);
    same_on_all_engines(expected_of(digest), |env| whole(env.collection(records())?).collect());
}

#[test]
fn measures_read_the_fields_in_their_closures() {
    let measure = |w: &Wide| if w.b > 0 { w.a * 3 / w.b } else { 0 };
    let group = |even: bool| {
        let group: Vec<Wide> = records().into_iter().filter(|w| w.inner.y == even).collect();
        (even, group.iter().map(measure).sum::<i64>(), group.len() as u64)
    };
    same_on_all_engines(vec![group(false), group(true)], |env| grouped(env.collection(records())?, 3).collect());
}

/// The grouping reads its key, the loop reads `b` and `inner.y`, a pattern reads `nullable`.
#[dataflow]
fn of_groups(wide: DataSet<Wide>) -> DataSet<(i64, u64, u32)> {
    wide.group_by(|w| w.a).sorted_by(|w| w.name).reduce_group(|group, out| {
        let (mut sum, mut odd, count) = (0, 0u32, group.len() as u64);
        let first = group.next().map_or(0, |w| w.nullable.unwrap_or(9));
        group.next();
        for WideRef { b, inner: Inner { y, .. }, .. } in group {
            sum += b;
            odd += u32::from(!y);
        }
        out.emit((sum, count, odd + first));
    })
}

#[dataflow]
fn of_tasks(wide: DataSet<Wide>) -> DataSet<(i64, u64)> {
    wide.map_partition(|records, out| {
        for w in records {
            if w.inner.y && w.b > 2 {
                out.emit((w.a, w.name.len() as u64));
            }
        }
    })
}

#[dataflow]
fn of_two_groups(wide: DataSet<Wide>, others: DataSet<Wide>) -> DataSet<(i64, u32, u64)> {
    let both = wide.co_group(others);
    both.on(|w| w.b, |o| o.b).reduce_group(|wide, others, out| {
        let size = wide.len() as u64;
        if let Some(o) = others.next() {
            for w in wide {
                out.emit((w.a, u32::from(w.nullable.is_none()) + u32::from(o.b == 3), size));
            }
        }
    })
}

/// The same in one chain, which the macro sees as a whole.
#[dataflow]
fn of_two_groups_at_once(wide: DataSet<Wide>, others: DataSet<Wide>) -> DataSet<(i64, u32, u64)> {
    wide.co_group(others).on(|w| w.b, |o| o.b).reduce_group(|wide, others, out| {
        let size = wide.len() as u64;
        if let Some(o) = others.next() {
            for w in wide {
                out.emit((w.a, u32::from(w.nullable.is_none()) + u32::from(o.b == 3), size));
            }
        }
    })
}

/// Counting records reads no field.
#[dataflow]
fn sizes_of_groups(wide: DataSet<Wide>) -> DataSet<u64> {
    wide.reduce_group(|all, out| out.emit(all.len() as u64))
}

#[test]
fn groups_provide_every_field_that_is_read() {
    let group = |key: i64| {
        let mut group: Vec<Wide> = records()
            .into_iter()
            .chain(records())
            .map(|w| Wide { a: w.b, b: w.a, ..w })
            .filter(|w| w.a == key)
            .collect();
        group.sort_by_key(|w| w.name.clone());
        // Each record occurs twice, so the first two are equal.
        let rest = || group.iter().skip(2);
        let odd = rest().filter(|w| !w.inner.y).count() as u32;
        (rest().map(|w| w.b).sum::<i64>(), group.len() as u64, odd + group[0].nullable.unwrap_or(9))
    };
    let expected = (0..7).map(group).collect();
    let twice: Vec<Wide> =
        records().into_iter().flat_map(|w| [w.clone(), w]).map(|w| Wide { a: w.b, b: w.a, ..w }).collect();
    same_on_all_engines(expected, |env| of_groups(env.collection(&twice)?).collect());
}

#[test]
fn tasks_provide_every_field_that_is_read() {
    let kept = records().into_iter().filter(|w| w.inner.y && w.b > 2).map(|w| (w.a, w.name.len() as u64));
    same_on_all_engines(kept.collect(), |env| of_tasks(env.collection(records())?).collect());
}

#[test]
fn co_groups_provide_every_field_that_is_read() {
    let others: Vec<Wide> = records().into_iter().filter(|w| w.b % 2 == 1).collect();
    let size = |b: i64| records().iter().filter(|w| w.b == b).count() as u64;
    let sizes: Vec<u64> = (0..7).map(size).collect();
    let record = |w: Wide| (w.a, u32::from(w.nullable.is_none()) + u32::from(w.b == 3), sizes[w.b as usize]);
    let expected: Vec<_> = records().into_iter().filter(|w| w.b % 2 == 1).map(record).collect();
    same_on_all_engines(expected.clone(), |env| {
        of_two_groups(env.collection(records())?, env.collection(&others)?).collect()
    });
    same_on_all_engines(expected, |env| {
        of_two_groups_at_once(env.collection(records())?, env.collection(&others)?).collect()
    });
}

#[test]
fn groups_without_read_fields_have_their_records() {
    same_on_all_engines(vec![3_000], |env| sizes_of_groups(env.collection(records())?).collect());
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
fn read_sets_of_options_contain_all_read_fields() {
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
    same_on_all_engines(expected, |env| flows(env).and_then(|(l, r)| options_by_method(l, r).collect()));
    let alone = records.iter().filter(|r| !records.iter().any(|l| l.a == r.b)).map(|r| (None, Some(r)));
    let expected = pairs.iter().copied().chain(alone).map(|(l, r)| {
        let found = l.and_then(|l| if l.inner.y { l.nullable } else { l.nullable.map(|n| n + 1) });
        r.map_or((String::new(), found, -1), |r| (r.name.clone(), found, r.a))
    });
    same_on_all_engines(expected.collect(), |env| flows(env).and_then(|(l, r)| options_by_pattern(l, r).collect()));
    let with = |r: &Wide| records.iter().filter(|l| l.b == r.a).map(|l| (l.a, l.name.clone())).collect::<Vec<_>>();
    let expected = records.iter().flat_map(with).collect();
    same_on_all_engines(expected, |env| flows(env).and_then(|(l, r)| options_by_branch(l, r).collect()));
}
