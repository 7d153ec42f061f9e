//! Magazines: each thread keeps the last pages that it freed, and takes the newest of them first.
//!
//! Lines that a core has read or written are in its cache. If another core writes the page, it
//! fetches each line from that cache, and prefetching cannot hide it. This costs little among cores
//! that share a cache. Between groups of cores that do not, it takes ten times as long as the
//! write. One task alone uses most pages, so most pages can stay with their core.
//!
//! A magazine holds 16 pages. If it is full, the oldest half goes back to the region. There is no
//! magazine if the process has a limit on its addresses, since other threads cannot take its pages.
//!
//! # Cost
//! Grouping 67 M rows on two cores of different groups took 8.1 s of processor time without
//! magazines, and 6.2 s with them. On two cores of one group it took 5.5 s.
//!
//! Source: magazines (Bonwick and Adams, 2001), there for objects, here for pages.

use std::cell::RefCell;

use smallvec::SmallVec;

use super::{Region, region};

/// Pages of a magazine: 1 MiB, about the size of a core's own cache.
const MAX_PAGES: usize = 16;

/// Pages that return to the region when a magazine is full: the oldest. Several, because each
/// return takes the region's lock.
const RELEASED_PAGES: usize = MAX_PAGES / 2;

type Released = SmallVec<[usize; RELEASED_PAGES]>;

thread_local! {
    static MAGAZINE: RefCell<Magazine> = const { RefCell::new(Magazine(Vec::new())) };
}

/// Takes the page that this thread freed last.
pub(crate) fn pop() -> Option<usize> {
    // A thread that is ending has no magazine.
    MAGAZINE.try_with(|magazine| magazine.borrow_mut().0.pop()).ok().flatten()
}

/// Keeps a freed page. Returns the pages that must go back to the region. If addresses are limited,
/// this includes `page`, because other threads cannot take it from here.
pub(crate) fn push(page: usize) -> Released {
    if region().is_ok_and(Region::is_limited) {
        return Released::from_slice(&[page]);
    }
    MAGAZINE.try_with(|magazine| magazine.borrow_mut().push(page)).unwrap_or_else(|_| Released::from_slice(&[page]))
}

/// Offsets of pages in the region, oldest first.
struct Magazine(Vec<usize>);

impl Magazine {
    fn push(&mut self, page: usize) -> Released {
        let released = if self.0.len() < MAX_PAGES { 0 } else { RELEASED_PAGES };
        let released = self.0.drain(..released).collect();
        self.0.push(page);
        released
    }
}

impl Drop for Magazine {
    fn drop(&mut self) {
        if let Ok(region) = region() {
            region.release_pages(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::limits::PAGE_BYTES;
    use crate::memory::{Budget, Memory};
    use crate::page::run::Run;

    fn run() -> Run {
        Run::new(1, &Memory::new(Budget::new(PAGE_BYTES << 8), "test")).unwrap()
    }

    #[test]
    fn thread_reuses_its_newest_page_first() {
        let runs: Vec<Run> = (0..MAX_PAGES).map(|_| run()).collect();
        let given: Vec<usize> = runs.iter().map(Run::offset).collect();
        drop(runs);
        // Other threads do not get them.
        let others = std::thread::spawn(|| [run(), run()].map(|run| run.offset())).join().unwrap();
        assert!(others.iter().all(|other| !given.contains(other)));
        let runs: Vec<Run> = (0..MAX_PAGES).map(|_| run()).collect();
        assert!(runs.iter().map(Run::offset).eq(given.iter().rev().copied()));
    }

    #[test]
    fn full_magazine_keeps_the_newest_pages() {
        // These are not pages, so they must not go to the region.
        let mut magazine = std::mem::ManuallyDrop::new(Magazine(Vec::new()));
        let released: Vec<Released> = (0..=MAX_PAGES).map(|page| magazine.push(page)).collect();
        assert!(released[..MAX_PAGES].iter().all(SmallVec::is_empty));
        assert!(released[MAX_PAGES].iter().copied().eq(0..RELEASED_PAGES));
        assert!(magazine.0.iter().copied().eq(RELEASED_PAGES..=MAX_PAGES));
    }

    #[test]
    fn ending_thread_returns_its_pages() {
        // Far more than one magazine holds. If pages were lost, each thread would take another
        // page.
        let pages: std::collections::BTreeSet<usize> =
            (0..64).map(|_| std::thread::spawn(|| run().offset()).join().unwrap()).collect();
        assert!(pages.len() < 64, "{pages:?}");
    }
}
