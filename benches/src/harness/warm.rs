//! Memory that the machine has at hand.

use std::hint::black_box;

/// Touches so many bytes and gives them back, so that the next process finds them at hand. The host of a virtual machine takes memory away that was
/// not used for some seconds, and hands it out again at a fraction of its speed, which would be counted as a system's own time.
pub(crate) fn warm_memory(bytes: usize) {
    drop(black_box(vec![1_u8; bytes]));
}
