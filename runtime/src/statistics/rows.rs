//! Sampled rows on their way through operators.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::hash::hash_rows;
use crate::kernel::{Chain, ChainFactory, JoinFactory, PredicateFactory, TaskContext, catching};
use crate::memory::{Budget, Memory};
use crate::page::{Batch, INLINE_BYTES, Input, Page, RowPairs, RowWriter};
use crate::row::{LeafType, Physical, RowLayout};
use crate::source::{KnownValues, Sample, SampledRows, ValueCounts, placed};

use super::distinct::Seen;

/// How much work planning a job may spend on sampled rows: so many rows are shown to closures in all, in so much time.
///
/// The first limit alone decides for closures that are as quick as they should be, so that a plan is the same each time; the second one is for others.
pub struct Effort {
    rows: AtomicUsize,
    /// From the first one on.
    until: OnceLock<Instant>,
}

/// Some fifty filters over a whole sample.
const MOST_ROWS: usize = 1 << 18;
const MOST_TIME: Duration = Duration::from_millis(500);
/// What sampled rows may hold that closures emit for them.
const MOST_BYTES: usize = 16 << 20;
/// Pairs that a join's closure is shown.
const PAIRS: usize = 1024;
/// Rows whose texts are looked at for a width.
const WIDTH_ROWS: usize = 512;

impl Default for Effort {
    fn default() -> Self {
        Effort { rows: AtomicUsize::new(MOST_ROWS), until: OnceLock::new() }
    }
}

impl Effort {
    /// Whether so many rows more may be shown.
    fn spend(&self, rows: usize) -> bool {
        let spent = self.rows.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(rows));
        spent.is_ok() && Instant::now() < *self.until.get_or_init(|| Instant::now() + MOST_TIME)
    }
}

/// Rows that stand for those of a relation.
#[derive(Clone)]
pub(super) struct Rows {
    pages: Arc<[Page]>,
    parts: Arc<[SampledRows]>,
    /// The leaf of the pages for each of the relation's, where they are not the same.
    view: Option<Arc<[Option<usize>]>>,
    types: Arc<[LeafType]>,
    effort: Arc<Effort>,
    /// Of all rows of the pages' leaves.
    values: Arc<KnownValues>,
}

impl Rows {
    /// Of records of these types.
    pub(super) fn new(sample: &Sample, types: Vec<LeafType>, effort: Arc<Effort>) -> Self {
        let parts = sample.rows.as_slice().into();
        let values = sample.values.clone();
        Rows { pages: sample.pages.clone(), parts, view: None, types: types.into(), effort, values }
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.rows.len()).sum()
    }

    /// The same rows with other leaves: for each the one that it had.
    pub(super) fn viewed(&self, leaves: &[Option<usize>], types: Vec<LeafType>) -> Self {
        let of_pages = |leaf: usize| self.view.as_ref().map_or(Some(leaf), |view| view.get(leaf).copied().flatten());
        let view = leaves.iter().map(|leaf| leaf.and_then(of_pages)).collect();
        Rows { view: Some(view), types: types.into(), ..self.clone() }
    }

    /// For each leaf the one of the pages that it is, and its type.
    fn leaves(&self) -> Vec<(Option<usize>, LeafType)> {
        let of_pages = |leaf: usize| self.view.as_ref().map_or(Some(leaf), |view| view.get(leaf).copied().flatten());
        (0..self.types.len()).map(|leaf| (of_pages(leaf), self.types[leaf])).collect()
    }

    /// Calls `f` with each part, and the number of its place, until it is false.
    fn each(&self, mut f: impl FnMut(&Input<'_>, usize) -> bool) {
        let arrangement = self.view.as_ref().map(|_| self.leaves());
        for part in &*self.parts {
            let batch: Batch<'_> = self.pages[part.page].batch();
            let goes_on = match &arrangement {
                None => f(&Input::new(&batch, &part.rows), part.place),
                Some(leaves) => f(&Input::new(&batch.arranged(leaves), &part.rows), part.place),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// The rows for which a predicate holds; none where it cannot be asked. What it says of them besides, as by a panic, the run will say.
    pub(super) fn filtered(&self, predicate: &PredicateFactory) -> Option<Self> {
        if predicate.has_effects() || predicate.keeps_state() || !self.effort.spend(self.len()) {
            return None;
        }
        let kept = catching(|| {
            let mut predicate = predicate.open(&TaskContext::alone(memory()))?;
            let mut kept = Vec::with_capacity(self.parts.len());
            let mut parts = self.parts.iter();
            let mut result = Ok(());
            self.each(|input, _| {
                let Some(part) = parts.next() else { return false };
                let mut part = part.clone();
                result = predicate.select(input.batch(), &mut part.rows);
                kept.push(part);
                result.is_ok() && self.effort.spend(0)
            });
            result.map(|()| kept)
        });
        let mut kept = kept.ok().filter(|kept| kept.len() == self.parts.len())?;
        kept.retain(|part| !part.rows.is_empty());
        Some(Rows { parts: kept.into(), values: Arc::default(), ..self.clone() })
    }

    /// What a chain makes of the rows, records of these types; none where it cannot be asked.
    pub(super) fn chained(&self, chain: &ChainFactory, types: Vec<LeafType>) -> Option<Self> {
        if chain.has_effects() || chain.keeps_state() || !self.effort.spend(self.len()) {
            return None;
        }
        let memory = memory();
        let mut writer = RowWriter::new(Arc::new(RowLayout::full(types.clone())), memory.clone());
        let (mut pages, mut places): (Vec<Page>, Vec<usize>) = (Vec::new(), Vec::new());
        let complete = catching(|| {
            let mut chain = chain.open(&TaskContext::alone(memory))?;
            let mut result = Ok(true);
            self.each(|input, place| {
                places.resize(places.len().max(place + 1), 0);
                let before = written(&pages, &writer);
                result = run(&mut *chain, input, &mut writer, &mut pages, &self.effort);
                places[place] += written(&pages, &writer) - before;
                matches!(result, Ok(true))
            });
            result
        });
        if !matches!(complete, Ok(true)) {
            return None;
        }
        writer.seal();
        pages.extend(writer.take_sealed());
        Some(self.made(pages, &places, types))
    }

    /// Rows that were made of these: those of each place follow those of the one before.
    fn made(&self, pages: Vec<Page>, places: &[usize], types: Vec<LeafType>) -> Self {
        let parts = placed(&pages, places).into();
        Rows {
            pages: pages.into(),
            parts,
            view: None,
            types: types.into(),
            effort: self.effort.clone(),
            values: Arc::default(),
        }
    }

    /// What a join's closure makes of pairs of these rows and others, and of how many: any pairs, as if nothing of a row depended on its key. None where it
    /// cannot be asked.
    pub(super) fn paired(&self, other: &Rows, kernel: &JoinFactory, types: Vec<LeafType>) -> Option<(Self, usize)> {
        let pairs = self.len().min(PAIRS);
        if kernel.has_effects() || kernel.keeps_state() || pairs == 0 || other.len() == 0 || !self.effort.spend(pairs) {
            return None;
        }
        let memory = memory();
        let mut writer = RowWriter::new(Arc::new(RowLayout::full(types.clone())), memory.clone());
        let mut pages: Vec<Page> = Vec::new();
        let (own_leaves, partner_leaves) = (self.leaves(), other.leaves());
        let shown = catching(|| {
            let mut kernel = kernel.open(&TaskContext::alone(memory))?;
            let mut shown = 0;
            for (number, part) in self.parts.iter().enumerate() {
                let partner = &other.parts[number % other.parts.len()];
                let rows = self.rows_paired(number, partner);
                let (own, partners) = (self.pages[part.page].batch(), other.pages[partner.page].batch());
                let (own, partners) = (own.arranged(&own_leaves), partners.arranged(&partner_leaves));
                let Some(pairs) = RowPairs::checked(own, partners, &rows) else { return Ok(None) };
                let mut from = 0;
                while from < pairs.len() {
                    if !self.effort.spend(0) {
                        return Ok(None);
                    }
                    from = kernel.run(&pairs, from, &mut writer)?;
                    pages.extend(writer.take_sealed());
                }
                shown += pairs.len();
            }
            Ok(Some(shown))
        });
        let shown = shown.ok().flatten()?;
        writer.seal();
        pages.extend(writer.take_sealed());
        // Rows that a closure makes of pairs are as good as drawn one by one.
        let places: Vec<usize> = vec![1; pages.iter().map(Page::rows).sum()];
        Some((self.made(pages, &places, types), shown))
    }

    /// The rows of some pairs of a part and another: evenly spaced rows of this part, and any rows of
    /// the other.
    fn rows_paired(&self, number: usize, partner: &SampledRows) -> [Vec<usize>; 2] {
        let each = self.len().div_ceil(PAIRS);
        let own = self.parts[number].rows.rows().iter().skip(number % each).step_by(each);
        let own: Vec<usize> = own.map(|&row| row as usize).collect();
        let others = partner.rows.rows();
        let partners = (0..own.len()).map(|pair| others[(pair * 7 + number) % others.len()] as usize).collect();
        [own, partners]
    }

    /// What is known of the leaves' values in so many rows that these stand for.
    pub(super) fn values(&self, key: &[usize], population: f64) -> ValueCounts {
        let leaves = self.leaves();
        let of_pages: Option<Vec<usize>> = key.iter().map(|&leaf| leaves.get(leaf)?.0).collect();
        match of_pages {
            Some(of_pages) => self.values.of(of_pages, population, || self.count_values(key, population)),
            None => self.count_values(key, population),
        }
    }

    fn count_values(&self, key: &[usize], population: f64) -> ValueCounts {
        let (mut seen, mut hashes) = (Seen::of(self.len()), Vec::new());
        self.each(|input, place| {
            hash_rows(input, key, &mut hashes);
            hashes.iter().for_each(|&hash| seen.add(hash, place));
            true
        });
        seen.values(population)
    }

    /// Bytes of a leaf's value that lie outside of a row's fixed part, in the mean.
    pub(super) fn outside_bytes(&self, leaf: usize) -> f64 {
        let Some(ty) = self.types.get(leaf).filter(|ty| ty.physical() == Physical::Slot) else { return 0.0 };
        let shortest = if ty.element_width() == 1 { INLINE_BYTES } else { 0 };
        let step = self.len() / WIDTH_ROWS + 1;
        let (mut bytes, mut rows, mut next) = (0, 0, 0);
        self.each(|input, _| {
            for &row in input.selection().rows() {
                if next % step == 0 {
                    let length = input.batch().leaf_bytes(leaf, row as usize).len();
                    bytes += if length > shortest { length } else { 0 };
                    rows += 1;
                }
                next += 1;
            }
            true
        });
        bytes as f64 / f64::from(rows.max(1))
    }
}

/// Runs a chain to the end of some rows; false where it takes too long, or emits too much.
fn run(
    chain: &mut dyn Chain,
    input: &Input<'_>,
    writer: &mut RowWriter,
    pages: &mut Vec<Page>,
    effort: &Effort,
) -> Result<bool> {
    let mut from = 0;
    while from < input.len() {
        if !effort.spend(0) {
            return Ok(false);
        }
        from = chain.run(input, from, writer)?;
        pages.extend(writer.take_sealed());
    }
    Ok(true)
}

fn written(pages: &[Page], writer: &RowWriter) -> usize {
    pages.iter().map(Page::rows).sum::<usize>() + writer.open_rows()
}

fn memory() -> Memory {
    Memory::new(Budget::new(MOST_BYTES), "sampled rows")
}
