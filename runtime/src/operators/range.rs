//! The sending side of a partitioning by an order: tasks agree on bounds before they send a record.
//!
//! Each task keeps its records, and a sample of their keys. When all have seen their input they put the samples together, and cut the order into
//! ranges that hold about the same number of records. Equal keys are in one range, so few different keys give few ranges.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Reservation;
use crate::page::{Batch, Input, OrderKey, Page, RowWriter};
use crate::row::{Datum, LeafType, RowLayout, compare_leaf};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Round};

use super::meeting::Meeting;

/// A task samples between this many keys and twice as many: the sizes of ranges are then off by a few percent.
const KEYS: usize = 1024;

/// The leaves of an order in one record.
type OrderValues = Vec<Datum>;

/// What a task knows of the keys of its records.
struct Sampled {
    keys: Vec<OrderValues>,
    /// The records that each key stands for.
    weight: u64,
}

/// Numbers records by the range of an order that they are in.
pub(super) struct RangeFactory {
    /// The record's leaves, then the number.
    layout: Arc<RowLayout>,
    order: Arc<[OrderKey]>,
    ranges: usize,
    meeting: Arc<Meeting<Sampled>>,
}

impl RangeFactory {
    /// For `senders` tasks that cut the order into `ranges`.
    pub(super) fn new(layout: Arc<RowLayout>, order: Vec<OrderKey>, senders: usize, ranges: usize) -> Self {
        RangeFactory { layout, order: order.into(), ranges, meeting: Meeting::of(senders) }
    }
}

impl DriverFactory for RangeFactory {
    fn name(&self) -> String {
        "keep, then find ranges".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(RangeDriver {
            rows: RowWriter::new(self.layout.clone(), context.memory.clone()),
            kept: VecDeque::new(),
            sample: Sampled { keys: Vec::new(), weight: 1 },
            paid: context.memory.reserve(0)?,
            seen: 0,
            order: self.order.clone(),
            ranges: self.ranges,
            bounds: None,
            meeting: self.meeting.clone(),
            context: context.clone(),
        }))
    }
}

struct RangeDriver {
    rows: RowWriter,
    kept: VecDeque<Page>,
    sample: Sampled,
    /// For the sample.
    paid: Reservation,
    seen: u64,
    order: Arc<[OrderKey]>,
    ranges: usize,
    /// The least key of each range but the first, once all tasks have seen their input.
    bounds: Option<Vec<OrderValues>>,
    meeting: Arc<Meeting<Sampled>>,
    context: TaskContext,
}

impl RangeDriver {
    /// Takes the key of every so many records; when there are too many keys, every second one goes.
    fn sample(&mut self, input: &Input<'_>) -> Result<()> {
        let types = self.rows.layout().types();
        for &row in input.selection().rows() {
            if self.seen.is_multiple_of(self.sample.weight) {
                let value = |key: &OrderKey| input.batch().datum(key.leaf, types[key.leaf], row as usize);
                let values: OrderValues = self.order.iter().map(value).collect();
                self.paid.resize(self.paid.bytes() + bytes_of(&values))?;
                self.sample.keys.push(values);
            }
            self.seen += 1;
            if self.sample.keys.len() == 2 * KEYS {
                let mut position = 0;
                self.sample.keys.retain(|_| {
                    position += 1;
                    position % 2 == 1
                });
                self.sample.weight *= 2;
                self.paid.resize(self.sample.keys.iter().map(|values| bytes_of(values)).sum())?;
            }
        }
        Ok(())
    }

    /// Gives the next page, its records numbered.
    fn give(&mut self, bounds: &[OrderValues], out: &mut Outputs) {
        let Some(page) = self.kept.pop_front() else { return };
        let types = page.layout().types();
        let ranges: Vec<u64> = {
            let batch = page.batch();
            (0..batch.rows()).map(|row| range_of(&batch, row, types, &self.order, bounds) as u64).collect()
        };
        let (number, next) = (types.len() - 1, Cell::new(0));
        out.pages().push_sealed(page.map_leaves(&[number], |_| ranges[next.replace(next.get() + 1)].into()));
    }
}

impl Driver for RangeDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        self.sample(input)?;
        self.rows.append(input, None)?;
        self.kept.extend(self.rows.take_sealed());
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.rows.seal();
            self.kept.extend(self.rows.take_sealed());
            let said = Sampled { keys: std::mem::take(&mut self.sample.keys), weight: self.sample.weight };
            self.meeting.say(&self.context, said);
            *cursor = 1;
        }
        let types = self.rows.layout().types();
        let find = |said: &[Option<Sampled>]| bounds(said, types, &self.order, self.ranges);
        let Some(bounds) = self.bounds.take().or_else(|| self.meeting.wait(&self.context, find)) else {
            return Ok(Answer::Await);
        };
        self.give(&bounds, out);
        self.bounds = Some(bounds);
        Ok(if self.kept.is_empty() { Answer::Done } else { Answer::Resume })
    }
}

/// What a key takes in memory.
fn bytes_of(values: &[Datum]) -> usize {
    values.iter().map(|value| size_of::<Datum>() + value.bytes().len()).sum::<usize>() + size_of::<OrderValues>()
}

/// The keys at which ranges begin, but for the first: where so many of all records come before. `None` while a task has not spoken.
fn bounds(said: &[Option<Sampled>], types: &[LeafType], order: &[OrderKey], ranges: usize) -> Option<Vec<OrderValues>> {
    let samples: Vec<&Sampled> = said.iter().map(Option::as_ref).collect::<Option<_>>()?;
    let total: u64 = samples.iter().map(|sample| sample.keys.len() as u64 * sample.weight).sum();
    let mut keys: Vec<(&OrderValues, u64)> =
        samples.iter().flat_map(|sample| sample.keys.iter().map(|key| (key, sample.weight))).collect();
    keys.sort_by(|(left, _), (right, _)| {
        in_order(order, |position, leaf| compare_leaf(types[leaf], &left[position], &right[position]))
    });
    let (mut bounds, mut before) = (Vec::new(), 0);
    for (key, weight) in keys {
        while bounds.len() + 1 < ranges && before * ranges as u64 >= (bounds.len() as u64 + 1) * total {
            bounds.push(key.clone());
        }
        before += weight;
    }
    Some(bounds)
}

/// The range that a row is in: how many ranges begin at its key or before.
fn range_of(batch: &Batch<'_>, row: usize, types: &[LeafType], order: &[OrderKey], bounds: &[OrderValues]) -> usize {
    bounds.partition_point(|bound| {
        let stands = in_order(order, |position, leaf| match types[leaf] {
            // No copy is made of a text to compare it.
            LeafType::Text | LeafType::Bytes => batch.leaf_bytes(leaf, row).cmp(bound[position].bytes()),
            ty => compare_leaf(ty, &batch.datum(leaf, ty, row), &bound[position]),
        });
        stands.is_ge()
    })
}

/// How two records stand, where `compare` says how the values at a position of the order do, which are those of a leaf.
fn in_order(order: &[OrderKey], compare: impl Fn(usize, usize) -> Ordering) -> Ordering {
    let part = |(position, key): (usize, &OrderKey)| {
        let order = compare(position, key.leaf);
        if key.descending { order.reverse() } else { order }
    };
    order.iter().enumerate().map(part).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
