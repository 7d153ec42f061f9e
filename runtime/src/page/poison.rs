//! Tells AddressSanitizer which bytes must not be accessed: free memory of the region, and the gaps
//! in closed pages.
//!
//! The region is one mapping that lives as long as the process, so the sanitizer does not detect
//! freed pages by itself. `.ci/asan` sets `dataflow_asan`. Without it the functions do nothing.

#[cfg(dataflow_asan)]
unsafe extern "C" {
    fn __asan_poison_memory_region(address: *const u8, bytes: usize);
    fn __asan_unpoison_memory_region(address: *const u8, bytes: usize);
}

/// Marks bytes as not accessible.
#[inline(always)]
pub(crate) fn poison(address: *const u8, bytes: usize) {
    // SAFETY: it marks bytes of the region, and neither reads nor writes them.
    #[cfg(dataflow_asan)]
    unsafe {
        __asan_poison_memory_region(address, bytes);
    }
    #[cfg(not(dataflow_asan))]
    let _ = (address, bytes);
}

/// Marks bytes as accessible.
#[inline(always)]
pub(crate) fn unpoison(address: *const u8, bytes: usize) {
    // SAFETY: as `poison`.
    #[cfg(dataflow_asan)]
    unsafe {
        __asan_unpoison_memory_region(address, bytes);
    }
    #[cfg(not(dataflow_asan))]
    let _ = (address, bytes);
}

#[cfg(all(test, dataflow_asan))]
mod tests {
    use std::sync::Arc;

    use crate::memory::{Budget, Memory};
    use crate::page::Page;
    use crate::page::run::{FIRST_ROW, Run};
    use crate::row::{LeafSet, LeafType, RowLayout};

    fn page() -> Page {
        let run = Run::new(1, &Memory::new(Budget::new(1 << 20), "test")).unwrap();
        Page::seal(run, 1, 1 << 16, Arc::new(RowLayout::new(vec![LeafType::U64], &LeafSet::all(1))))
    }

    /// A fault that the sanitizer must detect. `.ci/asan` runs this test alone and expects it to
    /// fail.
    #[test]
    #[ignore = "reads a freed page"]
    fn planted_use_after_free() {
        let row = page().as_bytes()[FIRST_ROW..].as_ptr();
        // SAFETY: there is none: the page is gone.
        assert_ne!(unsafe { row.read_volatile() }, 1);
    }

    /// As above, for the gap after a page's rows.
    #[test]
    #[ignore = "reads past the rows of a page"]
    fn planted_read_of_a_tail() {
        let page = page();
        // SAFETY: there is none: the page has one row of eight bytes.
        assert_ne!(unsafe { page.as_bytes().as_ptr().add(FIRST_ROW + 8).read_volatile() }, 1);
    }
}
