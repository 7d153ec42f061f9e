//! What the programs consist of, and what they are held against: the same text over vectors.

use std::cell::Cell;
use std::rc::Rc;

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

/// Compared by the program's own code.
#[derive(Clone, Copy)]
pub(crate) struct Near(pub(crate) u64);

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

macro_rules! tally {
    ($seen:ident) => {
        $seen.add(1)
    };
}

/// One program: as a pipeline, as a pipeline as it is written, and over vectors.

macro_rules! program {
    ($name:ident, $items:ident, $others:ident, $seen:ident, $factor:ident, $limit:ident, $body:block) => {
        pub(crate) fn $name() {
            #[dataflow]
            fn moved(
                $items: DataSet<Item>,
                $others: DataSet<Item>,
                $seen: Accumulated<Count>,
                $factor: u64,
                $limit: u64,
            ) -> DataSet<Item> $body

            #[dataflow(as_written)]
            fn as_written(
                $items: DataSet<Item>,
                $others: DataSet<Item>,
                $seen: Accumulated<Count>,
                $factor: u64,
                $limit: u64,
            ) -> DataSet<Item> $body

            fn plain($items: Plain, $others: Plain, $seen: Tally, $factor: u64, $limit: u64) -> Plain $body

            holds(stringify!($name), [moved, as_written], plain);
        }
    };
}

pub(crate) type Pipeline = fn(DataSet<Item>, DataSet<Item>, Accumulated<Count>, u64, u64) -> DataSet<Item>;

/// Runs a program in all ways, and compares its records and what it counts.
pub(crate) fn holds(name: &str, pipelines: [Pipeline; 2], plain: fn(Plain, Plain, Tally, u64, u64) -> Plain) {
    let (items, others) = (records(48, 5), records(16, 9));
    let tally = Tally::default();
    let mut expected = plain(Plain(items.clone()), Plain(others.clone()), tally.clone(), 20, 9).0;
    expected.sort_unstable();
    for (which, pipeline) in ["moved", "as written"].into_iter().zip(pipelines) {
        for engine in [Engine::Embedded, Engine::Local] {
            let options =
                Options { parallelism: 2, memory_bytes: 1 << 30, progress: ProgressWhen::Never, ..Options::default() };
            let env = Env::new(Options { engine, ..options });
            let seen = env.counter("seen");
            let flow = |records: &[Item]| env.collection(records).unwrap();
            let mut rows = pipeline(flow(&items), flow(&others), seen.clone(), 20, 9).collect().unwrap();
            rows.sort_unstable();
            assert_eq!(rows, expected, "records of {name}, {which}, {engine:?}");
            assert_eq!(seen.value().unwrap(), tally.0.get(), "counts of {name}, {which}, {engine:?}");
        }
    }
}

fn records(count: u64, step: u64) -> Vec<Item> {
    (0..count).map(|n| Item { id: n * step % 24, a: n * 7 % 45, b: n * step * 3 % 38 }).collect()
}

/// What an accumulator is to the program over vectors.
#[derive(Clone, Default)]
pub(crate) struct Tally(Rc<Cell<u64>>);

impl Tally {
    pub(crate) fn add(&self, count: u64) {
        self.0.set(self.0.get() + count);
    }
}

/// A flow, as a vector.
pub(crate) struct Plain(Vec<Item>);

impl Plain {
    pub(crate) fn map(self, make: impl Fn(Item) -> Item) -> Plain {
        Plain(self.0.into_iter().map(make).collect())
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

    pub(crate) fn map(self, make: impl Fn(Item, Item) -> Item) -> Plain {
        Plain(self.0.into_iter().map(|(l, r)| make(l, r)).collect())
    }
}
