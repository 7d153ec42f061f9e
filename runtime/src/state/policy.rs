//! Decides which part is loaded next, and which parts are evicted for it. Pure functions, without
//! pages or disk.

use crate::group::PartSet;
use crate::memory::limits::SPILL_PARTS;

/// The number of times that a part with queued rows may be passed over.
const MAX_TIMES_PASSED_OVER: u32 = 4;

/// The rows that wait for a part.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    pub(super) waiting_bytes: u64,
    /// Whether all key groups that the rows need are in memory.
    pub(super) is_resident: bool,
}

/// Chooses the part whose queue is served next. Parts in memory are first, because they may be
/// evicted again. Then comes the part for which most bytes wait. A part that was passed over too
/// often precedes all others.
#[derive(Debug, Default)]
pub(super) struct NextPart {
    passed: [u32; SPILL_PARTS],
}

impl NextPart {
    /// The next part. `None` if no rows are queued.
    pub(super) fn choose(&mut self, demands: &[Demand; SPILL_PARTS]) -> Option<usize> {
        let waits = |&part: &usize| demands[part].waiting_bytes > 0;
        let chosen = (0..SPILL_PARTS).filter(waits).max_by_key(|&part| {
            let Demand { waiting_bytes, is_resident } = demands[part];
            let overdue = self.passed[part].checked_sub(MAX_TIMES_PASSED_OVER).map_or(0, |over| over + 1);
            (overdue, is_resident, waiting_bytes)
        })?;
        for (part, passed) in self.passed.iter_mut().enumerate() {
            *passed = if part != chosen && demands[part].waiting_bytes > 0 { *passed + 1 } else { 0 };
        }
        Some(chosen)
    }
}

/// A part in memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Resident {
    /// Bytes that are free after its eviction.
    pub(super) bytes: usize,
    /// Whether it was not written since it was loaded. It is then dropped instead of written.
    pub(super) is_clean: bool,
    pub(super) eviction: Eviction,
}

/// Whether a part may be evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Eviction {
    #[default]
    Allowed,
    /// Only if no other part can be evicted.
    LastResort,
    Forbidden,
}

/// The parts that are evicted for `goal` bytes: clean ones first, then the largest, as few as
/// suffice.
pub(super) fn evicted_for(parts: &[Resident; SPILL_PARTS], goal: usize) -> PartSet {
    let (mut set, mut bytes) = ([false; SPILL_PARTS], 0);
    for eviction in [Eviction::Allowed, Eviction::LastResort] {
        while bytes < goal {
            let goes = |&part: &usize| !set[part] && parts[part].eviction == eviction && parts[part].bytes > 0;
            let next = (0..SPILL_PARTS).filter(goes).max_by_key(|&part| (parts[part].is_clean, parts[part].bytes));
            let Some(next) = next else { break };
            set[next] = true;
            bytes += parts[next].bytes;
        }
        if bytes > 0 {
            break;
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tests::Random;

    fn demands(bytes: &[u64]) -> [Demand; SPILL_PARTS] {
        let waiting_bytes = |part| bytes.get(part).copied().unwrap_or_default();
        std::array::from_fn(|part| Demand { waiting_bytes: waiting_bytes(part), is_resident: false })
    }

    #[test]
    fn part_with_most_waiting_bytes_is_next() {
        let mut next = NextPart::default();
        assert_eq!(next.choose(&demands(&[])), None);
        assert_eq!(next.choose(&demands(&[3, 7, 5])), Some(1));
        let mut demands = demands(&[3, 7, 5]);
        demands[0].is_resident = true;
        assert_eq!(next.choose(&demands), Some(0));
    }

    #[test]
    fn no_part_starves() {
        let (mut next, mut random, mut since) = (NextPart::default(), Random(3), [0; SPILL_PARTS]);
        for _ in 0..10_000 {
            let mut demands = demands(&[1; SPILL_PARTS]);
            for (part, demand) in demands.iter_mut().enumerate().skip(1) {
                // Some parts are always in memory, and some always have far more bytes.
                (demand.is_resident, demand.waiting_bytes) = (part % 3 == 0, 1 + (random.next() >> (part * 3)));
            }
            let chosen = next.choose(&demands).unwrap();
            since.iter_mut().for_each(|since| *since += 1);
            since[chosen] = 0;
            assert!(since.iter().all(|&since| since <= MAX_TIMES_PASSED_OVER as usize + SPILL_PARTS), "{since:?}");
        }
    }

    #[test]
    fn clean_then_large_parts_are_evicted() {
        let mut parts = [Resident::default(); SPILL_PARTS];
        for (part, (bytes, is_clean, eviction)) in [
            (10, false, Eviction::Allowed),
            (5, true, Eviction::Allowed),
            (50, false, Eviction::LastResort),
            (90, true, Eviction::Forbidden),
        ]
        .into_iter()
        .enumerate()
        {
            parts[part] = Resident { bytes, is_clean, eviction };
        }
        let set = |parts: &[Resident; SPILL_PARTS], goal| {
            let set = evicted_for(parts, goal);
            (0..SPILL_PARTS).filter(|&part| set[part]).collect::<Vec<_>>()
        };
        assert_eq!(set(&parts, 1), [1]);
        assert_eq!(set(&parts, 6), [0, 1]);
        assert_eq!(set(&parts, 1_000), [0, 1], "what is wanted stays where others give something");
        (parts[0].bytes, parts[1].bytes) = (0, 0);
        assert_eq!(set(&parts, 1_000), [2]);
        parts[2].bytes = 0;
        assert_eq!(set(&parts, 1), [] as [usize; 0]);
    }
}
