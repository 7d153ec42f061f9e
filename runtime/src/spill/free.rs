//! Free space of a spill file: pages that will not be read again.
//!
//! New pages are written there first. So a file that is written and read at the same time does not
//! grow. If there are more than [`MAX_FREE_BYTES`], pieces of at least [`MIN_HOLE_BYTES`] are
//! returned to the disk. Each hole in a file is work for the system. After this number of bytes was
//! freed, most small pieces have joined into large ones.

use std::collections::BTreeMap;

/// Free bytes that a file keeps. If there are more, large pieces are returned to the disk.
const MAX_FREE_BYTES: u64 = 64 << 20;

/// The smallest piece that is returned to the disk. Smaller ones wait until their neighbours are
/// free.
const MIN_HOLE_BYTES: u64 = 1 << 20;

/// The number of pieces that an allocation looks at.
const MAX_SEARCHED_PIECES: usize = 16;

/// Free pieces of a file.
#[derive(Debug, Default)]
pub(super) struct FreeSpace {
    /// Length by offset. No two pieces are adjacent.
    pieces: BTreeMap<u64, u64>,
    bytes: u64,
    /// Free bytes that stayed after the last return to the disk, in pieces that were too small.
    small_bytes: u64,
}

impl FreeSpace {
    /// Allocates `bytes` in one piece. Returns the offset, or `None` if the first pieces are too
    /// small.
    pub(super) fn take(&mut self, bytes: u64) -> Option<u64> {
        let offset = self
            .pieces
            .iter()
            .take(MAX_SEARCHED_PIECES)
            .find(|&(_, &length)| length >= bytes)
            .map(|(&offset, _)| offset)?;
        let length = self.pieces.remove(&offset)?;
        if length > bytes {
            self.pieces.insert(offset + bytes, length - bytes);
        }
        self.bytes -= bytes;
        Some(offset)
    }

    /// Adds a piece. Returns pieces to punch out of the file; they are no longer free space.
    pub(super) fn add(&mut self, offset: u64, bytes: u64) -> Vec<(u64, u64)> {
        self.bytes += bytes;
        let (mut begin, mut end) = (offset, offset + bytes);
        if let Some((&before, &length)) = self.pieces.range(..offset).next_back()
            && before + length == offset
        {
            self.pieces.remove(&before);
            begin = before;
        }
        if let Some(length) = self.pieces.remove(&end) {
            end += length;
        }
        self.pieces.insert(begin, end - begin);
        if self.bytes < self.small_bytes + MAX_FREE_BYTES {
            return Vec::new();
        }
        let holes: Vec<(u64, u64)> = self.pieces.extract_if(.., |_, length| *length >= MIN_HOLE_BYTES).collect();
        self.bytes -= holes.iter().map(|(_, length)| length).sum::<u64>();
        self.small_bytes = self.bytes;
        holes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_reused_and_returned_in_large_pieces() {
        const PAGE: u64 = 64 << 10;
        let mut free = FreeSpace::default();
        assert_eq!(free.take(PAGE), None);
        assert!(
            free.add(3 * PAGE, PAGE).is_empty()
                && free.add(PAGE, PAGE).is_empty()
                && free.add(2 * PAGE, PAGE).is_empty()
        );
        assert_eq!(free.take(4 * PAGE), None);
        assert_eq!((free.take(2 * PAGE), free.take(PAGE), free.take(PAGE)), (Some(PAGE), Some(3 * PAGE), None));
        // One small piece before a large one does not hide it, but `MAX_SEARCHED_PIECES` do.
        for pieces in [1, MAX_SEARCHED_PIECES as u64] {
            (0..pieces).for_each(|piece| _ = free.add(2 * piece * PAGE, PAGE));
            _ = free.add(100 * PAGE, 4 * PAGE);
            assert_eq!(free.take(4 * PAGE), (pieces == 1).then_some(100 * PAGE));
            while free.take(PAGE).is_some() {}
        }
        // Every second page, and then the pages in between.
        let pages = 2 * MAX_FREE_BYTES / PAGE;
        let scattered: Vec<_> = (0..pages).flat_map(|page| free.add(2 * page * PAGE, PAGE)).collect();
        assert_eq!(scattered, []);
        let mut holes: Vec<_> = (0..pages).flat_map(|page| free.add((2 * page + 1) * PAGE, PAGE)).collect();
        holes.sort_unstable();
        assert!(holes.iter().all(|(_, length)| *length >= MIN_HOLE_BYTES) && holes.len() < 8, "{holes:?}");
        assert!(holes.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0));
        assert_eq!(holes.iter().map(|(_, length)| length).sum::<u64>() + free.bytes, 2 * pages * PAGE);
        assert!(free.bytes <= 2 * MAX_FREE_BYTES);
    }
}
