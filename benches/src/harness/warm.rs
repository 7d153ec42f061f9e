//! Memory that the machine has at hand.

use std::hint::black_box;

use memmap2::{Advice, MmapMut};

/// One byte of each is enough.
const SMALL_PAGE_BYTES: usize = 4 << 10;

/// Touches so many bytes and gives them back, so that the next process finds them at hand. The host of a virtual machine takes memory away that was
/// not used for some seconds, and hands it out again at a fraction of its speed, which would be counted as a system's own time.
///
/// In huge pages: free memory that was touched as small pages lies elsewhere than where huge ones come from, and helps nobody who asks for these, while
/// small ones are cut from both. Where there is no such memory, nothing is touched.
pub(crate) fn warm_memory(bytes: usize) {
    let Ok(mut memory) = MmapMut::map_anon(bytes) else { return };
    // Without huge pages small ones have to do.
    _ = memory.advise(Advice::HugePage);
    memory.iter_mut().step_by(SMALL_PAGE_BYTES).for_each(|byte| *byte = 1);
    black_box(&memory);
}
