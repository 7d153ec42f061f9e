//! A hash table of rows with equal keys chained: the build side of a join.

use std::marker::PhantomData;
use std::sync::Arc;

use smallvec::SmallVec;

use super::batch::{Batch, Input, LeafPtr, LeafReader, Row, WINDOW_ROWS};
use super::index::{Index, ROW_ALIGN, address_of, next_id};
use super::key::{KeyLeaf, KeyShape, compared, with_shape};
use super::run::{FIRST_ROW, Page};
use super::writer::RowWriter;
use crate::error::Result;
use crate::memory::Memory;
use crate::row::{LeafSet, LeafType, RowLayout};

const BLOCK_ROWS: usize = 64;

/// Collects rows, is built once, then probed. A row ends with a hidden leaf, the place of the next row of the same key.
pub struct JoinTable {
    layout: Arc<RowLayout>,
    key: Box<[usize]>,
    rows: RowWriter,
    pages: Vec<Page>,
    index: Index,
    base: *mut u8,
    count: usize,
    /// Tells the tables of the process apart; see [`Pairs::table`].
    id: u64,
}

// SAFETY: `base` is the region's start, which all threads share; rows are written before `build` ends, through `&mut self`.
unsafe impl Send for JoinTable {}

/// Pairs of a probe row and a built row, some at a time.
#[derive(Default)]
pub struct Pairs {
    /// The table that was probed.
    table: u64,
    /// How many rows the probed batch had.
    batch_rows: usize,
    hashes: Vec<u64>,
    /// For each row of the input, the first built row with its key; 0 where there is none.
    heads: Vec<usize>,
    probed: Vec<usize>,
    built: Vec<usize>,
}

impl Pairs {
    /// Whether the row at a position of the input has a partner.
    #[must_use]
    pub fn matched(&self, position: usize) -> bool {
        self.heads.get(position).is_some_and(|&head| head != 0)
    }

    /// Forgets the partners of rows where one of these validity leaves is zero: a null equals nothing.
    pub fn forget(&mut self, input: &Input<'_>, validity: &[usize]) {
        for (head, &row) in self.heads.iter_mut().zip(input.selection().rows()) {
            if validity.iter().any(|&leaf| input.batch().leaf_bits(leaf, row as usize) == 0) {
                *head = 0;
            }
        }
    }

    /// How many pairs are ready.
    #[must_use]
    pub fn len(&self) -> usize {
        self.probed.len()
    }

    /// Whether none is ready.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.probed.is_empty()
    }
}

impl JoinTable {
    /// An empty table for rows of `types`, of which `live` are kept, with key leaves `key`.
    ///
    /// # Errors
    /// When the region cannot be had.
    pub fn new(
        mut types: Vec<LeafType>,
        live: &LeafSet,
        key: impl Into<Box<[usize]>>,
        memory: &Memory,
    ) -> Result<Self> {
        let mut live = live.clone();
        live.insert(types.len());
        types.push(LeafType::U64);
        let layout = Arc::new(RowLayout::new(types, &live).aligned(ROW_ALIGN));
        Ok(JoinTable {
            rows: RowWriter::new(layout.clone(), memory.clone()),
            layout,
            key: key.into(),
            pages: Vec::new(),
            index: Index::new(memory.clone()),
            base: address_of(0)?,
            count: 0,
            id: next_id(),
        })
    }

    /// How many rows were added.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether no row was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds rows, before [`JoinTable::build`].
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        // The hidden leaf has no source; `build` sets it.
        let hidden = self.layout.types().len() - 1;
        let mut leaves: SmallVec<[usize; 16]> = (0..hidden).collect();
        leaves.push(usize::MAX);
        self.rows.append(input, Some(&leaves))?;
        self.pages.extend(self.rows.take_sealed());
        self.count += input.len();
        Ok(())
    }

    /// Indexes all rows.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn build(&mut self) -> Result<()> {
        self.rows.seal();
        self.pages.extend(self.rows.take_sealed());
        // The index is made for all rows at once, so it never grows and needs no hash of a stored row again.
        self.index.reserve(self.count, |_| 0)?;
        let pages = std::mem::take(&mut self.pages);
        for page in &pages {
            let first = page.as_bytes().as_ptr() as usize - self.base as usize + FIRST_ROW;
            self.build_page(first, page.rows());
        }
        self.pages = pages;
        Ok(())
    }

    fn build_page(&mut self, first: usize, rows: usize) {
        let leaves: SmallVec<[KeyLeaf; 4]> = self
            .key
            .iter()
            .map(|&leaf| KeyLeaf {
                asked: self.stored_leaf(leaf),
                stored_offset: self.layout.offset(leaf).unwrap_or_default(),
            })
            .collect();
        let next_leaf = self.next_leaf();
        let width = self.layout.width();
        let mut hashes = Vec::with_capacity(rows);
        // SAFETY: `first + row * width` are the places of this table's own rows, in pages that it alone holds.
        with_shape!(&leaves, shape => unsafe {
            hashes.extend((0..rows).map(|row| shape.hash(first + row * width)));
            hashes.iter().take(BLOCK_ROWS).for_each(|&hash| self.index.prefetch(hash));
            for row in 0..rows {
                if let Some(&ahead) = hashes.get(row + BLOCK_ROWS) {
                    self.index.prefetch(ahead);
                }
                let (place, hash) = (first + row * width, hashes[row]);
                let head = self.index.find(hash, |other| shape.same(place, self.base.add(other)));
                self.base.add(place + next_leaf).cast::<u64>().write_unaligned(head.unwrap_or(0) as u64);
                match head {
                    Some(head) => self.index.replace(hash, head, place),
                    None => self.index.insert(hash, place),
                }
            }
        });
    }

    fn next_leaf(&self) -> usize {
        self.layout.offset(self.layout.types().len() - 1).unwrap_or_default()
    }

    fn stored_leaf(&self, leaf: usize) -> LeafPtr {
        LeafPtr::stored(&self.layout, self.base, leaf)
    }

    /// Looks each row's key up, by the batch's leaves `key`.
    pub fn probe(&self, input: &Input<'_>, key: &[usize], pairs: &mut Pairs) {
        super::copy::hash_rows(input, key, &mut pairs.hashes);
        let leaves = compared(input.batch(), key, &self.layout, &self.key);
        pairs.heads.clear();
        (pairs.table, pairs.batch_rows) = (self.id, input.batch().rows());
        with_shape!(&leaves, shape => self.probe_shape(shape, input, pairs));
    }

    fn probe_shape<K: KeyShape>(&self, shape: K, input: &Input<'_>, pairs: &mut Pairs) {
        let (rows, hashes) = (input.selection().rows(), &pairs.hashes);
        let view = self.index.view();
        view.prefetch(&hashes[..BLOCK_ROWS.min(hashes.len())]);
        for start in (0..rows.len()).step_by(BLOCK_ROWS) {
            let end = (start + BLOCK_ROWS).min(rows.len());
            let mut likely = [0; BLOCK_ROWS];
            view.candidates(&hashes[start..end], self.base, &mut likely);
            view.prefetch(&hashes[end..hashes.len().min(end + BLOCK_ROWS)]);
            for position in start..end {
                // SAFETY: rows of an input are rows of its batch; places in the index are rows of this table.
                let same = |place: usize| unsafe { shape.same(rows[position] as usize, self.base.add(place)) };
                let head = match likely[position - start] {
                    0 => 0,
                    place if same(place) => place,
                    // Another key of the same tag: the right one may stand behind it.
                    _ => self.index.find(hashes[position], same).unwrap_or(0),
                };
                pairs.heads.push(head);
            }
        }
    }

    /// Lists the next pairs of a probed input, at most [`WINDOW_ROWS`]; whether there are more. The order is by probe row; `pairs`
    /// remembers how far it came.
    pub fn next_pairs(&self, input: &Input<'_>, from: &mut usize, pairs: &mut Pairs) -> bool {
        pairs.probed.clear();
        pairs.built.clear();
        if pairs.table != self.id || pairs.batch_rows != input.batch().rows() {
            return false; // pairs of another table, or of another batch
        }
        let next_leaf = self.next_leaf();
        let rows = input.selection().rows();
        while let (Some(&row), Some(head)) = (rows.get(*from), pairs.heads.get_mut(*from)) {
            while *head != 0 {
                if pairs.probed.len() == WINDOW_ROWS {
                    return true;
                }
                pairs.probed.push(row as usize);
                pairs.built.push(*head);
                // SAFETY: `head` is the place of a row of this table, whose hidden leaf `build` wrote.
                *head = unsafe { self.base.add(*head + next_leaf).cast::<u64>().read_unaligned() } as usize;
            }
            *from += 1;
        }
        false
    }

    /// Calls `f` with the leaves of the join's left and right side, and the pairs. `built_left` says which side this table is,
    /// so that the user's closure is compiled once, whichever side is built.
    #[inline(always)]
    pub fn visit<R>(
        &self,
        input: &Input<'_>,
        pairs: &Pairs,
        built_left: bool,
        f: impl for<'l, 'r> FnOnce(LeafReader<'l>, LeafReader<'r>, PairRows<'l, 'r>) -> R,
    ) -> R {
        let leaves = (0..self.layout.types().len() - 1).map(|leaf| self.stored_leaf(leaf));
        // SAFETY: read only at `pairs`' places, rows of this table, which is borrowed meanwhile.
        let built = unsafe { Batch::from_leaves(usize::MAX, leaves) };
        // Pairs of another table, or of a batch with other rows, are none.
        let own = pairs.table == self.id && pairs.batch_rows == input.batch().rows();
        let (probed, places) = if own { (&pairs.probed[..], &pairs.built[..]) } else { (&[][..], &[][..]) };
        let (probe, built) = ((input.batch(), probed), (&built, places));
        let (left, right) = if built_left { (built, probe) } else { (probe, built) };
        let rows = PairRows { left: left.1, right: right.1, brands: PhantomData };
        f(LeafReader::new(left.0), LeafReader::new(right.0), rows)
    }
}

/// Pairs of rows under the brands of both sides.
#[derive(Clone, Copy)]
pub struct PairRows<'l, 'r> {
    left: &'l [usize],
    right: &'r [usize],
    #[allow(clippy::type_complexity, reason = "two brands")]
    brands: PhantomData<(fn(&'l ()) -> &'l (), fn(&'r ()) -> &'r ())>,
}

impl<'l, 'r> PairRows<'l, 'r> {
    /// How many.
    #[inline(always)]
    #[must_use]
    pub fn len(self) -> usize {
        self.left.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.left.is_empty()
    }

    /// The left and the right row of one pair.
    #[inline(always)]
    #[must_use]
    pub fn get(self, pair: usize) -> (Row<'l>, Row<'r>) {
        let left = Row { index: self.left[pair], brand: PhantomData };
        (left, Row { index: self.right[pair], brand: PhantomData })
    }
}
