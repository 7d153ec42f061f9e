//! Sorting of entries that begin with a key.

use std::cmp::Ordering;

/// Items are split by so many bits at once.
const SPLIT_BITS: u32 = 8;
/// Fewer than these are sorted by comparing at once.
const FEW: usize = 64;

/// As [`sort_in_cache`], for items that may not fit it: these are split first, in place.
pub(super) fn sort<T: Copy>(
    items: &mut [T],
    room: &mut [T],
    digits: u32,
    above: impl Fn(T, u32) -> u64 + Copy,
    compare: impl Fn(&T, &T) -> Ordering + Copy,
) {
    if items.len() <= room.len() || digits == 0 {
        sort_in_cache(items, room, digits, above, compare);
        return;
    }
    let bits = digits.min(SPLIT_BITS);
    let low = digits - bits;
    let mut start = 0;
    for end in split(items, |item| above(item, low) as usize & ((1 << bits) - 1)) {
        sort(&mut items[start..end], room, low, above, compare);
        start = end;
    }
}

/// Brings items of one number together, in the order of the numbers (as the American national flag is sorted); where those of each end.
fn split<T: Copy>(items: &mut [T], number: impl Fn(T) -> usize) -> [usize; 1 << SPLIT_BITS] {
    let mut ends = [0; 1 << SPLIT_BITS];
    items.iter().for_each(|&item| ends[number(item)] += 1);
    let (mut next, mut rows) = ([0; 1 << SPLIT_BITS], 0);
    for (next, end) in next.iter_mut().zip(&mut ends) {
        *next = rows;
        rows += *end;
        *end = rows;
    }
    for home in 0..ends.len() {
        while next[home] < ends[home] {
            let mut item = items[next[home]];
            loop {
                let number = number(item);
                if number == home {
                    break;
                }
                std::mem::swap(&mut item, &mut items[next[number]]);
                next[number] += 1;
            }
            items[next[home]] = item;
            next[home] += 1;
        }
    }
    ends
}

/// Sorts what fits a core's second cache, with room for as many beside it.
///
/// `digits` are bits of an item that the order agrees with: items are sorted by the uppermost of them first, as many as it takes to tell
/// most apart, and then by comparing neighbours. Where that leaves much to do, because the bits are skewed, all are sorted by comparing.
pub(super) fn sort_in_cache<T: Copy>(
    items: &mut [T],
    room: &mut [T],
    digits: u32,
    above: impl Fn(T, u32) -> u64,
    compare: impl Fn(&T, &T) -> Ordering,
) {
    if items.len() < FEW || items.len() > room.len() {
        items.sort_unstable_by(compare);
        return;
    }
    // Two bits more than are needed for as many values as there are items.
    let used = digits.min(items.len().ilog2() + 2).min(18);
    let (first, second) = (used / 2, used - used / 2);
    let low = digits - used;
    let room = &mut room[..items.len()];
    match first {
        0 if second == 0 => {}
        0 => {
            scatter(items, room, second, |item| above(item, low));
            items.copy_from_slice(room);
        }
        _ => {
            scatter(items, room, first, |item| above(item, low));
            scatter(room, items, second, |item| above(item, low + first));
        }
    }
    insert(items, compare);
}

/// Moves items to where a number of so many bits puts them; those of one number keep their order.
fn scatter<T: Copy>(from: &[T], to: &mut [T], bits: u32, digit: impl Fn(T) -> u64) {
    const MOST: usize = 1 << 9;
    let mask = MOST.min(1 << bits) - 1;
    let mut ends = [0_u32; MOST];
    for &item in from {
        ends[digit(item) as usize & mask] += 1;
    }
    let mut start = 0;
    for end in &mut ends[..=mask] {
        start += std::mem::replace(end, start);
    }
    for &item in from {
        let next = &mut ends[digit(item) as usize & mask];
        to[*next as usize] = item;
        *next += 1;
    }
}

/// Sorts items that are nearly in order.
fn insert<T: Copy>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
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
