//! Merge joins return the pairs of a hash join and of plain loops, in ample and in little memory.

use std::collections::HashMap;

use dataflow::joins::{FullOuter, Hint, Inner, LeftOuter, RightOuter, Semi};
use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{
    Folder, Item, PARALLELISM, Sale, Scarcity, Shape, local, same_on_all_engines, small_inputs, within_two_minutes,
};

use crate::cases;
use crate::join_hints::{Sides, pairs};

/// One pipeline for each kind. Keys are plain, nullable or computed.
mod merged {
    use super::*;

    #[dataflow]
    pub(super) fn inner(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.join(right).hint(SortMerge).on(|l| l.key, |r| r.key).map(|l, r| (Some(l.id), Some(r.id)))
    }

    #[dataflow]
    pub(super) fn left(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.left_join(right)
            .hint(SortMerge)
            .on(|l| (l.coupon, l.note), |r| (r.coupon, r.note))
            .map(|l, r| (Some(l.id), r.map(|r| r.id)))
    }

    #[dataflow]
    pub(super) fn right(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.right_join(right)
            .hint(SortMerge)
            .on(|l| l.key / 2, |r| r.key / 2)
            .map(|l, r| (l.map(|l| l.id), Some(r.id)))
    }

    #[dataflow]
    pub(super) fn full(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.full_join(right)
            .hint(SortMerge)
            .on(|l| l.coupon, |r| r.coupon)
            .map(|l, r| (l.map(|l| l.id), r.map(|r| r.id)))
    }

    #[dataflow]
    pub(super) fn nulls_equal(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<Sides> {
        left.full_join(right)
            .hint(SortMerge)
            .on_nulls_equal(|l| l.coupon, |r| r.coupon)
            .map(|l, r| (l.map(|l| l.id), r.map(|r| r.id)))
    }

    #[dataflow]
    pub(super) fn semi(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<u64> {
        left.semi_join(right).hint(SortMerge).on(|l| l.note, |r| r.note).map(|l| l.id)
    }

    #[dataflow]
    pub(super) fn anti(left: DataSet<Sale>, right: DataSet<Sale>) -> DataSet<u64> {
        left.anti_join(right).hint(SortMerge).on(|l| l.note, |r| r.note).map(|l| l.id)
    }
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn merge_join_returns_the_pairs_of_other_joins(input in small_inputs()) {
        let (left, right) = (input.sales(), input.other(50).sales());
        let flows = |env: &Env| Ok::<_, dataflow::Error>((env.collection(&left)?, env.collection(&right)?));
        let of = |joins: fn(&Sale, &Sale) -> bool, keeps| pairs(&left, &right, joins, keeps);
        let by_coupon = |l: &Sale, r: &Sale| l.coupon.is_some() && l.coupon == r.coupon;
        let by_both = |l: &Sale, r: &Sale| {
            l.coupon.is_some() && l.note.is_some() && (l.coupon, &l.note) == (r.coupon, &r.note)
        };
        same_on_all_engines(of(|l, r| l.key == r.key, [false; 2]), |env| flows(env).and_then(|(l, r)| merged::inner(l, r).collect()));
        same_on_all_engines(of(by_both, [true, false]), |env| flows(env).and_then(|(l, r)| merged::left(l, r).collect()));
        same_on_all_engines(of(|l, r| l.key / 2 == r.key / 2, [false, true]), |env| {
            flows(env).and_then(|(l, r)| merged::right(l, r).collect())
        });
        same_on_all_engines(of(by_coupon, [true; 2]), |env| flows(env).and_then(|(l, r)| merged::full(l, r).collect()));
        same_on_all_engines(of(|l, r| l.coupon == r.coupon, [true; 2]), |env| {
            flows(env).and_then(|(l, r)| merged::nulls_equal(l, r).collect())
        });
        let with = |wanted: bool| {
            let has = |l: &&Sale| right.iter().any(|r| l.note.is_some() && l.note == r.note) == wanted;
            left.iter().filter(has).map(|l| l.id).collect::<Vec<_>>()
        };
        same_on_all_engines(with(true), |env| flows(env).and_then(|(l, r)| merged::semi(l, r).collect()));
        same_on_all_engines(with(false), |env| flows(env).and_then(|(l, r)| merged::anti(l, r).collect()));
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Inner,
    Left,
    Right,
    Full,
    Semi,
    Anti,
}

const KINDS: [Kind; 6] = [Kind::Inner, Kind::Left, Kind::Right, Kind::Full, Kind::Semi, Kind::Anti];

/// For each key: the number of pairs or records, and a checksum of them.
type Sums = (u64, u64, i64);

/// A number that identifies a pair.
fn mark(left: Option<(i64, usize)>, right: Option<(i64, usize)>) -> i64 {
    let of = |side: Option<(i64, usize)>, factor: i64| side.map_or(factor, |(value, bytes)| value + bytes as i64);
    of(left, 7).wrapping_mul(31).wrapping_add(of(right, 11)) % 1_000_003
}

/// Left rows with a text that is stored in the row, and right rows with their texts.
fn sums<H>(kind: Kind, left: &DataSet<Item>, right: &DataSet<Item>, hint: H) -> DataSet<Sums>
where
    H: Hint<Inner> + Hint<LeftOuter> + Hint<RightOuter> + Hint<FullOuter> + Hint<Semi>,
{
    let (left, right) = (left.clone(), right.clone());
    let marked = match kind {
        Kind::Inner => left.join(right).hint(hint).on(|l| l.key, |r| r.key).process(|l, r, out| {
            out.emit((l.key, mark(Some((l.value, l.text.len())), Some((r.value, r.text.len())))));
        }),
        Kind::Left => left.left_join(right).hint(hint).on(|l| l.key, |r| r.key).process(|l, r, out| {
            out.emit((l.key, mark(Some((l.value, l.text.len())), r.map(|r| (r.value, r.text.len())))));
        }),
        Kind::Right => left.right_join(right).hint(hint).on(|l| l.key, |r| r.key).process(|l, r, out| {
            out.emit((r.key, mark(l.map(|l| (l.value, l.text.len())), Some((r.value, r.text.len())))));
        }),
        Kind::Full => left.full_join(right).hint(hint).on(|l| l.key, |r| r.key).process(|l, r, out| {
            let key = l.map_or_else(|| r.map_or(0, |r| r.key), |l| l.key);
            out.emit((key, mark(l.map(|l| (l.value, l.text.len())), r.map(|r| (r.value, r.text.len())))));
        }),
        Kind::Semi => left.semi_join(right).hint(hint).on(|l| l.key, |r| r.key).process(|l, out| {
            out.emit((l.key, mark(Some((l.value, l.text.len())), None)));
        }),
        Kind::Anti => left.anti_join(right).hint(hint).on(|l| l.key, |r| r.key).process(|l, out| {
            out.emit((l.key, mark(Some((l.value, l.text.len())), None)));
        }),
    };
    summed(marked)
}

#[dataflow]
fn summed(marked: DataSet<(u64, i64)>) -> DataSet<Sums> {
    marked.group_by(|m| m.0).aggregate(|g| (g.key, g.count(), g.sum(|m| m.1))).sort(|s| s.0)
}

/// The same sums, by plain loops.
fn expected(kind: Kind, left: &[Item], right: &[Item]) -> Vec<Sums> {
    let by_key = |items: &'_ [Item]| {
        let mut by_key: HashMap<u64, Vec<(i64, usize)>> = HashMap::new();
        items.iter().for_each(|item| by_key.entry(item.key).or_default().push((item.value, item.text.len())));
        by_key
    };
    let (left, right) = (by_key(left), by_key(right));
    let (nobody, mut sums) = (Vec::new(), HashMap::<u64, (u64, i64)>::new());
    let keys: std::collections::BTreeSet<u64> = left.keys().chain(right.keys()).copied().collect();
    for key in &keys {
        let (l, r) = (left.get(key).unwrap_or(&nobody), right.get(key).unwrap_or(&nobody));
        let mut add = |mark: i64| {
            let sum = sums.entry(*key).or_default();
            *sum = (sum.0 + 1, sum.1 + mark);
        };
        match kind {
            Kind::Semi | Kind::Anti if r.is_empty() == (kind == Kind::Anti) => {
                l.iter().for_each(|&l| add(mark(Some(l), None)));
            }
            Kind::Semi | Kind::Anti => {}
            _ => {
                l.iter().for_each(|&l| r.iter().for_each(|&r| add(mark(Some(l), Some(r)))));
                if r.is_empty() && matches!(kind, Kind::Left | Kind::Full) {
                    l.iter().for_each(|&l| add(mark(Some(l), None)));
                }
                if l.is_empty() && matches!(kind, Kind::Right | Kind::Full) {
                    r.iter().for_each(|&r| add(mark(None, Some(r))));
                }
            }
        }
    }
    let mut sums: Vec<Sums> = sums.into_iter().map(|(key, (count, sum))| (key, count, sum)).collect();
    sums.sort_unstable();
    sums
}

fn check(kind: Kind, shapes: [Shape; 2], rows: u64, parallelism: usize, scarcity: Scarcity) {
    // Few rows are enough for a large product if all records have the same key.
    let pairs = !matches!(kind, Kind::Semi | Kind::Anti);
    let rows = shapes.map(|shape| if pairs && shape == Shape::OneHot { rows.min(1_500) } else { rows });
    let sides = [shapes[0].items(rows[0], 5), shapes[1].items(rows[1] * 5 / 6, 6)];
    let (found, _) = scarcity.run(&sides, parallelism, |flows| sums(kind, &flows[0], &flows[1], SortMerge));
    let expected = expected(kind, &sides[0], &sides[1]);
    tests::same_sequence(&format!("{kind:?} {shapes:?} {parallelism} {scarcity:?}"), &found, &expected);
}

proptest! {
    #![proptest_config(cases(6))]

    #[test]
    fn memory_changes_no_pair(
        kind in prop::sample::select(KINDS.to_vec()),
        left in prop::sample::select(Shape::ALL.to_vec()),
        right in prop::sample::select(Shape::ALL.to_vec()),
        rows in 3_000..20_000u64,
        parallelism in prop::sample::select(PARALLELISM.to_vec()),
        scarcity in prop::sample::select(Scarcity::ALL.to_vec()),
    ) {
        check(kind, [left, right], rows, parallelism, scarcity);
    }
}

#[test]
fn minimum_memory_is_enough_for_every_kind() {
    for (number, kind) in KINDS.into_iter().enumerate() {
        within_two_minutes("merge join", move || {
            // A single key exceeds the memory in the kinds that form no product.
            let shape = [Shape::Distinct, Shape::Uniform, Shape::OneHot][number % 3];
            let shape = if matches!(kind, Kind::Semi | Kind::Anti) { Shape::OneHot } else { shape };
            check(kind, [shape, shape], 60_000, PARALLELISM[number % 2], Scarcity::Minimum);
        });
    }
}

#[test]
fn explain_shows_the_merge_and_the_spilled_bytes() {
    let folder = Folder::default();
    let plan = |kind: Kind| {
        let env = local(2);
        let flow = || env.collection([Item { key: 1, value: 2, text: String::new() }]).unwrap();
        sums(kind, &flow(), &flow(), SortMerge).write_native(folder.join("never.rows"));
        env.explain().unwrap()
    };
    let names =
        ["merge join", "merge left join", "merge right join", "merge full join", "merge semi join", "merge anti join"];
    for (kind, name) in KINDS.into_iter().zip(names) {
        let text = plan(kind);
        assert!(text.contains(&format!("{name}, external sort of both, by hint")), "{text}");
    }
    let sides = [Shape::Distinct.items(60_000, 1), Shape::Distinct.items(60_000, 2)];
    let (_, report) = Scarcity::Minimum.run(&sides, 2, |flows| sums(Kind::Inner, &flows[0], &flows[1], SortMerge));
    assert!(report.spilled_bytes() > 1 << 20, "{}", report.spilled_bytes());
}
