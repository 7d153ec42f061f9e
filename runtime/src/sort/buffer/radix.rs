//! Radix sorts of items that begin with a key.

use std::cmp::Ordering;

/// Bits of a key that one pass of `split` splits by.
const SPLIT_BITS: u32 = 8;
/// Greatest number of bits of a digit in `sort_in_cache`. The positions for all values of a digit
/// fit a core's first cache.
const DIGIT_BITS: u32 = 9;
/// Fewer items are sorted by comparing.
const MIN_RADIX_ITEMS: usize = 64;

/// As [`sort_in_cache`], for items that may not fit the cache. These are split first, in place.
pub(crate) fn sort<T: Copy>(
    items: &mut [T],
    scratch: &mut [T],
    key_bits: u32,
    bits_above: impl Fn(T, u32) -> u64 + Copy,
    compare: impl Fn(&T, &T) -> Ordering + Copy,
) {
    if items.len() <= scratch.len() || key_bits == 0 {
        sort_in_cache(items, scratch, key_bits, bits_above, compare);
        return;
    }
    let bits = key_bits.min(SPLIT_BITS);
    let low = key_bits - bits;
    let mut start = 0;
    for end in split(items, |item| bits_above(item, low) as usize & ((1 << bits) - 1)) {
        sort(&mut items[start..end], scratch, low, bits_above, compare);
        start = end;
    }
}

/// Groups items by their number, in the order of the numbers, and returns the ends of the groups.
/// This is an American flag sort, in place.
fn split<T: Copy>(items: &mut [T], number: impl Fn(T) -> usize) -> [usize; 1 << SPLIT_BITS] {
    let mut ends = [0; 1 << SPLIT_BITS];
    items.iter().for_each(|&item| ends[number(item)] += 1);
    let (mut next, mut rows) = ([0; 1 << SPLIT_BITS], 0);
    for (next, end) in next.iter_mut().zip(&mut ends) {
        *next = rows;
        rows += *end;
        *end = rows;
    }
    for group in 0..ends.len() {
        while next[group] < ends[group] {
            let mut item = items[next[group]];
            loop {
                let number = number(item);
                if number == group {
                    break;
                }
                std::mem::swap(&mut item, &mut items[next[number]]);
                next[number] += 1;
            }
            items[next[group]] = item;
            next[group] += 1;
        }
    }
    ends
}

/// Sorts items that fit a core's second cache together with as much scratch memory.
///
/// `key_bits` is the number of low bits of an item's key that agree with the order. Items are
/// distributed by the highest of these bits, as many as are needed to separate most items.
/// Neighbours are then compared. If the bits are skewed and many items are still out of place, all
/// are sorted by comparing.
pub(crate) fn sort_in_cache<T: Copy>(
    items: &mut [T],
    scratch: &mut [T],
    key_bits: u32,
    bits_above: impl Fn(T, u32) -> u64,
    compare: impl Fn(&T, &T) -> Ordering,
) {
    if items.len() < MIN_RADIX_ITEMS || items.len() > scratch.len() {
        items.sort_unstable_by(compare);
        return;
    }
    // Sixteen values for each item leave few items to separate by comparing.
    let used_bits = key_bits.min(items.len().ilog2() + 4).min(2 * DIGIT_BITS);
    let (first, second) = (used_bits / 2, used_bits - used_bits / 2);
    let low = key_bits - used_bits;
    let scratch = &mut scratch[..items.len()];
    if used_bits > 0 {
        let [lower, upper] = starts(items, [first, second], |item| bits_above(item, low));
        scatter(items, scratch, lower, first, |item| bits_above(item, low));
        scatter(scratch, items, upper, second, |item| bits_above(item, low + first));
    }
    insertion_sort(items, compare);
}

/// The position where the items of each value of a digit begin.
type Starts = [u32; 1 << DIGIT_BITS];

/// The start positions for two digits. The second digit consists of the bits above the first.
fn starts<T: Copy>(items: &[T], bits: [u32; 2], number: impl Fn(T) -> u64) -> [Starts; 2] {
    let mut starts = [[0; 1 << DIGIT_BITS]; 2];
    for &item in items {
        let mut number = number(item);
        for (starts, bits) in starts.iter_mut().zip(bits) {
            starts[digit(number, bits)] += 1;
            number >>= bits;
        }
    }
    for starts in &mut starts {
        let mut start = 0;
        starts.iter_mut().for_each(|items| start += std::mem::replace(items, start));
    }
    starts
}

#[inline(always)]
fn digit(number: u64, bits: u32) -> usize {
    number as usize & ((1 << bits) - 1) & ((1 << DIGIT_BITS) - 1)
}

/// Moves items to the positions that a number of `bits` bits gives. Items with the same number keep
/// their order.
fn scatter<T: Copy>(from: &[T], to: &mut [T], mut starts: Starts, bits: u32, number: impl Fn(T) -> u64) {
    for &item in from {
        let next = &mut starts[digit(number(item), bits)];
        to[*next as usize] = item;
        *next += 1;
    }
}

/// Sorts items that are nearly in order.
fn insertion_sort<T: Copy>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut moves_left = 8 * items.len();
    for next in 1..items.len() {
        let item = items[next];
        let mut at = next;
        while at > 0 && compare(&item, &items[at - 1]).is_lt() {
            items[at] = items[at - 1];
            at -= 1;
        }
        items[at] = item;
        moves_left = moves_left.saturating_sub(next - at);
        if moves_left == 0 {
            items.sort_unstable_by(compare);
            return;
        }
    }
}
