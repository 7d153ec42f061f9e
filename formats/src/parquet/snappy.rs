//! Snappy, for pages of numbers and for the beginnings of pages.
//!
//! A dictionary of numbers that hardly repeat, such as keys and prices, becomes pairs of a few literal bytes and a copy: the bytes in which a number differs from an
//! earlier one, and those in which it does not. Here a pair is one load of eight bytes and one store: a number is put together in a register, so that no load waits
//! for parts of what was just stored, and no branch asks of what kind a copy is, which nobody can predict. Whatever else comes is left to the `snap` crate, damaged
//! streams among it, so that its words say what is wrong with them.
//!
//! The format: <https://github.com/google/snappy/blob/main/format_description.txt>.

use std::hint::select_unpredictable;

use crate::parquet::varint::varint;

/// Elements that are no pairs are slow here: beyond so many, and one for each so many bytes, the page is better left to the crate.
const OTHERS: usize = 64;

/// Decompresses a page whose pairs are of eight-byte numbers, 3 ns each (4.5 by the crate), into as many bytes as it becomes. None where the page is not of that kind, or is
/// damaged: then `output` holds anything.
pub(super) fn decompress_numbers(compressed: &[u8], output: &mut [u8]) -> Option<()> {
    let mut at = 0;
    if varint(compressed, &mut at)? != output.len() as u64 {
        return None;
    }
    let mut others = OTHERS + output.len() / OTHERS;
    let mut end = 0;
    while end < output.len() {
        others = others.checked_sub(1)?;
        (at, end) = element(compressed, at, output, end)?;
        (at, end) = pairs(compressed, at, output, end);
    }
    (at == compressed.len() && end == output.len()).then_some(())
}

/// The first bytes of what was compressed, as many as wanted. None where there are fewer, or the stream is damaged before their end.
pub(super) fn decompress_beginning(compressed: &[u8], wanted: usize) -> Option<Vec<u8>> {
    let mut at = 0;
    varint(compressed, &mut at)?;
    let mut output = vec![0; wanted];
    let mut end = 0;
    while end < wanted {
        (at, end) = element(compressed, at, &mut output, end)?;
        (at, end) = pairs(compressed, at, &mut output, end);
    }
    Some(output)
}

/// One element: literal bytes, or a copy of what came before. Where the next one begins, and where the output ends then, which may be beyond its room: what has
/// none is not written.
fn element(compressed: &[u8], at: usize, output: &mut [u8], end: usize) -> Option<(usize, usize)> {
    let tag = *compressed.get(at)?;
    let (upper, at) = (usize::from(tag >> 2), at + 1);
    let number = |bytes: usize| {
        let number = compressed.get(at..at + bytes)?;
        Some(number.iter().rev().fold(0_usize, |number, &byte| number << 8 | usize::from(byte)))
    };
    let room = output.len() - end;
    let (length, distance, at) = match tag & 3 {
        0 => {
            let bytes = upper.saturating_sub(59);
            let length = 1 + if bytes == 0 { upper } else { number(bytes)? };
            let (at, kept) = (at + bytes, length.min(room));
            output[end..end + kept].copy_from_slice(compressed.get(at..at + kept)?);
            return Some((at + length, end + length));
        }
        1 => (4 + (upper & 7), usize::from(tag >> 5) << 8 | number(1)?, at + 1),
        2 => (1 + upper, number(2)?, at + 2),
        _ => (1 + upper, number(4)?, at + 4),
    };
    let from = end.checked_sub(distance).filter(|_| distance > 0)?;
    let kept = length.min(room);
    if distance >= kept {
        output.copy_within(from..from + kept, end);
    } else {
        // It copies what it has copied itself.
        (0..kept).for_each(|byte| output[end + byte] = output[from + byte]);
    }
    Some((at, end + length))
}

/// Bytes of a number.
const NUMBER: usize = size_of::<u64>();
/// With more literal bytes a pair, whose tags are four, is longer than what one load brings.
const LONGEST_LITERAL: usize = NUMBER - 4;
/// Bytes that a pair may become, and those in which a pair and the first eight bytes behind it are.
const PAIR: usize = 2 * NUMBER;

/// As many pairs as stand here, but for the last bytes of the stream and of the output. Where the next element begins, and where the output ends then.
fn pairs(compressed: &[u8], mut at: usize, output: &mut [u8], mut end: usize) -> (usize, usize) {
    let mut pair = number(compressed, at);
    while let Some(stream) = compressed.get(at..).and_then(|rest| rest.first_chunk::<PAIR>()) {
        // The two lower bits of a tag say that it is a literal, the others how long it is but for one.
        let literal = usize::from((pair as u8).rotate_right(2)) + 1;
        if literal > LONGEST_LITERAL {
            break;
        }
        let copy = (pair >> 8 >> (8 * literal)) as usize;
        // Of a distance of eleven bits the tag holds the upper three, and a length from four on; one of sixteen stands apart.
        let (is_near, is_far) = (copy & 1 != 0, copy & 2 != 0);
        let near = (copy >> 5 & 7) << 8 | copy >> 8 & 0xFF;
        let distance = select_unpredictable(is_far, copy >> 8 & 0xFFFF, near);
        let copied = select_unpredictable(is_far, (copy >> 2 & 63) + 1, (copy >> 2 & 7) + 4);
        // Where the next pair begins is known only when this one is understood: both places are read meanwhile,
        // and before the stores below, of which the compiler cannot know that they are elsewhere.
        let next = literal + 3;
        let (behind_near, behind_far) = (number(stream, next), number(stream, next + 1));
        let becomes = literal + copied;
        // Both bits are a copy of another kind, none a literal. A distance of less than a number copies what the pair itself writes.
        if (is_near == is_far) | (distance < NUMBER) | (becomes > PAIR) {
            break;
        }
        let Some((written, room)) = output.split_at_mut_checked(end) else { break };
        let (Some(room), Some(from)) = (room.first_chunk_mut::<PAIR>(), end.checked_sub(distance)) else { break };
        let keep = u64::MAX << (8 * literal);
        let differing = number(written, from) & keep | (pair >> 8) & !keep;
        room[..NUMBER].copy_from_slice(&differing.to_le_bytes());
        if becomes > NUMBER {
            let following = number(output, from + NUMBER);
            output[end + NUMBER..end + PAIR].copy_from_slice(&following.to_le_bytes());
        }
        end += becomes;
        pair = select_unpredictable(is_far, behind_far, behind_near);
        at += next + usize::from(is_far);
    }
    (at, end)
}

/// The number that begins at a byte, or zero where it would not end.
#[inline(always)]
fn number(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&number| u64::from_le_bytes(number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compressed(bytes: &[u8]) -> Vec<u8> {
        snap::raw::Encoder::new().compress_vec(bytes).unwrap()
    }

    fn decompressed(compressed: &[u8]) -> Option<Vec<u8>> {
        let mut output = vec![0xA5; snap::raw::decompress_len(compressed).ok()?];
        decompress_numbers(compressed, &mut output).map(|()| output)
    }

    /// Numbers that differ in some of their bytes, behind a few bytes so that they do not lie at multiples of eight.
    fn numbers(before: usize, count: usize, step: u64, noise: u64) -> Vec<u8> {
        let spread = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let numbers = (0..count as u64).map(|n| n * step + spread(n) % noise);
        vec![7; before].into_iter().chain(numbers.flat_map(u64::to_le_bytes)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn numbers_come_back(
            before in 0..20_usize, count in 0..3_000_usize, step in prop_oneof![Just(0), Just(1), 1..1_u64 << 40],
            noise in prop_oneof![Just(1), 1..1_u64 << 32],
        ) {
            let bytes = numbers(before, count, step, noise);
            let stream = compressed(&bytes);
            if let Some(output) = decompressed(&stream) {
                prop_assert_eq!(&output, &bytes);
            }
            for wanted in [0, 1, bytes.len() / 3, bytes.len().saturating_sub(1), bytes.len()] {
                let wanted = wanted.min(bytes.len());
                prop_assert_eq!(decompress_beginning(&stream, wanted), Some(bytes[..wanted].to_vec()));
            }
            prop_assert_eq!(decompress_beginning(&stream, bytes.len() + 1), None);
        }

        /// Anything is the crate's answer, or none.
        #[test]
        fn damaged_streams_are_never_more_than_the_crate_takes(
            count in 1..400_usize, noise in 1..1_u64 << 24, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in 0..3_usize,
        ) {
            let mut stream = compressed(&numbers(0, count, 1, noise));
            let at = at.index(stream.len());
            stream[at] = byte;
            stream.truncate(stream.len() - cut);
            // A length that was damaged is refused before it is asked for.
            prop_assume!(snap::raw::decompress_len(&stream).is_ok_and(|length| length < 1 << 20));
            let whole = snap::raw::Decoder::new().decompress_vec(&stream).ok();
            if let Some(output) = decompressed(&stream) {
                prop_assert_eq!(Some(output), whole.clone());
            }
            if let Some(whole) = whole {
                prop_assert_eq!(decompress_beginning(&stream, whole.len()), Some(whole));
            }
        }
    }

    /// Those of keys, of prices and of numbers with a large distance: they are what this is for.
    #[test]
    fn pages_of_numbers_are_taken() {
        for (step, noise) in [(1, 1), (7, 3), (0, 10_000_000), (0, 60_000), (1 << 33, 1)] {
            let bytes = numbers(0, 100_000, step, noise);
            assert_eq!(decompressed(&compressed(&bytes)).as_ref(), Some(&bytes), "{step} {noise}");
        }
    }

    #[test]
    fn pages_of_texts_are_left_to_the_crate() {
        let text: Vec<_> = (0..20_000_u64).flat_map(|n| format!("{:x}, ", n * n * n).into_bytes()).collect();
        assert_eq!(decompressed(&compressed(&text)), None);
        assert_eq!(decompress_beginning(&compressed(&text), text.len()), Some(text));
    }

    /// No compressor writes these behind a literal, and any may.
    #[test]
    fn elements_that_are_no_pairs_are_taken_one_by_one() {
        // Sixteen bytes that count, then a literal of one byte; behind it another one, a copy of four bytes by a distance that takes four bytes, one by a distance of
        // three, and one of sixteen bytes, which is one more than a pair may have.
        let counting: Vec<u8> = (0..16).collect();
        let longest = [&counting[1..], &[60]].concat();
        let elements: [(&[u8], &[u8]); 4] = [
            (&[15 << 2 | 2, 16, 0], &longest),
            (&[0, 9], &[9]),
            (&[3 << 2 | 3, 12, 0, 0, 0], &[5, 6, 7, 8]),
            (&[1, 3], &[14, 15, 60, 14]),
        ];
        for (element, becomes) in elements {
            let rest = [9; 40];
            let whole = [&counting[..], &[60], becomes, &rest].concat();
            let stream = [&[whole.len() as u8, 15 << 2], &counting[..], &[0, 60], element, &[39 << 2], &rest].concat();
            assert_eq!(snap::raw::Decoder::new().decompress_vec(&stream).unwrap(), whole);
            assert_eq!(decompressed(&stream), Some(whole));
        }
    }

    /// A pair is as short as three bytes: where the output has no room for it, nothing is written beyond.
    #[test]
    fn lengths_are_held_against_what_is_there() {
        let bytes = numbers(0, 100, 1, 1);
        let stream = compressed(&bytes);
        for wrong in [bytes.len() - 1, bytes.len() + 1] {
            assert_eq!(decompress_numbers(&stream, &mut vec![0; wrong]), None);
        }
        let longer = [stream.as_slice(), &[0, 1]].concat();
        assert_eq!(decompress_numbers(&longer, &mut vec![0; bytes.len()]), None);
        for cut in 0..stream.len() {
            assert_eq!(decompress_numbers(&stream[..cut], &mut vec![0; bytes.len()]), None, "{cut}");
        }
    }

    #[test]
    fn literals_and_copies_are_decompressed_as_far_as_wanted() {
        // "abcd", then nine bytes from four before, which overlap, then six bytes from one before.
        let compressed = [19, 3 << 2, b'a', b'b', b'c', b'd', 5 << 2 | 1, 4, 5 << 2 | 2, 1, 0];
        let whole = b"abcdabcdabcdaaaaaaa";
        for wanted in 0..=whole.len() {
            assert_eq!(decompress_beginning(&compressed, wanted).unwrap(), whole[..wanted]);
        }
        assert_eq!(decompress_beginning(&compressed, whole.len() + 1), None);
        assert_eq!(decompress_beginning(&[9, 1, 1], 4), None, "a copy of what is not there");
    }
}
