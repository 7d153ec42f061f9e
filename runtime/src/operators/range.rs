//! The sending side of a range partitioning: tasks agree on bounds before they send a record.
//!
//! Each task keeps its records, and a sample of their keys. After their inputs have ended, the
//! tasks exchange the samples. They cut the order into ranges with about the same number of
//! records. Equal keys are in one range, so few distinct keys give few ranges.

use std::cell::Cell;
use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Reservation;
use crate::memory::limits::SPOOL_BYTES;
use crate::page::Input;
use crate::rendezvous::{Message, Rendezvous};
use crate::row::{LeafType, RowLayout};
use crate::sort::OrderKey;
use crate::sort::ranges::{self, KeyPrefix, prefix_bytes};
use crate::strategy::{Cursor, Driver, DriverFactory, Progress, Revocable, Round};

use super::queued_rows::QueuedRows;

/// A full sample of a task has between this many keys and twice as many. The sizes of ranges are
/// then off by a few percent.
const SAMPLE_KEYS: usize = 1024;

/// A sample of the keys of a task.
struct KeySample {
    keys: Vec<KeyPrefix>,
    /// Number of records that each key represents.
    weight: u64,
}

impl Message for KeySample {
    /// The weight, then the keys.
    fn encode(&self, out: &mut Vec<u8>) {
        self.weight.encode(out);
        self.keys.iter().for_each(|key| ranges::encode_prefix(key, out));
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (weight, mut rest) = bytes.split_first_chunk()?;
        let mut keys = Vec::new();
        while !rest.is_empty() {
            keys.push(ranges::decode_prefix(&mut rest)?);
        }
        Some(KeySample { keys, weight: u64::from_le_bytes(*weight) })
    }
}

/// Numbers each record by its range. The tasks cut the order into `ranges`. In `layout`, the number
/// follows the record's leaves.
pub(super) fn driver(layout: Arc<RowLayout>, order: Vec<OrderKey>, ranges: usize) -> DriverFactory {
    let key_bytes = ranges::max_prefix_bytes(layout.types(), &order);
    let (rows, order) = (layout.clone(), Arc::from(order));
    let create = move |context: &TaskContext| {
        Ok(RangeDriver {
            rows: QueuedRows::new(rows.clone(), context),
            sample: KeySample { keys: Vec::new(), weight: 1 },
            reserved: context.memory.reserve(0)?,
            seen: 0,
            order: Arc::clone(&order),
            ranges,
            bounds: None,
            samples: Rendezvous::of(context),
            context: context.clone(),
        })
    };
    DriverFactory::new("keep, then find ranges", create)
        .waiting_for_end()
        .emitting(layout)
        .spilling_beyond(SPOOL_BYTES + 2 * SAMPLE_KEYS * key_bytes)
}

struct RangeDriver {
    rows: QueuedRows,
    sample: KeySample,
    /// Memory of the sample.
    reserved: Reservation,
    seen: u64,
    order: Arc<[OrderKey]>,
    ranges: usize,
    /// The least key of each range except the first. `None` until all tasks have sent their
    /// samples.
    bounds: Option<Vec<KeyPrefix>>,
    samples: Arc<Rendezvous<KeySample>>,
    context: TaskContext,
}

impl RangeDriver {
    /// Adds the key of each `weight`-th record to the sample. If the sample is full, drops every
    /// second key and doubles `weight`.
    fn sample(&mut self, input: &Input<'_>) -> Result<()> {
        let types = self.rows.layout().types();
        for &row in input.selection().rows() {
            if self.seen.is_multiple_of(self.sample.weight) {
                let key = ranges::prefix_of(input.batch(), row as usize, types, &self.order);
                self.reserved.resize(self.reserved.bytes() + prefix_bytes(&key))?;
                self.sample.keys.push(key);
            }
            self.seen += 1;
            if self.sample.keys.len() == 2 * SAMPLE_KEYS {
                let mut position = 0;
                self.sample.keys.retain(|_| {
                    position += 1;
                    position % 2 == 1
                });
                self.sample.weight *= 2;
                self.reserved.resize(self.sample.keys.iter().map(prefix_bytes).sum())?;
            }
        }
        Ok(())
    }

    /// Emits the next page, with the numbers of its records.
    fn emit_page(&mut self, bounds: &[KeyPrefix], out: &mut Outputs) -> Result<Progress> {
        let page = match self.rows.poll()? {
            Poll::Ready(Some(page)) => page,
            Poll::Pending => return Ok(Progress::Pending),
            Poll::Ready(None) => return Ok(Progress::Done),
        };
        let types = page.layout().types();
        let ranges: Vec<u64> = {
            let batch = page.batch();
            (0..batch.rows()).map(|row| ranges::range_of(&batch, row, types, &self.order, bounds) as u64).collect()
        };
        let (number, next) = (types.len() - 1, Cell::new(0));
        let mut page = page.into_mut(&self.context.memory)?;
        page.map_leaves(&[number], |_| ranges[next.replace(next.get() + 1)].into());
        out.pages().adopt(page.freeze());
        Ok(Progress::Yield)
    }
}

impl Driver for RangeDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        let progress = self.rows.add(input, cursor)?;
        // Each input is sampled once, after all of it is kept.
        if progress == Progress::Done {
            self.sample(input)?;
        }
        Ok(progress)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.rows.seal();
            let sampled = KeySample { keys: std::mem::take(&mut self.sample.keys), weight: self.sample.weight };
            self.samples.send(&self.context, sampled)?;
            *cursor = 1;
        }
        let types = self.rows.layout().types();
        let find = |samples: &[Option<KeySample>]| bounds_of(samples, types, &self.order, self.ranges);
        let Some(bounds) = self.bounds.take().or_else(|| self.samples.poll(&self.context, find)) else {
            return Ok(Progress::Pending);
        };
        let progress = self.emit_page(&bounds, out);
        self.bounds = Some(bounds);
        progress
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for RangeDriver {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.rows.revoke(bytes);
        Ok(())
    }
}

/// The keys at which ranges begin. `None` while a sample is missing.
fn bounds_of(
    samples: &[Option<KeySample>],
    types: &[LeafType],
    order: &[OrderKey],
    ranges: usize,
) -> Option<Vec<KeyPrefix>> {
    let samples: Vec<&KeySample> = samples.iter().map(Option::as_ref).collect::<Option<_>>()?;
    let keys = samples.iter().flat_map(|sample| sample.keys.iter().map(|key| (key, sample.weight))).collect();
    Some(ranges::range_bounds(keys, types, order, ranges))
}
