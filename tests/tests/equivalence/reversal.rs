//! Joins with wrong hints plan to build the larger side. They reverse the roles at run time and
//! return the same pairs.

use std::collections::{HashMap, HashSet};

use dataflow::prelude::*;
use dataflow::{Env, Options, ProgressWhen};
use proptest::prelude::*;
use tests::{Folder, PARALLELISM, Random, same_records, within_two_minutes};

use crate::cases;

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    key: Option<u64>,
    id: u64,
}

/// The numbers of a pair's rows.
type Pair = (Option<u64>, Option<u64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Inner,
    Left,
    Right,
    Full,
    Semi,
    Anti,
}

const KINDS: [Kind; 6] = [Kind::Inner, Kind::Left, Kind::Right, Kind::Full, Kind::Semi, Kind::Anti];

/// More rows per task than a join collects before it compares both sides.
const LARGE: u64 = 45_000;

fn rows(count: u64, keys: u64, seed: u64) -> Vec<Row> {
    let mut random = Random(seed);
    (0..count).map(|id| Row { key: random.next().checked_rem(keys).filter(|key| key % 11 != 0), id }).collect()
}

#[dataflow]
fn inner(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Pair> {
    left.join(right).on(|l| l.key, |r| r.key).map(|l, r| (Some(l.id), Some(r.id)))
}

#[dataflow]
fn left_outer(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Pair> {
    left.left_join(right).on(|l| l.key, |r| r.key).map(|l, r| (Some(l.id), r.map(|r| r.id)))
}

#[dataflow]
fn right_outer(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Pair> {
    left.right_join(right).on(|l| l.key, |r| r.key).map(|l, r| (l.map(|l| l.id), Some(r.id)))
}

#[dataflow]
fn full_outer(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Pair> {
    left.full_join(right).on(|l| l.key, |r| r.key).map(|l, r| (l.map(|l| l.id), r.map(|r| r.id)))
}

#[dataflow]
fn semi(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Pair> {
    left.semi_join(right).on(|l| l.key, |r| r.key).map(|l| (Some(l.id), None::<u64>))
}

#[dataflow]
fn anti(left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Pair> {
    left.anti_join(right).on(|l| l.key, |r| r.key).map(|l| (Some(l.id), None::<u64>))
}

impl Kind {
    fn pipeline(self, left: DataSet<Row>, right: DataSet<Row>) -> DataSet<Pair> {
        match self {
            Kind::Inner => inner(left, right),
            Kind::Left => left_outer(left, right),
            Kind::Right => right_outer(left, right),
            Kind::Full => full_outer(left, right),
            Kind::Semi => semi(left, right),
            Kind::Anti => anti(left, right),
        }
    }

    fn expected(self, left: &[Row], right: &[Row]) -> Vec<Pair> {
        let mut by_key: HashMap<u64, Vec<u64>> = HashMap::new();
        right.iter().for_each(|row| row.key.into_iter().for_each(|key| by_key.entry(key).or_default().push(row.id)));
        let (mut pairs, mut met) = (Vec::new(), HashSet::new());
        for row in left {
            let partners = row.key.and_then(|key| by_key.get(&key).inspect(|_| _ = met.insert(key)));
            match (self, partners) {
                (Kind::Semi, Some(_)) | (Kind::Anti | Kind::Left | Kind::Full, None) => {
                    pairs.push((Some(row.id), None))
                }
                (Kind::Semi | Kind::Anti, _) | (_, None) => {}
                (_, Some(partners)) => pairs.extend(partners.iter().map(|&id| (Some(row.id), Some(id)))),
            }
        }
        if matches!(self, Kind::Right | Kind::Full) {
            let is_alone = |row: &&Row| row.key.is_none_or(|key| !met.contains(&key));
            pairs.extend(right.iter().filter(is_alone).map(|row| (None, Some(row.id))));
        }
        pairs
    }
}

/// The sum of a counter over all operators of a run, from the JSON of EXPLAIN.
fn counted(json: &str, name: &str) -> u64 {
    let name = format!("\"{name}\":");
    let pieces = json.split(&name).skip(1);
    pieces.map(|piece| piece.split([',', '}']).next().unwrap().trim().parse::<u64>().unwrap()).sum()
}

/// The hints of a join, and its environment.
struct Hinted {
    rows: [u64; 2],
    tasks: usize,
    memory_bytes: usize,
}

impl Hinted {
    fn pairs(&self, kind: Kind, sides: &[Vec<Row>; 2]) -> (Env, DataSet<Pair>) {
        let Hinted { rows, tasks: parallelism, memory_bytes } = *self;
        let env = Env::new(Options { parallelism, memory_bytes, progress: ProgressWhen::Never, ..Options::default() });
        let [left, right] = [0, 1].map(|side| env.collection(sides[side].clone()).unwrap().expect_rows(rows[side]));
        let pairs = kind.pipeline(left, right);
        (env, pairs)
    }

    /// Compares the pairs with plain loops.
    fn check(&self, kind: Kind, sides: &[Vec<Row>; 2]) {
        let (_env, pairs) = self.pairs(kind, sides);
        let what = format!("{kind:?} in {} tasks", self.tasks);
        same_records(&what, pairs.collect().unwrap(), kind.expected(&sides[0], &sides[1]));
    }

    /// The EXPLAIN text after a run, and the number of tasks that reversed the roles.
    fn explained(&self, kind: Kind, sides: &[Vec<Row>; 2]) -> (String, u64) {
        let (folder, (env, pairs)) = (Folder::default(), self.pairs(kind, sides));
        pairs.write_csv(folder.join("pairs.csv"));
        let report = env.run().unwrap();
        (report.explain().to_owned(), counted(report.explain_json(), "reversals"))
    }
}

#[test]
fn a_side_wrongly_hinted_to_be_small_is_not_built() {
    within_two_minutes("reversal", || {
        for (kind, tasks) in KINDS.into_iter().flat_map(|kind| [1, 2].map(|tasks| (kind, tasks))) {
            for large in [0, 1] {
                let (sizes, hinted) =
                    if large == 0 { ([LARGE, 300], [10, 1_000_000]) } else { ([300, LARGE], [1_000_000, 10]) };
                let sides = [0, 1].map(|side| rows(sizes[side], 2_000, 1 + side as u64));
                let hinted = Hinted { rows: hinted, tasks, memory_bytes: 1 << 30 };
                hinted.check(kind, &sides);
                // On a busy machine the build side can be complete before the probe side delivers a
                // row. Then it is built.
                let mut runs = (0..10).map(|_| hinted.explained(kind, &sides));
                let reverses = |(_, reversals): &(String, u64)| *reversals == tasks as u64;
                let (text, reversals) = runs.find(reverses).unwrap_or_else(|| hinted.explained(kind, &sides));
                let build = if large == 0 { "build left" } else { "build right" };
                assert!(text.contains(build), "{kind:?} in {tasks} tasks: {text}");
                assert!(
                    reversals == tasks as u64 && text.contains(" reversed "),
                    "{kind:?}, {reversals} of {tasks} tasks: {text}"
                );
            }
        }
    });
}

proptest! {
    #![proptest_config(cases(12))]

    /// Covers all hinted sizes, and joins that compare both sides, read only one, or have no memory
    /// to compare.
    #[test]
    fn hints_change_no_pair(
        kind in proptest::sample::select(&KINDS[..]),
        sizes in [proptest::sample::select(vec![0, 500, 20_000, LARGE]), proptest::sample::select(vec![0, 500, 20_000, LARGE])],
        hinted in [proptest::sample::select(vec![10, 1_000_000_000]), proptest::sample::select(vec![10, 1_000_000_000])],
        tasks in proptest::sample::select(PARALLELISM.to_vec()),
        memory_bytes in proptest::sample::select(vec![64 << 20, 1 << 30]),
        seed in any::<u64>(),
    ) {
        let sides = [0, 1].map(|side| rows(sizes[side], 16_000, seed / 2 + side as u64));
        Hinted { rows: hinted, tasks, memory_bytes }.check(kind, &sides);
    }
}
