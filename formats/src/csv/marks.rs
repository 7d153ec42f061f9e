//! Finds the bytes that separate fields and records.

/// Bytes that are searched at a time. Their marks fit in a core's first-level cache.
pub(super) const SECTION_BYTES: usize = 4096;

/// Bytes that one `u64` of bits describes.
const WORD_BYTES: usize = 64;

/// Marks of a section, as offsets in the block.
#[derive(Debug, Default)]
pub(super) struct Marks {
    places: Vec<u32>,
    count: usize,
}

impl Marks {
    /// Returns the marks of the last section.
    pub(super) fn places(&self) -> &[u32] {
        &self.places[..self.count]
    }

    /// Finds the bytes that equal one of `marks` in a section that begins at offset `base` of the
    /// block.
    pub(super) fn find(&mut self, section: &[u8], base: usize, marks: [u8; 3]) {
        self.count = 0;
        // Room for a mark at each byte, and for the entries that are written beyond the last one.
        self.places.resize(SECTION_BYTES + WORD_BYTES, 0);
        let (words, rest) = section.as_chunks::<WORD_BYTES>();
        for (index, word) in words.iter().enumerate() {
            self.add(bits_of(word, marks), base + index * WORD_BYTES);
        }
        if !rest.is_empty() {
            let mut last = [0; WORD_BYTES];
            last[..rest.len()].copy_from_slice(rest);
            self.add(bits_of(&last, marks) & ((1 << rest.len()) - 1), base + words.len() * WORD_BYTES);
        }
    }

    /// Adds the offsets of the set bits. Writes eight at a time, so that the loop runs once or
    /// twice and its branches are predicted.
    #[inline(always)]
    fn add(&mut self, mut bits: u64, base: usize) {
        let count = bits.count_ones() as usize;
        let Some(places) = self.places[self.count..].first_chunk_mut::<WORD_BYTES>() else {
            return;
        };
        for eight in places.as_chunks_mut::<8>().0.iter_mut().take(count.div_ceil(8)) {
            for place in eight {
                *place = base as u32 + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
        }
        self.count += count;
    }
}

/// Returns one bit per byte, set if the byte is one of the three.
#[inline(always)]
fn bits_of(word: &[u8; WORD_BYTES], [first, second, third]: [u8; 3]) -> u64 {
    let hits = word.map(|byte| u8::from((byte == first) | (byte == second) | (byte == third)));
    let mut bits = 0;
    for (index, eight) in hits.as_chunks::<8>().0.iter().enumerate() {
        // The highest byte of the product collects the lowest bits of all eight bytes.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * index);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_at_any_offset() {
        let mut section: Vec<u8> = (0..1000_u32).map(|at| b"abc,\n\"xyz"[(at * at % 9) as usize]).collect();
        section.extend([b','; 200]);
        for length in [0, 1, 63, 64, 65, 127, 500, section.len()] {
            let mut marks = Marks::default();
            marks.find(&section[..length], 7, [b',', b'\n', b'"']);
            let is_mark = |at: &usize| b",\n\"".contains(&section[*at]);
            let expected: Vec<u32> = (0..length).filter(is_mark).map(|at| at as u32 + 7).collect();
            assert_eq!(marks.places(), expected, "{length}");
        }
    }
}
