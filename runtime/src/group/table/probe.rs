//! Finds the groups of rows, and opens missing groups.
//!
//! Three loops do the same for different inputs:
//! * `probe_few`: at most [`FEW_GROUPS`] groups. A small cache by a cheap code finds most of them
//!   without a hash.
//! * `probe_clustered`: rows often follow others of their group. A run of them is looked up once.
//! * `probe_scattered`: all other inputs. Blocks of rows are looked up together, so that loads from
//!   memory overlap.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::groups::Groups;
use crate::group::table::parting::PartSet;
use crate::group::table::store::Opening;
use crate::group::table::{GroupTable, NewGroups};
use crate::hash::{KeyShape, Parts, with_shape};
use crate::page::{Input, Selection};

/// Rows probed together. Their index lines and stored rows are loaded while others are hashed, and
/// stay in the first-level cache.
const BLOCK_ROWS: usize = 64;

/// Most groups of a table whose rows are looked up in a cache before the index.
const FEW_GROUPS: usize = 64;

/// Number of entries of that cache, a power of two.
const RECENT: usize = 256;

/// Spreads codes over that cache by the top bits of the product.
const CODE_FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Most bytes of an index that stays in the second-level cache of a core.
const NEAR_BYTES: usize = 256 << 10;

/// The place of no row.
const NO_PLACE: usize = 0;

impl GroupTable {
    /// Finds the group of each row, by the batch's leaves `key`, and opens missing groups. A new
    /// row has the leaves in `copied` (leaf of the table, leaf of the batch; the key among them)
    /// from the batch, and zeros elsewhere. Rows whose new group finds no room are
    /// [missed](Groups::missed), unless growth is [required](crate::group::GrowthPolicy::Required).
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn probe(
        &mut self,
        input: &Input<'_>,
        key: &[usize],
        copied: &[(usize, usize)],
        groups: &mut Groups,
    ) -> Result<()> {
        groups.places.clear();
        groups.fresh.clear();
        groups.missed.clear();
        groups.table = self.id;
        if self.new_groups == NewGroups::Bypass {
            return self.open_each(input, key, &Opening::of(&self.store, input.batch(), copied), groups);
        }
        let leaves = self.compared(input.batch(), key);
        let opening = Opening::of(&self.store, input.batch(), copied);
        if key.is_empty() {
            self.probe_one(Parts(&leaves), input.selection().rows(), &opening, groups)?;
        } else {
            with_shape!(&leaves, shape => self.probe_shape(shape, input, &opening, groups))?;
        }
        if !groups.missed.is_empty() {
            // No group is opened after the first one that is missed, so fresh ones keep their
            // positions.
            groups.places.retain(|&place| place != NO_PLACE);
        }
        Ok(())
    }

    /// Divides the rows of an input, by the batch's leaves `key`, into those outside of some parts
    /// and those in them.
    pub fn divide(&self, input: &Input<'_>, key: &[usize], parts: &PartSet, divided: &mut [Selection; 2]) {
        let leaves = self.compared(input.batch(), key);
        let rows = input.selection().rows();
        let mut inside = SmallVec::<[bool; 1024]>::new();
        with_shape!(&leaves, shape => {
            // SAFETY: rows of an input are rows of its batch.
            inside.extend(rows.iter().map(|&row| parts[self.part_of(unsafe { shape.hash(row as usize) })]));
        });
        for (inner, selection) in [false, true].into_iter().zip(divided) {
            let rows = rows.iter().zip(&inside).filter(|&(_, &inside)| inside == inner);
            selection.set(rows.map(|(&row, _)| row));
        }
    }

    fn probe_shape<K: KeyShape>(
        &mut self,
        shape: K,
        input: &Input<'_>,
        opening: &Opening,
        groups: &mut Groups,
    ) -> Result<()> {
        let rows = input.selection().rows();
        if self.len() <= FEW_GROUPS {
            return self.probe_few(shape, rows, opening, groups);
        }
        groups.hashes.clear();
        // SAFETY: rows of an input are rows of its batch.
        groups.hashes.extend(rows.iter().map(|&row| unsafe { shape.hash(row as usize) }));
        let hashes = std::mem::take(&mut groups.hashes);
        let probed = if is_clustered(&hashes) {
            self.probe_clustered(shape, rows, &hashes, opening, groups)
        } else {
            self.probe_scattered(shape, rows, &hashes, opening, groups)
        };
        groups.hashes = hashes;
        probed
    }

    /// Looks up rows in blocks.
    fn probe_scattered<K: KeyShape>(
        &mut self,
        shape: K,
        rows: &[u32],
        hashes: &[u64],
        opening: &Opening,
        groups: &mut Groups,
    ) -> Result<()> {
        groups.places.resize(rows.len(), NO_PLACE);
        // A small table is in the cache already, and prefetching would only cost time.
        let far = self.index.bytes() > NEAR_BYTES;
        if far {
            self.index.view().prefetch(&hashes[..BLOCK_ROWS.min(hashes.len())]);
        }
        for start in (0..rows.len()).step_by(BLOCK_ROWS) {
            let end = (start + BLOCK_ROWS).min(rows.len());
            let (rows, known) = (&rows[start..end], &hashes[start..end]);
            let mut likely = [0; BLOCK_ROWS];
            let view = self.index.view();
            view.candidates(known, self.store.base, self.store.layout.width() - 1, &mut likely);
            if far {
                view.prefetch(&hashes[end..hashes.len().min(end + BLOCK_ROWS)]);
            }
            let mut missed = [0u8; BLOCK_ROWS];
            // SAFETY: rows of an input are rows of its batch; candidates are places of this table's
            // rows.
            let misses =
                unsafe { verify(shape, rows, &likely, self.store.base, &mut groups.places[start..end], &mut missed) };
            for &offset in &missed[..misses] {
                let offset = usize::from(offset);
                let (row, hash) = (rows[offset] as usize, known[offset]);
                // Another key of the same tag, a new key, or one that a row just before has opened.
                // SAFETY: rows of an input are rows of its batch, which the opening was made for.
                let place = unsafe { self.find_or_open(shape, (start + offset, row, hash), opening, groups)? };
                groups.places[start + offset] = place;
            }
        }
        Ok(())
    }

    /// Looks up each run of rows of one group once. A file that is ordered by the key has such
    /// runs.
    fn probe_clustered<K: KeyShape>(
        &mut self,
        shape: K,
        rows: &[u32],
        hashes: &[u64],
        opening: &Opening,
        groups: &mut Groups,
    ) -> Result<()> {
        let base = self.store.base;
        let far = self.index.bytes() > NEAR_BYTES;
        let (mut last_hash, mut last) = (0, NO_PLACE);
        for (position, (&row, &hash)) in rows.iter().zip(hashes).enumerate() {
            if far && position.is_multiple_of(BLOCK_ROWS) {
                let ahead = hashes.len().min(position + BLOCK_ROWS)..hashes.len().min(position + 2 * BLOCK_ROWS);
                self.index.view().prefetch(&hashes[ahead]);
            }
            let row = row as usize;
            // SAFETY: rows of an input are rows of its batch; the last place is that of a row of
            // this table.
            let follows = hash == last_hash && last != NO_PLACE && unsafe { shape.same(row, base.add(last)) };
            if !follows {
                // SAFETY: rows of an input are rows of its batch, which the opening was made for.
                last = unsafe { self.find_or_open(shape, (position, row, hash), opening, groups)? };
                last_hash = hash;
            }
            groups.places.push(last);
        }
        Ok(())
    }

    /// Without a key, all rows are of one group. Looks up the first row for all of them.
    fn probe_one<K: KeyShape>(&mut self, shape: K, rows: &[u32], opening: &Opening, groups: &mut Groups) -> Result<()> {
        let Some(first) = rows.get(..1) else { return Ok(()) };
        self.probe_few(shape, first, opening, groups)?;
        groups.places.resize(rows.len(), groups.places.first().copied().unwrap_or(NO_PLACE));
        if !groups.missed.is_empty() {
            groups.missed.extend(1..rows.len() as u32);
        }
        Ok(())
    }

    /// Looks up rows in a small cache by a code that is cheap to compute, and in the index if it
    /// has another group. Most rows need no hash, and no access to the row of their group.
    fn probe_few<K: KeyShape>(&mut self, shape: K, rows: &[u32], opening: &Opening, groups: &mut Groups) -> Result<()> {
        let base = self.store.base;
        // Codes with the place of their group. A place is a multiple of eight and not 0. Its lowest
        // bit is set if the code is exact.
        let mut recent = [(0u64, 0usize); RECENT];
        groups.hashes.clear();
        for (position, &row) in rows.iter().enumerate() {
            let row = row as usize;
            // SAFETY: rows of an input are rows of its batch; places in `recent` are rows of this
            // table.
            let same = |place: usize| unsafe { shape.same(row, base.add(place)) };
            // SAFETY: rows of an input are rows of its batch.
            let code = unsafe { shape.code(row) };
            let slot = (code.number.wrapping_mul(CODE_FACTOR) >> (u64::BITS - RECENT.trailing_zeros())) as usize;
            let (known, entry) = recent[slot];
            let exact = usize::from(code.exact);
            let mut place = entry & !1;
            let found = place != 0 && known == code.number && (entry & exact == 1 || same(place));
            if !found {
                // SAFETY: as above.
                let hash = unsafe { shape.hash(row) };
                // SAFETY: rows of an input are rows of its batch, which the opening was made for.
                place = unsafe { self.find_or_open(shape, (position, row, hash), opening, groups)? };
                if place != NO_PLACE {
                    recent[slot] = (code.number, place | exact);
                }
            }
            groups.places.push(place);
        }
        Ok(())
    }

    /// Returns the place of the group of a row, given with its position in the input and its hash.
    /// Opens a missing group. Returns [`NO_PLACE`] if there is no room for it.
    ///
    /// # Safety
    /// As [`GroupTable::open_at`]; the shape is of that batch.
    #[inline(always)]
    unsafe fn find_or_open<K: KeyShape>(
        &mut self,
        shape: K,
        (position, row, hash): (usize, usize, u64),
        opening: &Opening,
        groups: &mut Groups,
    ) -> Result<usize> {
        let base = self.store.base;
        // SAFETY: the caller's promise; places in the index are rows of this table.
        match self.index.find(hash, |place| unsafe { shape.same(row, base.add(place)) }) {
            Some(place) => Ok(place),
            // SAFETY: the caller's promise.
            None => unsafe { self.open_at(position, opening, row, hash, groups) },
        }
    }

    /// Opens the group of the row at a position of the input. Returns its place, or [`NO_PLACE`].
    ///
    /// # Safety
    /// `row` is a row of the batch that the opening was made for.
    unsafe fn open_at(
        &mut self,
        position: usize,
        opening: &Opening,
        row: usize,
        hash: u64,
        groups: &mut Groups,
    ) -> Result<usize> {
        // After one group was refused, others would be refused too.
        // SAFETY: the caller's promise.
        let place = if groups.missed.is_empty() { unsafe { self.open(opening, row, hash)? } } else { None };
        match place {
            Some(_) => groups.fresh.push(position as u32),
            None => groups.missed.push(position as u32),
        }
        Ok(place.unwrap_or(NO_PLACE))
    }
}

/// Whether more than half of the rows have the hash of the row before.
fn is_clustered(hashes: &[u64]) -> bool {
    let following = hashes.iter().zip(hashes.iter().skip(1)).filter(|(hash, next)| hash == next).count();
    following * 2 > hashes.len()
}

/// Compares rows with their candidates, in a loop without calls. Sets the places of rows whose
/// candidate has their key, and lists the others in `missed`. Returns their number.
///
/// # Safety
/// `rows` are rows of the shape's batch; each candidate is 0 or the place of a row of the shape's
/// table.
#[inline(always)]
unsafe fn verify<K: KeyShape>(
    shape: K,
    rows: &[u32],
    likely: &[usize; BLOCK_ROWS],
    base: *const u8,
    places: &mut [usize],
    missed: &mut [u8; BLOCK_ROWS],
) -> usize {
    let mut misses = 0;
    for (offset, ((&row, &candidate), place)) in rows.iter().zip(likely).zip(places).enumerate() {
        // SAFETY: the caller's promise.
        if candidate != 0 && unsafe { shape.same(row as usize, base.add(candidate)) } {
            *place = candidate;
        } else {
            missed[misses] = offset as u8;
            misses += 1;
        }
    }
    misses
}
