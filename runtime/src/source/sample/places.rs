//! Positions of a sample's places.

/// `count` positions at even distances in the parts of an input: for each the number of its part,
/// and its distance from the start of that part.
///
/// `lengths` are the parts' lengths, in rows or bytes. The number of positions in a part is
/// proportional to its length: a file of ten rows must not weigh as much as a file of a million.
#[must_use]
pub fn spread_evenly(lengths: &[u64], count: usize) -> Vec<(usize, u64)> {
    let total: u128 = lengths.iter().map(|&length| u128::from(length)).sum();
    if total == 0 {
        return Vec::new();
    }
    let (mut part, mut part_start) = (0, 0);
    let position = |number: usize| {
        // The middle of each of `count` equal shares.
        let position = (2 * number as u128 + 1) * total / (2 * count as u128);
        while position >= part_start + u128::from(lengths[part]) {
            part_start += u128::from(lengths[part]);
            part += 1;
        }
        (part, (position - part_start) as u64)
    };
    (0..count).map(position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_parts_have_more_positions() {
        assert_eq!(spread_evenly(&[10, 0, 30], 4), [(0, 5), (2, 5), (2, 15), (2, 25)]);
        assert_eq!(spread_evenly(&[1, 1_000_000, 1], 3).iter().map(|&(part, _)| part).collect::<Vec<_>>(), [1, 1, 1]);
    }

    #[test]
    fn inputs_may_be_shorter_than_the_count() {
        assert_eq!(spread_evenly(&[0, 1, 1], 4), [(1, 0), (1, 0), (2, 0), (2, 0)]);
        assert_eq!(spread_evenly(&[0, 0], 4), []);
        assert_eq!(spread_evenly(&[], 4), []);
        assert_eq!(spread_evenly(&[u64::MAX, u64::MAX], 2), [(0, u64::MAX / 2), (1, u64::MAX / 2)]);
    }
}
