//! How far event time is in what one task reads.
//!
//! A state machine without threads. Records of a split come in an order of time that is late by a bound at most; splits know nothing of each other. So each has a
//! watermark of its own, the greatest time that was read there less that bound, and the task's is the least of those of its splits. One of which nothing was
//! read yet holds all of them up; one that has had nothing for a while does not: what comes there later than others waited for is late.
//! (MillWheel, 2013; Flink's watermarks by split.)

/// Makes watermarks of what the records of the splits say of event time.
pub(in crate::exec) struct WatermarkGenerator {
    /// How far behind a record may be.
    lateness_micros: i64,
    /// The greatest time of each split, by its number.
    greatest: Vec<i64>,
    /// What was said last.
    watermark: i64,
}

impl WatermarkGenerator {
    /// Of records of which nothing has come.
    pub(in crate::exec) fn new(lateness_micros: i64) -> Self {
        WatermarkGenerator { lateness_micros, greatest: Vec::new(), watermark: i64::MIN }
    }

    /// The greatest time that was read of a split.
    pub(super) fn greatest(&self, split: usize) -> Option<i64> {
        self.greatest.get(split).copied().filter(|&time| time != i64::MIN)
    }

    /// Records of a split came, of which this is the greatest time.
    pub(in crate::exec) fn note_time(&mut self, split: usize, time: i64) {
        if self.greatest.len() <= split {
            self.greatest.resize(split + 1, i64::MIN);
        }
        self.greatest[split] = self.greatest[split].max(time);
    }

    /// The watermark, where it has gone on, of the splits that are waited for.
    pub(in crate::exec) fn advance(&mut self, splits: impl Iterator<Item = usize>) -> Option<i64> {
        let least = splits.map(|split| self.greatest.get(split).copied().unwrap_or(i64::MIN)).min()?;
        let watermark = least.saturating_sub(self.lateness_micros);
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
    fn the_split_that_is_furthest_behind_says_the_time() {
        let mut time = WatermarkGenerator::new(10);
        let both = || [0, 3].into_iter();
        assert_eq!(time.advance(both()), None);
        time.note_time(0, 1_000);
        assert_eq!(time.advance(both()), None, "nothing was read of one");
        assert_eq!((time.advance([0].into_iter()), time.advance([0].into_iter())), (Some(990), None));
        // One that is behind takes nothing back.
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
