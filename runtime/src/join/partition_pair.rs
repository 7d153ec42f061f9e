//! The rows of both sides that share one partition of the keys, on disk.

use crate::spill::Spilled;

/// A pair of partitions. They are joined after both inputs have ended.
pub(super) struct PartitionPair {
    pub(super) sides: [Spilled; 2],
    /// The side whose rows have the layout of a table. Rows of the other side are plain.
    pub(super) linked: usize,
    /// The number of partitionings that the rows went through.
    pub(super) level: u32,
    /// Bytes of the build side before it was partitioned.
    pub(super) whole_bytes: u64,
}

impl PartitionPair {
    /// The rows of side `built` with those of the other side.
    pub(super) fn new(built: usize, rows: Spilled, others: Spilled, level: u32, whole_bytes: u64) -> Self {
        let sides = if built == 0 { [rows, others] } else { [others, rows] };
        PartitionPair { sides, linked: built, level, whole_bytes }
    }

    /// Bytes on disk of both sides.
    pub(super) fn bytes(&self) -> u64 {
        self.sides.iter().map(Spilled::bytes).sum()
    }

    /// Adds the rows of another task's pair of the same partition.
    pub(super) fn append(&mut self, other: PartitionPair) {
        self.whole_bytes += other.whole_bytes;
        self.sides.iter_mut().zip(other.sides).for_each(|(side, more)| side.append(more));
    }

    /// Returns `true` if another partitioning would not help: the last one hardly shrank the
    /// smaller side.
    pub(super) fn is_stuck(&self) -> bool {
        self.sides[self.smaller()].bytes() > self.whole_bytes / 2
    }

    /// The side with fewer bytes.
    pub(super) fn smaller(&self) -> usize {
        usize::from(self.sides[1].bytes() < self.sides[0].bytes())
    }
}
