//! Methods on texts for closures over records.

use crate::Like;

/// Methods on texts, in addition to those of `str`.
pub trait TextExt {
    /// Returns the words between ASCII white space, like [`str::split_ascii_whitespace`]. It tests
    /// 64 bytes at a time without branches, and is about twice as fast.
    ///
    /// ```
    /// use dataflow::prelude::*;
    ///
    /// assert!(" to be,\tor not\n".words().eq(["to", "be,", "or", "not"]));
    /// ```
    fn words(&self) -> Words<'_>;

    /// Returns `true` if the text matches a pattern of SQL's `LIKE`: `s.comment.like(&unwanted)`.
    /// Create the pattern once, with `Like::new("%special%requests%")`. The optimizer moves a
    /// filter with `like` like one with `contains`. `like` takes 0.2 to 0.7 of the time of
    /// `contains`.
    ///
    /// ```
    /// use dataflow::prelude::*;
    ///
    /// assert!("PROMO BRUSHED TIN".like(&Like::new("PROMO%T_N")));
    /// ```
    fn like(&self, pattern: &Like) -> bool;
}

impl TextExt for str {
    #[inline]
    fn words(&self) -> Words<'_> {
        Words { text: self, start: 0, base: 0, ends: word_ends_of(self.as_bytes(), 0) }
    }

    #[inline]
    fn like(&self, pattern: &Like) -> bool {
        pattern.matches(self)
    }
}

/// An iterator over the words of a text; see [`TextExt::words`].
#[derive(Clone, Debug)]
pub struct Words<'t> {
    text: &'t str,
    /// The start of the next word, or of white space before it.
    start: usize,
    /// The byte of the text for the lowest bit of `ends`.
    base: usize,
    /// Word ends that are not consumed yet, one bit per byte.
    ends: u64,
}

/// Bytes per step.
const STEP: usize = u64::BITS as usize;

impl<'t> Iterator for Words<'t> {
    type Item = &'t str;

    #[inline]
    fn next(&mut self) -> Option<&'t str> {
        loop {
            while self.ends == 0 {
                self.base += STEP;
                if self.base > self.text.len() {
                    return None;
                }
                self.ends = word_ends_of(self.text.as_bytes(), self.base);
            }
            let end = self.base + self.ends.trailing_zeros() as usize;
            self.ends &= self.ends - 1;
            let word = self.text.get(self.start..end).unwrap_or_default();
            self.start = end + 1;
            if !word.is_empty() {
                return Some(word);
            }
        }
    }
}

impl std::iter::FusedIterator for Words<'_> {}

/// Returns a bit for each of the 64 bytes from `base` that ends a word: white space, and the end of
/// the text.
#[inline]
fn word_ends_of(text: &[u8], base: usize) -> u64 {
    let rest = text.get(base..).unwrap_or_default();
    if let Some(step) = rest.first_chunk() {
        return white_space_bits(step);
    }
    let mut last = [0; STEP];
    last[..rest.len()].copy_from_slice(rest);
    white_space_bits(&last) | 1 << rest.len()
}

/// Returns a bit for each byte that is white space.
#[inline(always)]
fn white_space_bits(bytes: &[u8; STEP]) -> u64 {
    // The comparisons are independent, so the compiler vectorizes them. Then one multiplication per
    // eight bytes gathers the flags in the highest byte.
    let flags = bytes.map(|byte| u8::from(byte == b' ') | (u8::from(byte.wrapping_sub(9) < 5) & u8::from(byte != 11)));
    let (words, _) = flags.as_chunks::<8>();
    let gathered = |flags: &[u8; 8]| u64::from_le_bytes(*flags).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    words.iter().rev().fold(0, |bits, flags| bits << 8 | gathered(flags))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_equal_split_ascii_whitespace(text in "([a-zé\u{b}\u{c}\r]{0,9}[ \t\n]{0,3}){0,40}") {
            let words: Vec<_> = text.words().collect();
            let expected: Vec<_> = text.split_ascii_whitespace().collect();
            prop_assert_eq!(words, expected);
        }
    }

    #[test]
    fn white_space_is_detected_for_every_byte() {
        for place in 0..STEP {
            for byte in 0..=u8::MAX {
                let mut bytes = [b'x'; STEP];
                bytes[place] = byte;
                assert_eq!(
                    white_space_bits(&bytes),
                    u64::from(byte.is_ascii_whitespace()) << place,
                    "{byte} at {place}"
                );
            }
        }
    }

    #[test]
    fn last_word_ends_at_every_text_length() {
        for length in 0..200 {
            let text = "x".repeat(length);
            assert!(text.words().eq((length > 0).then_some(text.as_str())), "{length}");
            let text = " ".repeat(length) + "y";
            assert!(text.words().eq(["y"]), "{length}");
        }
    }
}
