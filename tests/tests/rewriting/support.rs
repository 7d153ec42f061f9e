//! The building blocks of the programs, and the reference: the same text over vectors.

use std::cell::Cell;
use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
pub(crate) use std::sync::atomic::Ordering::Relaxed;

use dataflow::accumulators::Count;
use dataflow::prelude::*;
use dataflow::{Accumulated, Engine, Options, ProgressWhen};

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    pub(crate) id: u64,
    pub(crate) a: u64,
    pub(crate) b: u64,
}

pub(crate) const FACTOR: u64 = 11;

pub(crate) fn scaled(n: u64) -> u64 {
    n % 13
}

pub(crate) struct Unit;

impl Unit {
    pub(crate) const OF: u64 = 17;
}

pub(crate) mod beside {
    pub(crate) const FACTOR: u64 = 4;

    pub(crate) fn scaled(n: u64) -> u64 {
        n % 3 + 1
    }
}

/// Greater than any field, and smaller than values close to the limit.
pub(crate) const TOP: u64 = u64::MAX - 30;

/// A hand-written value with its record's field names and other contents.
pub(crate) struct Swapped {
    pub(crate) id: u64,
    pub(crate) a: u64,
    pub(crate) b: u64,
}

impl Swapped {
    pub(crate) fn item(&self) -> Item {
        Item { id: self.a, a: self.b, b: self.id }
    }
}

impl Value for Swapped {
    type Record = Item;

    fn twin(&self) -> <Item as Record>::At<'_> {
        self.item()
    }
}

pub(crate) fn swapped(item: Item) -> Swapped {
    Swapped { id: item.id, a: item.a, b: item.b }
}

/// A value that the program over vectors accepts as a record.
pub(crate) trait Made {
    fn made(self) -> Item;
}

impl Made for Item {
    fn made(self) -> Item {
        self
    }
}

impl Made for Swapped {
    fn made(self) -> Item {
        self.item()
    }
}

/// Has a user-defined comparison.
#[derive(Clone, Copy)]
pub(crate) struct Near(pub(crate) u64);

impl PartialOrd<Near> for u64 {
    fn partial_cmp(&self, other: &Near) -> Option<Ordering> {
        (*self % 10).partial_cmp(&(other.0 % 10 + 5))
    }
}

/// Panics when it is compared with 13.
#[derive(Clone, Copy)]
pub(crate) struct Brittle(pub(crate) u64);

impl PartialEq<Brittle> for u64 {
    fn eq(&self, other: &Brittle) -> bool {
        assert!(*self != 13, "shown what another filter drops");
        *self == other.0
    }
}

impl PartialOrd<Brittle> for u64 {
    fn partial_cmp(&self, other: &Brittle) -> Option<Ordering> {
        assert!(*self != 13, "shown what another filter drops");
        self.partial_cmp(&other.0)
    }
}

impl PartialEq<Near> for u64 {
    fn eq(&self, other: &Near) -> bool {
        self.abs_diff(other.0) < 15
    }
}

macro_rules! stepped {
    ($n:expr) => {
        $n % 6
    };
}

macro_rules! bind {
    ($name:ident, $value:expr) => {
        let $name = $value;
    };
}

macro_rules! define {
    ($name:ident, $value:expr) => {
        const $name: u64 = $value;
    };
}

macro_rules! factor_of {
    ($n:expr) => {
        $n + 1
    };
}

macro_rules! tally {
    ($seen:ident) => {
        $seen.add(1)
    };
}

/// One program: as an optimized pipeline, as a pipeline as written, and over vectors.

macro_rules! program {
    ($name:ident, $items:ident, $others:ident, $seen:ident, $ticks:ident, $factor:ident, $limit:ident, $body:block) => {
        pub(crate) fn $name() {
            #[dataflow]
            fn moved(
                $items: DataSet<Item>,
                $others: DataSet<Item>,
                $seen: Accumulated<Count>,
                $ticks: Ticks,
                $factor: u64,
                $limit: u64,
            ) -> DataSet<Item> $body

            #[dataflow(as_written)]
            fn as_written(
                $items: DataSet<Item>,
                $others: DataSet<Item>,
                $seen: Accumulated<Count>,
                $ticks: Ticks,
                $factor: u64,
                $limit: u64,
            ) -> DataSet<Item> $body

            fn plain($items: Plain, $others: Plain, $seen: Tally, $ticks: Ticks, $factor: u64, $limit: u64) -> Plain $body

            holds(stringify!($name), [moved, as_written], plain, stringify!($body).contains("TOP"));
        }
    };
}

/// A counter that is unknown to the engine.
pub(crate) type Ticks = Arc<AtomicU64>;

pub(crate) type Pipeline = fn(DataSet<Item>, DataSet<Item>, Accumulated<Count>, Ticks, u64, u64) -> DataSet<Item>;

/// Runs a program in all ways, and compares its records and counts. A program with results beyond
/// [`TOP`] may overflow there: over vectors it wraps.
pub(crate) fn holds(
    name: &str,
    pipelines: [Pipeline; 2],
    plain: fn(Plain, Plain, Tally, Ticks, u64, u64) -> Plain,
    may_overflow: bool,
) {
    let (items, others) = (records(48, 5), records(16, 9));
    let (tally, ticks) = (Tally::default(), Ticks::default());
    let mut expected = plain(Plain(items.clone()), Plain(others.clone()), tally.clone(), ticks.clone(), 20, 9).0;
    expected.sort_unstable();
    let mut overflowing = None;
    let overflows = may_overflow && expected.iter().any(|item| item.a < TOP - 5);
    for (which, pipeline) in ["moved", "as written"].into_iter().zip(pipelines) {
        for engine in [Engine::Embedded, Engine::Local] {
            let options =
                Options { parallelism: 2, memory_bytes: 1 << 30, progress: ProgressWhen::Never, ..Options::default() };
            let env = Env::new(Options { engine, ..options });
            let (seen, seen_ticks) = (env.counter("seen"), Ticks::default());
            let flow = |records: &[Item]| env.collection(records).unwrap();
            let rows = pipeline(flow(&items), flow(&others), seen.clone(), seen_ticks.clone(), 20, 9).collect();
            if overflows {
                let error = rows.map(|_| ()).expect_err(name).to_string();
                let what =
                    error.split_once("overflow: `").and_then(|(_, what)| Some(what.split_once('`')?.0.to_owned()));
                assert!(what.is_some(), "error of {name}, {which}, {engine:?}: {error}");
                assert!(overflowing.is_none() || overflowing == what, "error of {name}, {which}, {engine:?}: {error}");
                overflowing = what;
                continue;
            }
            let mut rows = rows.unwrap_or_else(|error| panic!("{name}, {which}, {engine:?}: {error}"));
            rows.sort_unstable();
            assert_eq!(rows, expected, "records of {name}, {which}, {engine:?}");
            assert_eq!(seen.value().unwrap(), tally.0.get(), "counts of {name}, {which}, {engine:?}");
            assert_eq!(seen_ticks.load(Relaxed), ticks.load(Relaxed), "ticks of {name}, {which}, {engine:?}");
        }
    }
}

fn records(count: u64, step: u64) -> Vec<Item> {
    (0..count).map(|n| Item { id: n * step % 24, a: n * 7 % 45, b: n * step * 3 % 38 }).collect()
}

/// An accumulator for the program over vectors.
#[derive(Clone, Default)]
pub(crate) struct Tally(Rc<Cell<u64>>);

impl Tally {
    pub(crate) fn add(&self, count: u64) {
        self.0.set(self.0.get() + count);
    }
}

/// A flow as a vector.
pub(crate) struct Plain(Vec<Item>);

impl Plain {
    pub(crate) fn map<M: Made>(self, make: impl Fn(Item) -> M) -> Plain {
        Plain(self.0.into_iter().map(|item| make(item).made()).collect())
    }

    pub(crate) fn filter(self, keep: impl Fn(Item) -> bool) -> Plain {
        Plain(self.0.into_iter().filter(|item| keep(*item)).collect())
    }

    pub(crate) fn filter_map(self, make: impl Fn(Item) -> Option<Item>) -> Plain {
        Plain(self.0.into_iter().filter_map(make).collect())
    }

    pub(crate) fn flat_map(self, make: impl Fn(Item) -> [Item; 2]) -> Plain {
        Plain(self.0.into_iter().flat_map(make).collect())
    }

    pub(crate) fn join(self, other: Plain) -> Sides {
        Sides { left: self, right: other, is_semi: false }
    }

    pub(crate) fn semi_join(self, other: Plain) -> SemiSides {
        SemiSides(Sides { left: self, right: other, is_semi: true })
    }
}

pub(crate) struct Sides {
    left: Plain,
    right: Plain,
    is_semi: bool,
}

impl Sides {
    pub(crate) fn on(self, left: impl Fn(Item) -> u64, right: impl Fn(Item) -> u64) -> Pairs {
        let partners =
            |l: Item| self.right.0.iter().filter(|r| right(**r) == left(l)).map(|r| (l, *r)).collect::<Vec<_>>();
        let most = if self.is_semi { 1 } else { usize::MAX };
        Pairs(self.left.0.iter().flat_map(|l| partners(*l).into_iter().take(most)).collect())
    }
}

pub(crate) struct SemiSides(Sides);

impl SemiSides {
    pub(crate) fn on(self, left: impl Fn(Item) -> u64, right: impl Fn(Item) -> u64) -> Plain {
        self.0.on(left, right).map(|l, _| l)
    }
}

pub(crate) struct Pairs(Vec<(Item, Item)>);

impl Pairs {
    pub(crate) fn filter(self, keep: impl Fn(Item, Item) -> bool) -> Pairs {
        Pairs(self.0.into_iter().filter(|(l, r)| keep(*l, *r)).collect())
    }

    pub(crate) fn map<M: Made>(self, make: impl Fn(Item, Item) -> M) -> Plain {
        Plain(self.0.into_iter().map(|(l, r)| make(l, r).made()).collect())
    }
}
