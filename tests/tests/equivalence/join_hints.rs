//! Null-safe joins, and joins with hints: the strategy does not change the records.

use dataflow::joins::{Hint, Inner, LeftOuter, RightOuter, Semi};
use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Folder, Sale, local, same_on_all_engines, small_inputs};

use crate::cases;

/// The `id`s of a pair's sides.
pub(crate) type Sides = (Option<u64>, Option<u64>);

type Key = (Option<String>, Option<i32>);

fn key(sale: &Sale) -> Key {
    (sale.note.clone().map(|note| note.chars().take(1).collect()), sale.coupon.map(|coupon| coupon / 4))
}

/// Reference join: pairs of matching sales, and unmatched records of the sides that are kept.
pub(crate) fn pairs(
    left: &[Sale],
    right: &[Sale],
    joins: impl Fn(&Sale, &Sale) -> bool,
    keeps: [bool; 2],
) -> Vec<Sides> {
    let mut pairs = Vec::new();
    for l in left {
        let partners: Vec<&Sale> = right.iter().filter(|r| joins(l, r)).collect();
        pairs.extend(partners.iter().map(|r| (Some(l.id), Some(r.id))));
        pairs.extend((partners.is_empty() && keeps[0]).then_some((Some(l.id), None)));
    }
    let alone = |r: &&Sale| keeps[1] && !left.iter().any(|l| joins(l, r));
    pairs.extend(right.iter().filter(alone).map(|r| (None, Some(r.id))));
    pairs
}

/// One pipeline for each kind of null-safe join.
mod nulls_equal {
    use super::*;

    #[dataflow]
    pub(super) fn inner(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.join(right)
            .on_nulls_equal(
                |l| (l.note.map(|n| n.chars().take(1).collect::<String>()), l.coupon.map(|c| c / 4)),
                |r| (r.note.map(|n| n.chars().take(1).collect::<String>()), r.coupon.map(|c| c / 4)),
            )
            .map(|l, r| (Some(l.id), Some(r.id)))
    }

    #[dataflow]
    pub(super) fn left(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.left_join(right)
            .on_nulls_equal(|l| (l.coupon, l.note), |r| (r.coupon, r.note))
            .map(|l, r| (Some(l.id), r.map(|r| r.id)))
    }

    #[dataflow]
    pub(super) fn right(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.right_join(right).on_nulls_equal(|l| l.note, |r| r.note).map(|l, r| (l.map(|l| l.id), Some(r.id)))
    }

    #[dataflow]
    pub(super) fn full(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.full_join(right).on_nulls_equal(|l| l.coupon, |r| r.coupon).map(|l, r| (l.map(|l| l.id), r.map(|r| r.id)))
    }

    #[dataflow]
    pub(super) fn semi(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<u64> {
        left.semi_join(right).on_nulls_equal(|l| (l.coupon, l.note), |r| (r.coupon, r.note)).map(|l| l.id)
    }

    #[dataflow]
    pub(super) fn anti(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<u64> {
        left.anti_join(right).on_nulls_equal(|l| l.coupon, |r| r.coupon).map(|l| l.id)
    }
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn null_safe_joins_treat_nulls_as_equal(input in small_inputs()) {
        let (left, right) = (input.sales(), input.other(40).sales());
        let flows = |env: &Env| Ok::<_, dataflow::Error>((env.collection(&left)?, env.collection(&right)?));
        let of = |joins: fn(&Sale, &Sale) -> bool, keeps| pairs(&left, &right, joins, keeps);
        let by_both = |l: &Sale, r: &Sale| (l.coupon, &l.note) == (r.coupon, &r.note);
        let by_note = |l: &Sale, r: &Sale| l.note == r.note;
        let by_coupon = |l: &Sale, r: &Sale| l.coupon == r.coupon;
        let expected = of(|l, r| key(l) == key(r), [false, false]);
        same_on_all_engines(expected, |env| flows(env).and_then(|(l, r)| nulls_equal::inner(l, r).collect()));
        same_on_all_engines(of(by_both, [true, false]), |env| flows(env).and_then(|(l, r)| nulls_equal::left(l, r).collect()));
        same_on_all_engines(of(by_note, [false, true]), |env| flows(env).and_then(|(l, r)| nulls_equal::right(l, r).collect()));
        same_on_all_engines(of(by_coupon, [true, true]), |env| flows(env).and_then(|(l, r)| nulls_equal::full(l, r).collect()));
        let with = |joins: fn(&Sale, &Sale) -> bool, wanted: bool| {
            left.iter().filter(|l| right.iter().any(|r| joins(l, r)) == wanted).map(|l| l.id).collect::<Vec<_>>()
        };
        same_on_all_engines(with(by_both, true), |env| flows(env).and_then(|(l, r)| nulls_equal::semi(l, r).collect()));
        same_on_all_engines(with(by_coupon, false), |env| flows(env).and_then(|(l, r)| nulls_equal::anti(l, r).collect()));
    }
}

/// A broadcast build side has to fit in memory. If it does not, each task has a table of its own.
/// More of these tables go to disk, and more often, than of a partitioned table.
#[test]
fn broadcast_is_not_chosen_in_little_memory() {
    let facts: Vec<(u64, u64)> = (0..400_000).map(|n| (n % 100_000, n)).collect();
    let dimension: Vec<(u64, u64)> = (0..100_000).map(|n| (n, n)).collect();
    let (folder, ample) = (Folder::default(), local(2));
    let files = [folder.join("facts.rows"), folder.join("dimension.rows")];
    ample.collection(&facts).unwrap().write_native(&files[0]);
    ample.collection(&dimension).unwrap().write_native(&files[1]);
    ample.run().unwrap();
    for (memory_bytes, ship) in [(512 << 20, "broadcast"), (4 << 20, "hash"), (512 << 10, "hash")] {
        let env = tests::with_memory(2, memory_bytes);
        let [facts, dimension] = files.each_ref().map(|file| env.read_native::<(u64, u64)>(file).unwrap());
        facts.join(dimension).on(|f| f.0, |d| d.0).process(|f, d, out| out.emit((f.1, d.1))).print();
        let plan = env.explain().unwrap();
        assert!(plan.contains(&format!("{ship}: ")), "{memory_bytes}: {plan}");
        assert!(
            ["broadcast", "hash"].iter().all(|other| *other == ship || !plan.contains(&format!("{other}: "))),
            "{plan}"
        );
    }
}

/// The flows of a test.
struct Flows<'s> {
    left: &'s [Sale],
    right: &'s [Sale],
}

impl Flows<'_> {
    fn of(&self, env: &Env) -> (DataSet<Sale>, DataSet<Sale>) {
        (env.collection(self.left).unwrap(), env.collection(self.right).unwrap())
    }

    fn inner<H: Hint<Inner> + Copy>(&self, hint: H) {
        let expected = pairs(self.left, self.right, |l, r| l.key == r.key, [false, false]);
        same_on_all_engines(expected, |env| {
            let (left, right) = self.of(env);
            let joined = left.join(right).hint(hint).on(|l| l.key, |r| r.key);
            joined.process(|l, r, out| out.emit((Some(l.id), Some(r.id)))).collect()
        });
    }

    fn left_outer<H: Hint<LeftOuter> + Copy>(&self, hint: H) {
        let expected = pairs(self.left, self.right, |l, r| l.key == r.key, [true, false]);
        same_on_all_engines(expected, |env| {
            let (left, right) = self.of(env);
            let joined = left.left_join(right).hint(hint).on(|l| l.key, |r| r.key);
            joined.process(|l, r, out| out.emit((Some(l.id), r.map(|r| r.id)))).collect()
        });
    }

    fn right_outer<H: Hint<RightOuter> + Copy>(&self, hint: H) {
        let expected = pairs(self.left, self.right, |l, r| l.key == r.key, [false, true]);
        same_on_all_engines(expected, |env| {
            let (left, right) = self.of(env);
            let joined = left.right_join(right).hint(hint).on(|l| l.key, |r| r.key);
            joined.process(|l, r, out| out.emit((l.map(|l| l.id), Some(r.id)))).collect()
        });
    }

    fn semi_and_anti<H: Hint<Semi> + Copy>(&self, hint: H) {
        let with = |wanted: bool| {
            let kept = self.left.iter().filter(move |l| self.right.iter().any(|r| r.key == l.key) == wanted);
            kept.cloned().collect::<Vec<_>>()
        };
        same_on_all_engines(with(true), |env| {
            let (left, right) = self.of(env);
            left.semi_join(right).hint(hint).on(|l| l.key, |r| r.key).collect()
        });
        same_on_all_engines(with(false), |env| {
            let (left, right) = self.of(env);
            left.anti_join(right).hint(hint).on(|l| l.key, |r| r.key).collect()
        });
    }
}

#[dataflow]
fn full(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
    left.full_join(right)
        .hint(RepartitionBuildRight)
        .on(|l| l.key, |r| r.key)
        .map(|l, r| (l.map(|l| l.id), r.map(|r| r.id)))
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn hints_change_no_record(input in small_inputs()) {
        let (left, right) = (input.sales(), input.other(60).sales());
        let flows = Flows { left: &left, right: &right };
        flows.inner(BuildLeft);
        flows.inner(BuildRight);
        flows.inner(BroadcastLeft);
        flows.inner(BroadcastRight);
        flows.inner(Repartition);
        flows.left_outer(BuildLeft);
        flows.left_outer(BroadcastRight);
        flows.left_outer(RepartitionBuildRight);
        flows.right_outer(BroadcastLeft);
        flows.right_outer(RepartitionBuildLeft);
        flows.semi_and_anti(BuildLeft);
        flows.semi_and_anti(BroadcastRight);
        flows.semi_and_anti(Repartition);
        let expected = pairs(&left, &right, |l, r| l.key == r.key, [true, true]);
        same_on_all_engines(expected, |env| full(env.collection(&left)?, env.collection(&right)?).collect());
    }
}

#[dataflow]
fn product(left: DataSet<u64>, right: DataSet<u64>) -> DataSet<u64> {
    left.cross_with_tiny(right).map(|l, r| l * 10 + r)
}

#[dataflow]
fn product_the_other_way(left: DataSet<u64>, right: DataSet<u64>) -> DataSet<u64> {
    left.cross_with_huge(right).map(|l, r| l * 10 + r)
}

#[dataflow]
fn expected(left: DataSet<u64>, right: DataSet<u64>, rows: u64) -> DataSet<u64> {
    left.filter(|l| l > 0).expect_rows(rows).join(right).on(|l| l, |r| r).map(|l, _| l)
}

#[dataflow]
fn expected_share(left: DataSet<u64>, right: DataSet<u64>, share: f64) -> DataSet<u64> {
    let kept = left.filter(|l| l > 0 && l < 1_000_000).expect_selectivity(share);
    kept.join(right).on(|l| l, |r| r).map(|l, _| l)
}

#[test]
fn cross_join_has_all_pairs_for_either_kept_side() {
    let pairs = vec![10, 11, 20, 21, 30, 31];
    same_on_all_engines(pairs.clone(), |env| {
        product(env.collection([1u64, 2, 3])?, env.collection([0u64, 1])?).collect()
    });
    same_on_all_engines(pairs, |env| {
        product_the_other_way(env.collection([1u64, 2, 3])?, env.collection([0u64, 1])?).collect()
    });
}

/// The EXPLAIN text of a pipeline over a large flow and a small one.
fn plan<T: Record>(pipeline: impl Fn(DataSet<u64>, DataSet<u64>) -> DataSet<T>) -> String {
    let env = local(4);
    let flows = (env.collection(0..5_000u64).unwrap(), env.collection(0..10u64).unwrap());
    pipeline(flows.0, flows.1).write_csv("never.csv");
    env.explain().unwrap()
}

#[test]
fn explain_shows_strategies_chosen_by_hint() {
    let joined =
        |large: DataSet<u64>, small: DataSet<u64>| large.join(small).on(|l| l, |r| r).process(|l, _, out| out.emit(l));
    let text = plan(joined);
    assert!(text.contains("hash join, build right ") && !text.contains("by hint"), "{text}");
    let text = plan(|large, small| large.join(small).hint(BuildLeft).on(|l| l, |r| r).process(|l, _, out| out.emit(l)));
    assert!(text.contains("hash join, build left, by hint"), "{text}");
    let text =
        plan(|large, small| large.join(small).hint(Repartition).on(|l| l, |r| r).process(|l, _, out| out.emit(l)));
    assert!(text.contains(", by hint") && text.matches("hash: ").count() == 2, "{text}");
    let text =
        plan(|large, small| large.join(small).hint(BroadcastLeft).on(|l| l, |r| r).process(|l, _, out| out.emit(l)));
    assert!(text.contains("build left, by hint") && text.contains("broadcast: "), "{text}");
    let text = plan(|large, small| large.semi_join(small).hint(BuildLeft).on(|l| l, |r| r));
    assert!(text.contains("hash semi join, build left, by hint"), "{text}");
    let text = plan(product_the_other_way);
    assert!(text.contains("cross, build left, by hint"), "{text}");
    let text = plan(|large, small| large.join(small).on_nulls_equal(|l| l, |r| r).process(|l, _, out| out.emit(l)));
    assert!(text.contains("nulls equal"), "{text}");
}

#[test]
fn expected_sizes_decide_the_build_side() {
    same_on_all_engines(vec![1, 2], |env| {
        expected(env.collection(0..3u64)?, env.collection(0..3u64)?, 1_000_000).collect()
    });
    let text = plan(|large, small| expected(large, small, 1));
    assert!(text.contains("expect_rows 1 ") && text.contains("build left"), "{text}");
    let text = plan(|large, small| expected(large, small, 1_000_000));
    assert!(text.contains("build right"), "{text}");
    same_on_all_engines(vec![1, 2], |env| {
        expected_share(env.collection(0..3u64)?, env.collection(0..3u64)?, 0.5).collect()
    });
    let text = plan(|large, small| expected_share(large, small, 0.000_1));
    assert!(text.contains("of which 0.0001 stay, by hint") && text.contains("build left"), "{text}");
}
