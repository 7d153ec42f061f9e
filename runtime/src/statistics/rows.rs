//! Sampled rows that pass through operators.

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

use super::distinct::ValueCounter;

/// The limit of the work that planning a job may spend on sampled rows: a number of rows that
/// closures are called with, and a time.
///
/// For fast closures only the first limit matters, so the plan is the same each time. The second
/// limit is for slow closures.
pub struct Effort {
    rows: AtomicUsize,
    /// The time limit. Set at the first use.
    until: OnceLock<Instant>,
}

/// About fifty filters over a whole sample.
const MAX_ROWS: usize = 1 << 18;
const MAX_TIME: Duration = Duration::from_millis(500);
/// The maximum bytes of rows that closures emit for sampled rows.
const MAX_BYTES: usize = 16 << 20;
/// The maximum number of pairs for which the closure of a join is called.
const MAX_PAIRS: usize = 1024;
/// The number of rows whose texts are measured to estimate a width.
const WIDTH_ROWS: usize = 512;

impl Default for Effort {
    fn default() -> Self {
        Effort { rows: AtomicUsize::new(MAX_ROWS), until: OnceLock::new() }
    }
}

impl Effort {
    /// Spends `rows` rows. Returns `false` if that exceeds a limit.
    fn spend(&self, rows: usize) -> bool {
        let spent = self.rows.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(rows));
        spent.is_ok() && Instant::now() < *self.until.get_or_init(|| Instant::now() + MAX_TIME)
    }
}

/// Sampled rows of a relation.
#[derive(Clone)]
pub(super) struct SampleRows {
    pages: Arc<[Page]>,
    parts: Arc<[SampledRows]>,
    /// For each leaf of the relation, the leaf of the pages, if they differ.
    view: Option<Arc<[Option<usize>]>>,
    types: Arc<[LeafType]>,
    effort: Arc<Effort>,
    /// Cached statistics of all rows of the pages, by the pages' leaves.
    values: Arc<KnownValues>,
}

impl SampleRows {
    /// The rows of a source's sample, with records of these types.
    pub(super) fn new(sample: &Sample, types: Vec<LeafType>, effort: Arc<Effort>) -> Self {
        let parts = sample.rows.as_slice().into();
        let values = sample.values.clone();
        SampleRows { pages: sample.pages.clone(), parts, view: None, types: types.into(), effort, values }
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.rows.len()).sum()
    }

    /// The same rows with other leaves. Each new leaf names the leaf that it copies.
    pub(super) fn viewed(&self, leaves: &[Option<usize>], types: Vec<LeafType>) -> Self {
        let of_pages = |leaf: usize| self.view.as_ref().map_or(Some(leaf), |view| view.get(leaf).copied().flatten());
        let view = leaves.iter().map(|leaf| leaf.and_then(of_pages)).collect();
        SampleRows { view: Some(view), types: types.into(), ..self.clone() }
    }

    /// For each leaf, the leaf of the pages that holds it, and its type.
    fn leaves(&self) -> Vec<(Option<usize>, LeafType)> {
        let of_pages = |leaf: usize| self.view.as_ref().map_or(Some(leaf), |view| view.get(leaf).copied().flatten());
        (0..self.types.len()).map(|leaf| (of_pages(leaf), self.types[leaf])).collect()
    }

    /// Calls `f` with each part and the number of its place, until it returns `false`.
    fn for_each_part(&self, mut f: impl FnMut(&Input<'_>, usize) -> bool) {
        let arrangement = self.view.as_ref().map(|_| self.leaves());
        for part in &*self.parts {
            let batch: Batch<'_> = self.pages[part.page].batch();
            let continues = match &arrangement {
                None => f(&Input::new(&batch, &part.rows), part.place),
                Some(leaves) => f(&Input::new(&batch.arranged(leaves), &part.rows), part.place),
            };
            if !continues {
                return;
            }
        }
    }

    /// The rows for which a predicate holds. `None` if it cannot be called for samples, or if it
    /// fails: the run will report the error.
    pub(super) fn filtered(&self, predicate: &PredicateFactory) -> Option<Self> {
        if predicate.has_effects() || predicate.keeps_state() || !self.effort.spend(self.len()) {
            return None;
        }
        let kept = catching(|| {
            let mut predicate = predicate.open(&TaskContext::alone(memory()))?;
            let mut kept = Vec::with_capacity(self.parts.len());
            let mut parts = self.parts.iter();
            let mut result = Ok(());
            self.for_each_part(|input, _| {
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
        Some(SampleRows { parts: kept.into(), values: Arc::default(), ..self.clone() })
    }

    /// The rows that a chain emits for these rows. `types` are the types of its records. `None` if
    /// it cannot be called for samples, or if it fails.
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
            self.for_each_part(|input, place| {
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
        Some(self.derived(pages, &places, types))
    }

    /// Rows that were derived from these. The rows of each place follow those of the place before.
    fn derived(&self, pages: Vec<Page>, places: &[usize], types: Vec<LeafType>) -> Self {
        let parts = placed(&pages, places).into();
        SampleRows {
            pages: pages.into(),
            parts,
            view: None,
            types: types.into(),
            effort: self.effort.clone(),
            values: Arc::default(),
        }
    }

    /// The rows that the closure of a join emits for pairs of these rows and others, and the number
    /// of pairs. The pairs are arbitrary, as if rows did not depend on their key. `None` if the
    /// closure cannot be called for samples, or if it fails.
    pub(super) fn paired(&self, other: &Self, kernel: &JoinFactory, types: Vec<LeafType>) -> Option<(Self, usize)> {
        let pairs = self.len().min(MAX_PAIRS);
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
        // Rows of different pairs are treated as if they were drawn one by one.
        let places: Vec<usize> = vec![1; pages.iter().map(Page::rows).sum()];
        Some((self.derived(pages, &places, types), shown))
    }

    /// The rows of some pairs of a part and another part: evenly spaced rows of this part, and
    /// arbitrary rows of the other one.
    fn rows_paired(&self, number: usize, partner: &SampledRows) -> [Vec<usize>; 2] {
        let each = self.len().div_ceil(MAX_PAIRS);
        let own = self.parts[number].rows.rows().iter().skip(number % each).step_by(each);
        let own: Vec<usize> = own.map(|&row| row as usize).collect();
        let others = partner.rows.rows();
        let partners = (0..own.len()).map(|pair| others[(pair * 7 + number) % others.len()] as usize).collect();
        [own, partners]
    }

    /// The statistics of these leaves in `population` rows, of which these rows are a sample.
    pub(super) fn values(&self, key: &[usize], population: f64) -> ValueCounts {
        let leaves = self.leaves();
        let of_pages: Option<Vec<usize>> = key.iter().map(|&leaf| leaves.get(leaf)?.0).collect();
        match of_pages {
            Some(of_pages) => self.values.of(of_pages, population, || self.count_values(key, population)),
            None => self.count_values(key, population),
        }
    }

    fn count_values(&self, key: &[usize], population: f64) -> ValueCounts {
        let (mut seen, mut hashes) = (ValueCounter::of(self.len()), Vec::new());
        self.for_each_part(|input, place| {
            hash_rows(input, key, &mut hashes);
            hashes.iter().for_each(|&hash| seen.add(hash, place));
            true
        });
        seen.values(population)
    }

    /// The mean bytes of a leaf's values outside of a row's fixed part.
    pub(super) fn outside_bytes(&self, leaf: usize) -> f64 {
        let Some(ty) = self.types.get(leaf).filter(|ty| ty.physical() == Physical::Slot) else { return 0.0 };
        let shortest = if ty.element_width() == 1 { INLINE_BYTES } else { 0 };
        let step = self.len() / WIDTH_ROWS + 1;
        let (mut bytes, mut rows, mut next) = (0, 0, 0);
        self.for_each_part(|input, _| {
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

/// Runs a chain over some rows. Returns `false` if a limit is exceeded.
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
    Memory::new(Budget::new(MAX_BYTES), "sampled rows")
}
