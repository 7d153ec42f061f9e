//! Memory that the host has assigned to the machine.

use std::hint::black_box;

use memmap2::{Advice, MmapMut};

/// Touching one byte of each is enough.
const SMALL_PAGE_BYTES: usize = 4 << 10;

/// Touches memory and frees it, so that the next process gets it quickly. The host of a virtual
/// machine takes unused memory away after some seconds. It assigns it again slowly, which would
/// count as time of the measured system.
///
/// The pages are huge pages. Small pages are split from huge ones, so they profit, too. Free memory
/// that was touched as small pages does not help processes that use huge pages. If the machine has
/// too little memory, nothing is touched.
pub(crate) fn warm_memory(bytes: usize) {
    let Ok(mut memory) = MmapMut::map_anon(bytes) else { return };
    // Without huge pages, uses small ones.
    _ = memory.advise(Advice::HugePage);
    memory.iter_mut().step_by(SMALL_PAGE_BYTES).for_each(|byte| *byte = 1);
    black_box(&memory);
}
