//! Joins of every kind in less memory than either side takes, down to the plan's minimum memory:
//! the pairs stay the same.

use std::collections::{HashMap, HashSet};

use dataflow::joins::{Hint, Inner, LeftOuter, RightOuter, Semi};
use dataflow::prelude::*;
use dataflow::{Env, Options, ProgressWhen, Result};
use proptest::prelude::*;
use runtime::error::Error;
use tests::{PARALLELISM, within_two_minutes};

use crate::cases;

/// A record with as many bytes as its side specifies.
#[derive(Record, Clone, Debug)]
struct Fact {
    key: Option<u64>,
    id: u64,
    text: String,
}

/// The distribution of keys over the rows of a side.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Uniform,
    Zipf,
    /// Most rows have the same key.
    Hot,
    Sorted,
    Reversed,
    /// Keys that the other side does not have.
    Strange,
}

impl Shape {
    fn key(self, row: u64, rows: u64) -> Option<u64> {
        // An order that differs from the row order and is the same on each machine.
        let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let key = match self {
            Shape::Uniform => mixed % (rows / 2),
            Shape::Zipf => rows / (mixed % rows + 1),
            Shape::Hot => {
                if row.is_multiple_of(8) {
                    row
                } else {
                    3
                }
            }
            Shape::Sorted => row,
            Shape::Reversed => rows - row,
            Shape::Strange => row + (1 << 40),
        };
        (!mixed.is_multiple_of(13)).then_some(key)
    }
}

#[derive(Clone, Copy, Debug)]
struct SideOf {
    shape: Shape,
    rows: u64,
    text_bytes: usize,
}

impl SideOf {
    fn fact(self, row: u64) -> Fact {
        // A few records need pages of their own.
        let bytes = if row % 500 == 77 { 150_000 } else { self.text_bytes };
        Fact { key: self.shape.key(row, self.rows), id: row, text: "~".repeat(bytes) }
    }

    fn keys(self) -> impl Iterator<Item = (u64, Option<u64>)> {
        (0..self.rows).map(move |row| (row, self.shape.key(row, self.rows)))
    }

    /// The side's records. They are generated while they are read; only their numbers are stored.
    fn flow(self, env: &Env) -> Result<DataSet<Fact>> {
        Ok(env.collection(0..self.rows)?.process(move |row, out| out.emit(self.fact(row))))
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
    NullsEqual,
    Cross,
}

const KINDS: [Kind; 8] =
    [Kind::Inner, Kind::Left, Kind::Right, Kind::Full, Kind::Semi, Kind::Anti, Kind::NullsEqual, Kind::Cross];

/// One pair as a count and a checksum, which differs from that of most other pairs.
fn pair(left: Option<u64>, right: Option<u64>, text_bytes: usize) -> (u64, i64) {
    let word = |side: Option<u64>, factor: u64| side.map_or(factor, |id| (id + 1).wrapping_mul(factor));
    let mixed = word(left, 0x9e37_79b9_7f4a_7c15) ^ word(right, 0xd6e8_feb8_6659_fd93) ^ text_bytes as u64;
    (1, (mixed >> 33) as i64)
}

#[dataflow]
fn summed(pairs: DataSet<(u64, i64)>) -> DataSet<(u64, i64)> {
    pairs.aggregate(|g| (g.count(), g.sum(|p| p.1)))
}

#[derive(Clone, Copy, Debug)]
struct Case {
    kind: Kind,
    build_left: bool,
    sides: [SideOf; 2],
}

impl Case {
    fn expected(&self) -> (u64, i64) {
        let [left, right] = self.sides;
        let equal = matches!(self.kind, Kind::NullsEqual);
        let key = |key: Option<u64>| match self.kind {
            Kind::Cross => Some(0),
            _ => key.map(|key| key + 1).or(equal.then_some(0)),
        };
        let mut partners: HashMap<u64, Vec<u64>> = HashMap::new();
        for (id, of) in right.keys() {
            key(of).into_iter().for_each(|key| partners.entry(key).or_default().push(id));
        }
        let text = |side: SideOf, id: u64| side.fact(id).text.len();
        let left_texts: Vec<usize> = (0..left.rows).map(|id| text(left, id)).collect();
        let mut pairs: Vec<(u64, i64)> = Vec::new();
        let mut met = HashSet::new();
        for (id, of) in left.keys() {
            let found = key(of).and_then(|key| partners.get(&key));
            met.extend(key(of).filter(|_| found.is_some()));
            let bytes = left_texts[id as usize];
            match self.kind {
                Kind::Semi | Kind::Anti => {
                    pairs.extend((found.is_some() == (self.kind == Kind::Semi)).then(|| pair(Some(id), None, bytes)));
                }
                _ => {
                    pairs.extend(found.into_iter().flatten().map(|&right| pair(Some(id), Some(right), bytes)));
                    let is_kept = matches!(self.kind, Kind::Left | Kind::Full) && found.is_none();
                    pairs.extend(is_kept.then(|| pair(Some(id), None, bytes)));
                }
            }
        }
        if matches!(self.kind, Kind::Right | Kind::Full) {
            let alone = right.keys().filter(|&(_, of)| key(of).is_none_or(|key| !met.contains(&key)));
            pairs.extend(alone.map(|(id, _)| pair(None, Some(id), text(right, id))));
        }
        pairs.into_iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    }

    fn joined(&self, env: &Env) -> Result<DataSet<(u64, i64)>> {
        let (left, right) = (self.sides[0].flow(env)?, self.sides[1].flow(env)?);
        Ok(match (self.kind, self.build_left) {
            (Kind::Inner, true) => inner(left, right, BuildLeft),
            (Kind::Inner, false) => inner(left, right, Repartition),
            (Kind::Left, true) => left_outer(left, right, BuildLeft),
            (Kind::Left, false) => left_outer(left, right, BuildRight),
            (Kind::Right, true) => right_outer(left, right, BuildLeft),
            (Kind::Right, false) => right_outer(left, right, BuildRight),
            (Kind::Full, true) => full(left, right, true),
            (Kind::Full, false) => full(left, right, false),
            (Kind::Semi, true) => semi(left, right, BuildLeft),
            (Kind::Semi, false) => semi(left, right, BuildRight),
            (Kind::Anti, true) => anti(left, right, BuildLeft),
            (Kind::Anti, false) => anti(left, right, BuildRight),
            (Kind::NullsEqual, _) => nulls_equal(left, right),
            (Kind::Cross, true) => product_with_huge(left, right),
            (Kind::Cross, false) => product_with_tiny(left, right),
        })
    }

    fn run(&self, env: &Env) -> Result<(u64, i64)> {
        Ok(summed(self.joined(env)?).collect()?.first().copied().unwrap_or_default())
    }

    /// The plan's minimum memory in bytes, plus room for the row numbers of its inputs.
    fn least(&self, parallelism: usize) -> usize {
        let error = self.run(&env(parallelism, 1 << 20)).unwrap_err();
        match error.cause() {
            Error::TooLittleMemory { need, .. } => need + (256 << 10),
            other => panic!("{other}"),
        }
    }

    fn check(&self, parallelism: usize, memory_bytes: usize) {
        let (env, expected) = (env(parallelism, memory_bytes), self.expected());
        for _ in 0..2 {
            // The memory that was enough before is enough again, so all of it was released.
            let found = self.run(&env).unwrap_or_else(|error| panic!("{self:?} {parallelism} {memory_bytes}: {error}"));
            assert_eq!(found, expected, "{self:?}, parallelism {parallelism}, {memory_bytes} bytes");
        }
    }
}

fn env(parallelism: usize, memory_bytes: usize) -> Env {
    Env::new(Options { parallelism, memory_bytes, progress: ProgressWhen::Never, ..Options::default() })
}

fn inner<H: Hint<Inner>>(left: DataSet<Fact>, right: DataSet<Fact>, hint: H) -> DataSet<(u64, i64)> {
    let joined = left.join(right).hint(hint).on(|l| l.key, |r| r.key);
    joined.process(|l, r, out| out.emit(pair(Some(l.id), r.text.starts_with('~').then_some(r.id), l.text.len())))
}

#[dataflow]
fn nulls_equal(left: DataSet<Fact>, right: DataSet<Fact>) -> DataSet<(u64, i64)> {
    left.join(right).on_nulls_equal(|l| l.key, |r| r.key).map(|l, r| pair(Some(l.id), Some(r.id), l.text.len()))
}

fn left_outer<H: Hint<LeftOuter>>(left: DataSet<Fact>, right: DataSet<Fact>, hint: H) -> DataSet<(u64, i64)> {
    let joined = left.left_join(right).hint(hint).on(|l| l.key, |r| r.key);
    joined.process(|l, r, out| out.emit(pair(Some(l.id), r.map(|r| r.id), l.text.len())))
}

fn right_outer<H: Hint<RightOuter>>(left: DataSet<Fact>, right: DataSet<Fact>, hint: H) -> DataSet<(u64, i64)> {
    let joined = left.right_join(right).hint(hint).on(|l| l.key, |r| r.key);
    joined.process(|l, r, out| {
        let bytes = l.map_or(r.text.len(), |l| l.text.len());
        out.emit(pair(l.map(|l| l.id), Some(r.id), bytes));
    })
}

fn full(left: DataSet<Fact>, right: DataSet<Fact>, build_left: bool) -> DataSet<(u64, i64)> {
    let joined = left.full_join(right);
    let hinted = if build_left { joined.hint(RepartitionBuildLeft) } else { joined.hint(RepartitionBuildRight) };
    hinted.on(|l| l.key, |r| r.key).process(|l, r, out| {
        let bytes = l.map_or_else(|| r.map_or(0, |r| r.text.len()), |l| l.text.len());
        out.emit(pair(l.map(|l| l.id), r.map(|r| r.id), bytes));
    })
}

fn semi<H: Hint<Semi>>(left: DataSet<Fact>, right: DataSet<Fact>, hint: H) -> DataSet<(u64, i64)> {
    let kept = left.semi_join(right).hint(hint).on(|l| l.key, |r| r.key);
    kept.process(|l, out| out.emit(pair(Some(l.id), None, l.text.len())))
}

fn anti<H: Hint<Semi>>(left: DataSet<Fact>, right: DataSet<Fact>, hint: H) -> DataSet<(u64, i64)> {
    let kept = left.anti_join(right).hint(hint).on(|l| l.key, |r| r.key);
    kept.process(|l, out| out.emit(pair(Some(l.id), None, l.text.len())))
}

#[dataflow]
fn product_with_huge(left: DataSet<Fact>, right: DataSet<Fact>) -> DataSet<(u64, i64)> {
    left.cross_with_huge(right).map(|l, r| pair(Some(l.id), r.text.starts_with('~').then_some(r.id), l.text.len()))
}

#[dataflow]
fn product_with_tiny(left: DataSet<Fact>, right: DataSet<Fact>) -> DataSet<(u64, i64)> {
    left.cross_with_tiny(right).map(|l, r| pair(Some(l.id), r.text.starts_with('~').then_some(r.id), l.text.len()))
}

fn side() -> impl Strategy<Value = SideOf> {
    let shapes = vec![Shape::Uniform, Shape::Zipf, Shape::Hot, Shape::Sorted, Shape::Reversed, Shape::Strange];
    (prop::sample::select(shapes), 500..900u64, 6_000..9_000usize).prop_map(|(shape, rows, text_bytes)| SideOf {
        shape,
        rows,
        text_bytes,
    })
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn joins_larger_than_memory_match_the_reference(
        kind in prop::sample::select(KINDS.to_vec()),
        build_left: bool,
        left in side(),
        right in side(),
        parallelism in prop::sample::select(PARALLELISM.to_vec()),
        share in prop::sample::select(vec![1, 4, 16, 64]),
    ) {
        let case = Case { kind, build_left, sides: [left, right] };
        let bytes: usize = case.sides.iter().map(|side| side.rows as usize * side.text_bytes).sum();
        case.check(parallelism, (bytes / share).max(case.least(parallelism)));
    }
}

#[test]
fn every_join_runs_in_its_minimum_memory() {
    for (number, kind) in KINDS.into_iter().enumerate() {
        within_two_minutes("join", move || {
            for (build_left, shape) in [(true, Shape::Uniform), (false, Shape::Hot)] {
                let side = SideOf { shape, rows: 900, text_bytes: 9_000 };
                let case = Case { kind, build_left, sides: [side, SideOf { text_bytes: 8_000, ..side }] };
                let parallelism = PARALLELISM[number % 2];
                let least = case.least(parallelism);
                assert!(parallelism > 1 || least < 8 << 20, "{least}: the data would fit");
                case.check(parallelism, least);
            }
        });
    }
}
