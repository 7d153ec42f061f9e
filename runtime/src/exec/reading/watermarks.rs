//! Watermarks of the records that one task reads.
//!
//! A state machine without threads. Records of a split are in order of event time, up to a bounded
//! lateness. Splits are independent of each other. So each split has a watermark: its greatest
//! event time minus the lateness. The task's watermark is the minimum over its splits.
//!
//! A split that has not been read yet holds the watermark back. A split that is idle does not: its
//! next records may be late.
//!
//! Source: MillWheel (2013); per-split watermarks as in Flink.

/// Makes the watermarks of one task.
pub(in crate::exec) struct WatermarkGenerator {
    /// Longest time by which a record may be late, in microseconds.
    lateness_micros: i64,
    /// The greatest event time of each split, by its number. `i64::MIN`: none yet.
    greatest: Vec<i64>,
    /// The last watermark.
    watermark: i64,
}

impl WatermarkGenerator {
    pub(in crate::exec) fn new(lateness_micros: i64) -> Self {
        WatermarkGenerator { lateness_micros, greatest: Vec::new(), watermark: i64::MIN }
    }

    /// The greatest event time read from a split. `None` if there was none.
    pub(super) fn greatest(&self, split: usize) -> Option<i64> {
        self.greatest.get(split).copied().filter(|&time| time != i64::MIN)
    }

    /// Notes the greatest event time of new records of a split.
    pub(in crate::exec) fn note_time(&mut self, split: usize, time: i64) {
        if self.greatest.len() <= split {
            self.greatest.resize(split + 1, i64::MIN);
        }
        self.greatest[split] = self.greatest[split].max(time);
    }

    /// Returns the watermark of these splits, the ones that are not idle. `None` if it has not
    /// risen.
    pub(in crate::exec) fn advance(&mut self, splits: impl Iterator<Item = usize>) -> Option<i64> {
        let minimum = splits.map(|split| self.greatest.get(split).copied().unwrap_or(i64::MIN)).min()?;
        let watermark = minimum.saturating_sub(self.lateness_micros);
        if watermark <= self.watermark {
            return None;
        }
        self.watermark = watermark;
        Some(watermark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_split_determines_the_watermark() {
        let mut time = WatermarkGenerator::new(10);
        let both = || [0, 3].into_iter();
        assert_eq!(time.advance(both()), None);
        time.note_time(0, 1_000);
        assert_eq!(time.advance(both()), None, "nothing was read of one");
        assert_eq!((time.advance([0].into_iter()), time.advance([0].into_iter())), (Some(990), None));
        // A split with earlier times does not lower the watermark.
        time.note_time(3, 400);
        assert_eq!(time.advance(both()), None);
        time.note_time(3, 1_200);
        time.note_time(3, 1_100);
        time.note_time(0, 5_000);
        assert_eq!(time.advance(both()), Some(1_190));
        assert_eq!(time.advance([].into_iter()), None);
        assert_eq!(time.advance([0].into_iter()), Some(4_990));
    }
}
