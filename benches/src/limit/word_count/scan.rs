//! Finds white space 64 bytes at a time.

/// Bytes per step.
pub(super) const STRIDE: usize = 64;

/// Offsets in a block, ascending. Capacity exceeds the used entries by one step, because a step
/// writes all of its offsets at the same time.
pub(super) type Offsets = Vec<u32>;

/// Appends the offset in `text` of every ASCII white space in `range`, whose length is rounded up
/// to whole steps.
///
/// # Panics
/// Panics if `text` ends before the last step.
pub(super) fn white_space(text: &[u8], range: std::ops::Range<usize>, offsets: &mut Offsets) {
    let steps = range.len().div_ceil(STRIDE);
    let text_of_steps = &text[range.start..range.start + steps * STRIDE];
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512vbmi2") && is_x86_feature_detected!("avx512bw") {
        // SAFETY: the features the function is compiled with were detected.
        return unsafe { avx512::white_space(text_of_steps, range.start as u32, offsets) };
    }
    portable::white_space(text_of_steps, range.start as u32, offsets);
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::{Offsets, STRIDE};

    /// Natural language nearly always has at most 16 words in 64 bytes.
    const USUAL: usize = 16;

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    pub(super) fn white_space(text: &[u8], base: u32, offsets: &mut Offsets) {
        let every_offset = _mm512_loadu_epi8_array(&std::array::from_fn(|index| index as i8));
        let mut step_base = base;
        for step in text.chunks_exact(STRIDE) {
            // SAFETY: the chunk has 64 bytes.
            let bytes = unsafe { _mm512_loadu_si512(step.as_ptr().cast()) };
            let found = mask(bytes);
            let count = found.count_ones() as usize;
            let packed = _mm512_maskz_compress_epi8(found, every_offset);
            offsets.reserve(STRIDE);
            let len = offsets.len();
            // SAFETY: 64 entries are reserved after `len`; the writes below fill at most those,
            // each whole quarter.
            let out = unsafe { offsets.as_mut_ptr().add(len) };
            write_quarter(_mm512_castsi512_si128(packed), step_base, out);
            if count > USUAL {
                // SAFETY: as above, quarters 1 to 3 of the 64 entries.
                unsafe {
                    write_quarter(_mm512_extracti32x4_epi32::<1>(packed), step_base, out.add(16));
                    write_quarter(_mm512_extracti32x4_epi32::<2>(packed), step_base, out.add(32));
                    write_quarter(_mm512_extracti32x4_epi32::<3>(packed), step_base, out.add(48));
                }
            }
            // SAFETY: the first `count` entries after `len` were written, and `count` is at most
            // 64.
            unsafe { offsets.set_len(len + count) };
            step_base += STRIDE as u32;
        }
    }

    /// Space, and 9 to 13 except the vertical tab.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn mask(bytes: __m512i) -> u64 {
        let from_tab = _mm512_sub_epi8(bytes, _mm512_set1_epi8(9));
        let control = _mm512_cmple_epu8_mask(from_tab, _mm512_set1_epi8(4));
        let vertical_tab = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(11));
        _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(b' ' as i8)) | (control & !vertical_tab)
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn write_quarter(packed: __m128i, base: u32, out: *mut u32) {
        let offsets = _mm512_add_epi32(_mm512_cvtepu8_epi32(packed), _mm512_set1_epi32(base as i32));
        // SAFETY: the caller has room for 16 entries at `out`.
        unsafe { _mm512_storeu_si512(out.cast(), offsets) };
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn _mm512_loadu_epi8_array(array: &[i8; STRIDE]) -> __m512i {
        // SAFETY: the array has 64 bytes.
        unsafe { _mm512_loadu_si512(array.as_ptr().cast()) }
    }
}

mod portable {
    use super::{Offsets, STRIDE};

    pub(super) fn white_space(text: &[u8], base: u32, offsets: &mut Offsets) {
        let mut step_base = base;
        for step in text.chunks_exact(STRIDE) {
            let mut found = mask(step);
            while found != 0 {
                offsets.push(step_base + found.trailing_zeros());
                found &= found - 1;
            }
            step_base += STRIDE as u32;
        }
    }

    /// One bit per byte, eight bytes at a time: a multiplication gathers the low bits of eight
    /// bytes in one byte.
    fn mask(step: &[u8]) -> u64 {
        let flags: [u8; STRIDE] = std::array::from_fn(|index| u8::from(step[index].is_ascii_whitespace()));
        let gather = |word: &[u8]| {
            let ones = word.iter().rev().fold(0_u64, |ones, &flag| ones << 8 | u64::from(flag));
            ones.wrapping_mul(0x0102_0408_1020_4080) >> 56
        };
        flags.chunks_exact(8).rev().fold(0, |mask, word| mask << 8 | gather(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_implementation_finds_the_same_white_space() {
        // All byte values, then runs of white space longer than usual.
        let mut text: Vec<u8> = (0..=255).collect();
        text.extend_from_slice(&[b' '; 64]);
        text.extend_from_slice(b"words between spaces and\ttabs, and one long stretch without anything".as_slice());
        text.resize(512, b'x');
        let expected: Vec<u32> = (3..3 + 448).filter(|&at| text[at as usize].is_ascii_whitespace()).collect();
        let mut chosen = Offsets::new();
        white_space(&text, 3..3 + 448 - 10, &mut chosen);
        assert_eq!(chosen, expected);
        let mut portable = Offsets::new();
        portable::white_space(&text[3..3 + 448], 3, &mut portable);
        assert_eq!(portable, expected);
    }
}
