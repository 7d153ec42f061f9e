//! Rows, operations on them, and the map with which a table is compared.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::group::tests::Sums;
use crate::hash::hash_rows;
use crate::kernel::{JoinKernel, Outputs, Predicate, TaskContext};
use crate::memory::{Budget, Memory};
use crate::page::tests::Random;
use crate::page::{Batch, Input, Page, RowPairs, RowWriter, Selection, windows};
use crate::row::{Datum, Element, LeafSet, LeafType, RowLayout};
use crate::spill::tests::DeferredBlocking;
use crate::state::{
    Delete, Probe, Put, Requests, Scan, StateLeaf, StateRequest, StateSpec, StateTable, Update, key_group_of,
    key_groups_of_task,
};
use crate::strategy::{DriverState, Progress};

/// A row, leaf by leaf.
pub(super) type Row = Vec<Datum>;

/// The shape of rows.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) types: Vec<LeafType>,
    pub(super) key: Vec<usize>,
    /// A `u64` that updates add to.
    pub(super) sum: usize,
    pub(super) deletes: bool,
    /// The number of the last leaves of the key that are a sub-key.
    pub(super) sub_key: usize,
}

pub(super) fn shapes() -> Vec<Shape> {
    use LeafType as L;
    let shape = |name, types: &[LeafType], key: &[usize], sum, deletes| Shape {
        name,
        types: types.to_vec(),
        key: key.to_vec(),
        sum,
        deletes,
        sub_key: 0,
    };
    vec![
        shape("numbers", &[L::U64, L::U64, L::I32], &[0], 1, true),
        shape("numbers that stay", &[L::U32, L::U64], &[0], 1, false),
        shape("text", &[L::U64, L::Text, L::Text], &[1], 0, true),
        shape("two keys and a list", &[L::U64, L::I64, L::U64, L::List(Element::U64)], &[0, 1], 2, true),
        shape("options", &[L::Valid, L::Text, L::U64, L::Valid, L::Date, L::Bytes, L::Bool], &[0, 1], 2, true),
        shape("three keys", &[L::U16, L::Text, L::I128, L::U64, L::Texts], &[0, 1, 2], 3, true),
        shape("list of numbers", &[L::U64, L::U64, L::U64, L::I32], &[0, 1], 2, true).with_sub_key(1),
        shape("map of texts", &[L::U64, L::Text, L::Text, L::Bytes], &[1, 2], 0, true).with_sub_key(1),
        shape("map that stays", &[L::U16, L::Text, L::U64], &[0, 1], 2, false).with_sub_key(1),
        shape("long sub-key", &[L::U64, L::U8, L::Valid, L::U32, L::Bool], &[1, 2, 3], 0, true).with_sub_key(2),
    ]
}

impl Shape {
    fn with_sub_key(self, sub_key: usize) -> Self {
        Shape { sub_key, ..self }
    }

    /// The leaves of the key without the sub-key.
    pub(super) fn leaves_of_key(&self) -> &[usize] {
        &self.key[..self.key.len() - self.sub_key]
    }

    pub(super) fn spec(&self) -> StateSpec {
        let leaf =
            |(number, &ty): (usize, &LeafType)| StateLeaf { name: format!("leaf {number}"), ty, starts_at_zero: false };
        let spec = StateSpec::new(self.types.iter().enumerate().map(leaf).collect(), self.key.clone());
        let spec = spec.with_sub_key(self.sub_key);
        if self.deletes { spec.deletable() } else { spec }
    }

    /// A row with this key and random other leaves. Some rows are larger than a page.
    pub(super) fn row(&self, key: u64, random: &mut Random) -> Row {
        let mut row: Row = Vec::new();
        for (leaf, &ty) in self.types.iter().enumerate() {
            let mut own = Random(key * 31 + leaf as u64);
            let is_key = self.key.contains(&leaf);
            let random = if is_key { &mut own } else { &mut *random };
            let null = leaf > 0 && self.types[leaf - 1] == LeafType::Valid && row[leaf - 1].bits() == 0;
            // The leaf that identifies the key. Other leaves may be equal for several keys.
            let tells = self.key.iter().rev().find(|&&leaf| self.types[leaf] != LeafType::Valid) == Some(&leaf);
            row.push(match ty {
                _ if null && !tells => Datum::zero(ty),
                LeafType::Valid if is_key => Datum::Fixed(1),
                LeafType::Valid | LeafType::Bool => Datum::Fixed(random.below(2) as u128),
                LeafType::Text if tells => {
                    let text = format!("{key}{}", "x".repeat((key % 40) as usize));
                    Datum::Bytes(text.into_bytes().into())
                }
                _ if tells => Datum::Fixed(key.into()),
                LeafType::Text if is_key => Datum::Bytes("k".repeat(random.below(30)).into_bytes().into()),
                LeafType::Text | LeafType::Bytes => {
                    let long = if random.below(2_000) == 0 { "long ".repeat(20_000) } else { random.text() };
                    Datum::Bytes(long.into_bytes().into())
                }
                LeafType::Texts => {
                    let texts: Vec<String> = (0..random.below(4)).map(|_| random.text()).collect();
                    Datum::Bytes(crate::value::Texts::from(&texts).with_stored(|bytes| bytes.into()))
                }
                LeafType::List(_) => {
                    let bytes: Vec<u8> = (0..random.below(6)).flat_map(|_| random.next().to_le_bytes()).collect();
                    Datum::Bytes(bytes.into())
                }
                ty => {
                    let bits = u128::from(random.next() % 100);
                    Datum::Fixed(bits & (u128::MAX >> (128 - 8 * ty.width())))
                }
            });
        }
        row
    }

    pub(super) fn key_of(&self, row: &Row) -> Row {
        self.key.iter().map(|&leaf| row[leaf].clone()).collect()
    }

    /// Returns `true` if two keys are equal without the sub-key.
    fn share_key(&self, one: &Row, other: &Row) -> bool {
        let leaves = self.leaves_of_key().len();
        one[..leaves] == other[..leaves]
    }

    pub(super) fn pages(&self, rows: &[Row]) -> Vec<Page> {
        let layout = Arc::new(RowLayout::full(self.types.clone()));
        let mut writer = RowWriter::new(layout, Memory::new(Budget::new(1 << 32), "rows"));
        rows.iter().for_each(|row| writer.append_datums(row).unwrap());
        writer.seal();
        writer.take_sealed().collect()
    }

    pub(super) fn read(&self, batch: &Batch<'_>, row: usize) -> Row {
        self.types.iter().enumerate().map(|(leaf, &ty)| batch.datum(leaf, ty, row)).collect()
    }

    pub(super) fn sum_of(&self, row: &Row) -> u64 {
        row[self.sum].bits() as u64
    }
}

/// Emits the stored row of each pair, or nulls.
struct Stored {
    is_left: bool,
}

impl JoinKernel for Stored {
    fn run(&mut self, pairs: &RowPairs<'_>, from: usize, out: &mut RowWriter) -> Result<usize> {
        let mut first = Selection::default();
        first.set([0]);
        let mut position = from;
        while position < pairs.len() && !out.has_sealed() {
            let [left, right] = pairs.pair(position).unwrap();
            let stored = if self.is_left { left } else { right };
            // The first leaf is whether there is a stored row.
            out.append(&Input::new(&stored, &first), None)?;
            position += 1;
        }
        Ok(position)
    }
}

/// Keeps the rows whose sum is below a bound.
pub(super) struct Below(pub(super) usize, pub(super) u64);

impl Predicate for Below {
    fn select(&mut self, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let keeps: Vec<bool> =
            rows.rows().iter().map(|&row| (batch.leaf_bits(self.0, row as usize) as u64) < self.1).collect();
        rows.keep_positions(|position| keeps[position]);
        Ok(())
    }
}

/// An operation on a batch of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Put,
    Update,
    Delete,
    Find,
    /// Deletes all rows of the keys.
    DeleteAll,
    /// Finds all rows of the keys.
    FindAll,
}

/// The reason why [`StateTable::apply`] is `Pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wait {
    /// Pages of earlier rows are unwritten. The window has not begun.
    BeforeWindow,
    /// Rows of the window find no room in a queue.
    ForQueueRoom,
    /// Rows of the window find no room in the table.
    ForTableRoom,
}

/// A table with its map.
pub(super) struct Bench {
    pub(super) shape: Shape,
    pub(super) later: Arc<DeferredBlocking>,
    pub(super) context: TaskContext,
    pub(super) table: StateTable,
    pub(super) requests: Requests,
    pub(super) map: HashMap<Row, Row>,
    /// The number of batches so far. Some are partly served between their windows.
    pub(super) batches: usize,
    /// The rows of a mark, and the bytes of its snapshot so far.
    pub(super) marked: Option<(Vec<Row>, Vec<u8>)>,
    /// The reasons for which [`StateTable::apply`] was `Pending`.
    pub(super) waits: HashSet<Wait>,
}

impl Bench {
    pub(super) fn new(shape: &Shape, memory_bytes: usize) -> Self {
        Bench::of_task(shape, memory_bytes, 0, 1)
    }

    pub(super) fn of_task(shape: &Shape, memory_bytes: usize, task: usize, tasks: usize) -> Self {
        let later = Arc::new(DeferredBlocking::default());
        let memory = Memory::spilling(Budget::new(memory_bytes), "state", 0);
        let context = TaskContext { blocking: later.clone(), ..TaskContext::alone(memory) };
        let table = StateTable::new(shape.spec(), key_groups_of_task(task, tasks), 0, &context).unwrap();
        {
            let requests = table.requests(shape.types.clone(), &LeafSet::all(shape.types.len()));
            Bench {
                shape: shape.clone(),
                later,
                context,
                table,
                requests,
                map: HashMap::new(),
                batches: 0,
                marked: None,
                waits: HashSet::new(),
            }
        }
    }

    /// Applies the operation to the table and to the map, and compares the found rows.
    pub(super) fn run(&mut self, operation: Operation, rows: &[Row]) {
        let (types, key) = (self.shape.types.clone(), self.shape.key.clone());
        let sums = Sums::new(&key, self.shape.sum);
        let mut request: Box<dyn StateRequest> = match operation {
            Operation::Put => Box::new(Put::new(types.len(), key)),
            Operation::Update => Box::new(Update(sums)),
            Operation::Delete => Box::new(Delete::new(key)),
            Operation::DeleteAll => Box::new(Delete::new(self.shape.leaves_of_key())),
            Operation::Find | Operation::FindAll => {
                let is_left = rows.len().is_multiple_of(2);
                let key = if operation == Operation::Find { &key } else { self.shape.leaves_of_key() };
                Box::new(Probe::new(key, is_left, true, Box::new(Stored { is_left })))
            }
        };
        let stored: Vec<LeafType> = [vec![LeafType::Valid], types].concat();
        let writer = RowWriter::new(Arc::new(RowLayout::full(stored)), Memory::new(Budget::new(1 << 32), "found"));
        let (mut out, mut found) = (Outputs::new(writer), Vec::new());
        for page in self.shape.pages(rows) {
            windows(&page.batch(), |input| -> Result<()> {
                let mut cursor = 0;
                loop {
                    match self.table.apply(&mut self.requests, &mut *request, input, &mut cursor, &mut out)? {
                        Progress::Done => break,
                        Progress::Pending => {
                            self.waits.insert(match cursor {
                                0 => Wait::BeforeWindow,
                                _ if self.requests.work.waiting.is_empty() => Wait::ForTableRoom,
                                _ => Wait::ForQueueRoom,
                            });
                            self.later.run_next();
                        }
                        Progress::Yield => self.collect(&mut out, &mut found),
                    }
                }
                for _ in 0..self.batches % 4 {
                    match self.table.serve(&mut self.requests, &mut *request, &mut out)? {
                        Progress::Done => break,
                        Progress::Pending => self.later.run_next(),
                        Progress::Yield => self.collect(&mut out, &mut found),
                    }
                }
                Ok(())
            })
            .unwrap();
        }
        self.batches += 1;
        loop {
            match self.table.serve(&mut self.requests, &mut *request, &mut out).unwrap() {
                Progress::Done => break,
                Progress::Pending => self.later.run_next(),
                Progress::Yield => self.collect(&mut out, &mut found),
            }
        }
        assert!(self.requests.is_empty() && self.requests.waiting_bytes() == 0);
        out.pages().seal();
        self.collect(&mut out, &mut found);
        self.model(operation, rows, found);
    }

    fn collect(&self, out: &mut Outputs, found: &mut Vec<Option<Row>>) {
        for page in out.pages().take_sealed() {
            let whole = page.batch();
            let inner: Vec<usize> = (1..=self.shape.types.len()).collect();
            let stored = whole.project(&inner);
            found.extend(
                (0..whole.rows()).map(|row| (whole.leaf_bits(0, row) == 1).then(|| self.shape.read(&stored, row))),
            );
        }
    }

    fn model(&mut self, operation: Operation, rows: &[Row], found: Vec<Option<Row>>) {
        let mut expected = Vec::new();
        for row in rows {
            let key = self.shape.key_of(row);
            match operation {
                Operation::Put => drop(self.map.insert(key, row.clone())),
                Operation::Delete => drop(self.map.remove(&key)),
                Operation::Find => expected.push(self.map.get(&key).cloned()),
                Operation::DeleteAll => self.map.retain(|other, _| !self.shape.share_key(other, &key)),
                Operation::FindAll => {
                    let of_key = self.map.iter().filter(|(other, _)| self.shape.share_key(other, &key));
                    let before = expected.len();
                    expected.extend(of_key.map(|(_, row)| Some(row.clone())));
                    expected.extend((expected.len() == before).then_some(None));
                }
                Operation::Update => {
                    let shape = &self.shape;
                    let opened = || {
                        let leaf = |(leaf, &ty): (usize, &LeafType)| match shape.key.contains(&leaf) {
                            true => row[leaf].clone(),
                            false => Datum::zero(ty),
                        };
                        shape.types.iter().enumerate().map(leaf).collect()
                    };
                    let state: &mut Row = self.map.entry(key).or_insert_with(opened);
                    state[shape.sum] = Datum::Fixed(state[shape.sum].bits() + row[shape.sum].bits());
                }
            }
        }
        if matches!(operation, Operation::Find | Operation::FindAll) {
            let [found, expected] = [found, expected].map(|mut rows| {
                rows.sort_by_cached_key(|row| row.as_ref().map(order));
                rows
            });
            assert!(found == expected, "{}: {} rows found, {} expected", self.shape.name, found.len(), expected.len());
        }
    }

    pub(super) fn mark(&mut self, epoch: u64) {
        self.table.mark(epoch, -(epoch as i64)).unwrap();
        self.marked = Some((self.map.values().cloned().collect(), Vec::new()));
    }

    /// Emits up to `pieces` pieces of the marked snapshot. If it is complete, returns the rows at
    /// the mark, and the bytes.
    pub(super) fn emit(&mut self, pieces: usize) -> Option<(Vec<Row>, Vec<u8>)> {
        let (_, bytes) = self.marked.as_mut()?;
        for _ in 0..pieces {
            match self.table.next_image(bytes).unwrap() {
                Progress::Done => return self.marked.take(),
                Progress::Pending => self.later.run_next(),
                Progress::Yield => {}
            }
        }
        None
    }

    /// Restores the task's rows of a snapshot.
    pub(super) fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        self.restore_with(bytes, &mut |_| ())
    }

    /// As [`Bench::restore`]. Calls `before` before each attempt to insert rows.
    pub(super) fn restore_with(&mut self, mut bytes: &[u8], before: &mut dyn FnMut(&mut StateTable)) -> Result<()> {
        self.table.begin_restore(Path::new("state.dfst"));
        loop {
            let wanted = self.table.wanted_bytes();
            let piece = bytes.split_off(..wanted.min(bytes.len())).unwrap();
            if wanted == 0 {
                return self.table.supply(bytes);
            }
            self.table.supply(piece)?;
            loop {
                before(&mut self.table);
                match self.table.place()? {
                    Progress::Done => break,
                    Progress::Pending => self.later.run_next(),
                    Progress::Yield => {}
                }
            }
        }
    }

    /// A random operation, with few or many rows.
    pub(super) fn run_some(&mut self, keys: u64, is_skewed: bool, random: &mut Random) {
        let rows = self.rows([0, 1, 7, 1_500][random.below(4)], keys, is_skewed, random);
        if self.shape.sub_key > 0 && random.below(3) == 0 {
            let few = &rows[..rows.len().min(40)];
            let deletes = self.shape.deletes && random.below(3) == 0;
            self.run(if deletes { Operation::DeleteAll } else { Operation::FindAll }, few);
        }
        match random.below(if self.shape.deletes { 7 } else { 4 }) {
            0 | 1 => self.run(Operation::Put, &rows),
            2 => self.run(Operation::Update, &rows),
            3 => self.run(Operation::Find, &rows),
            4 | 5 => self.run(Operation::Delete, &rows),
            _ => self.drain_if([20, 60, 2_000][random.below(3)]),
        }
    }

    /// Checks that a scan visits the rows of the map.
    pub(super) fn check(&mut self) {
        let found = self.scan(None);
        self.same(found, self.map.values().cloned().collect());
    }

    /// Drains the rows whose sum is below a bound.
    pub(super) fn drain_if(&mut self, bound: u64) {
        let found = self.scan(Some(bound));
        let shape = self.shape.clone();
        let leaves = |row: &Row| shape.sum_of(row) < bound;
        self.same(found, self.map.values().filter(|row| leaves(row)).cloned().collect());
        self.map.retain(|_, row| !leaves(row));
    }

    pub(super) fn same(&self, mut found: Vec<Row>, mut expected: Vec<Row>) {
        sort(&mut found);
        sort(&mut expected);
        assert!(found == expected, "{}: {} rows, {} expected", self.shape.name, found.len(), expected.len());
    }

    pub(super) fn scan(&mut self, bound: Option<u64>) -> Vec<Row> {
        self.scan_with(bound, &mut || ())
    }

    /// As [`Bench::scan`], with a call before each step.
    pub(super) fn scan_with(&mut self, bound: Option<u64>, before_step: &mut dyn FnMut()) -> Vec<Row> {
        let (mut scan, mut found, shape) = (Scan::default(), Vec::new(), &self.shape);
        loop {
            before_step();
            let mut visit = |input: &Input<'_>| {
                found.extend(input.selection().rows().iter().map(|&row| shape.read(input.batch(), row as usize)));
                Ok(())
            };
            let progress = match bound {
                None => self.table.scan(&mut scan, &mut visit),
                Some(bound) => self.table.drain_if(&mut scan, &mut Below(shape.sum, bound), &mut visit),
            };
            match progress.unwrap() {
                Progress::Done => return found,
                Progress::Pending => self.later.run_next(),
                Progress::Yield => {}
            }
        }
    }

    /// Rows with `keys` different keys: evenly distributed, or most rows with one of them.
    pub(super) fn rows(&self, count: usize, keys: u64, is_skewed: bool, random: &mut Random) -> Vec<Row> {
        let mut row = |_| {
            let key = if is_skewed && random.below(3) > 0 { 1 } else { random.next() % keys };
            self.shape.row(key, random)
        };
        (0..count).map(&mut row).collect()
    }
}

/// The key group of a row.
pub(super) fn group_of(shape: &Shape, row: &Row) -> usize {
    let mut hashes = Vec::new();
    windows(&shape.pages(std::slice::from_ref(row))[0].batch(), |input| {
        hash_rows(input, shape.leaves_of_key(), &mut hashes);
        Ok::<(), Error>(())
    })
    .unwrap();
    key_group_of(hashes[0])
}

/// An arbitrary total order.
fn order(row: &Row) -> Vec<u8> {
    row.iter().flat_map(|datum| [&datum.bits().to_be_bytes()[..], datum.bytes(), &[0]].concat()).collect()
}

fn sort(rows: &mut [Row]) {
    rows.sort_by_cached_key(order);
}
