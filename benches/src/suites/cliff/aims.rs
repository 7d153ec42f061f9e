//! Aims for the engine's curves: no cliff, and at most twice the time in a sixteenth of the memory.

use super::CASES;
use super::point::Point;
use crate::harness::Check;

/// Little memory, relative to the size of the data.
const LITTLE_SHARE: f64 = 1.0 / 16.0;

/// Maximum time in little memory, relative to the largest limit, without the disk's time.
const MAX_LITTLE_RATIO: f64 = 2.0;

/// Maximum time relative to the next larger limit, without the additional time of the disk.
const MAX_STEP_RATIO: f64 = 1.3;

/// Two checks for each case that was measured with all limits.
pub(super) fn checks(points: &[Point]) -> Vec<Check> {
    let ours = |case| points.iter().filter(move |point| point.system == "ours" && point.case == case);
    CASES.into_iter().flat_map(|case| curve(ours(case))).collect()
}

/// The two limits between which the engine's time grows most, if by more than allowed. More runs
/// show whether the host caused it.
pub(super) fn steps_to_repeat(points: &[Point]) -> Option<[f64; 2]> {
    let points = measured(points.iter().filter(|point| point.system == "ours"));
    let (ratio, [larger, smaller]) = steepest(&points)?;
    (ratio > MAX_STEP_RATIO).then_some([larger.point.memory_share?, smaller.point.memory_share?])
}

/// Points from the largest limit to the least.
fn curve<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<Check> {
    let points = measured(points);
    let (Some(ample), Some(little)) = (points.first(), points.iter().find(|point| point.is_little())) else {
        return Vec::new();
    };
    let ratio = (little.seconds - little.disk_seconds) / ample.seconds;
    let little = Check {
        name: format!(
            "{} in a sixteenth takes at most {MAX_LITTLE_RATIO} times as long, beyond the disk",
            ample.point.case
        ),
        ok: ratio <= MAX_LITTLE_RATIO,
        detail: format!("{ratio:.2} times {:.2} s; {:.2} s with the disk", ample.seconds, little.seconds),
    };
    let step = steepest(&points).map(|(ratio, [_, smaller])| Check {
        name: format!("no step of {} is worse than {MAX_STEP_RATIO}, beyond the disk", ample.point.case),
        ok: ratio <= MAX_STEP_RATIO,
        detail: format!("{ratio:.2} to {} MiB", smaller.point.memory_mib.unwrap_or_default()),
    });
    [little].into_iter().chain(step).collect()
}

/// The points with an answer.
fn measured<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<Measured<'a>> {
    points.filter_map(Measured::of).collect()
}

/// The steepest step: its ratio, and the points before and after it.
fn steepest<'m, 'a>(points: &'m [Measured<'a>]) -> Option<(f64, [&'m Measured<'a>; 2])> {
    let steps = points.windows(2).map(|pair| (pair[1].step_from(&pair[0]), [&pair[0], &pair[1]]));
    steps.max_by(|left, right| left.0.total_cmp(&right.0))
}

/// A point with an answer.
struct Measured<'a> {
    point: &'a Point,
    seconds: f64,
    disk_seconds: f64,
}

impl<'a> Measured<'a> {
    fn of(point: &'a Point) -> Option<Self> {
        Some(Self { point, seconds: point.seconds?, disk_seconds: point.disk_seconds.unwrap_or(0.0) })
    }

    fn is_little(&self) -> bool {
        self.point.memory_share.is_some_and(|share| (share / LITTLE_SHARE - 1.0).abs() < 1e-9)
    }

    /// The time relative to the next larger limit. If the disk takes less time here, the larger
    /// limit gets no credit for it.
    fn step_from(&self, larger: &Self) -> f64 {
        (self.seconds - (self.disk_seconds - larger.disk_seconds).max(0.0)) / larger.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::super::point::shares;
    use super::*;

    /// The checks of a curve with these seconds, and seconds of the disk, from the first limit on.
    /// The other points repeat the last one.
    fn outcome(seconds: &[(f64, f64)]) -> Vec<bool> {
        let points: Vec<Point> = shares()
            .enumerate()
            .map(|(index, share)| {
                let (seconds, disk) = seconds[index.min(seconds.len() - 1)];
                Point { disk_seconds: Some(disk), ..Point::answered("ours", Some(share), seconds) }
            })
            .collect();
        checks(&points).into_iter().map(|check| check.ok).collect()
    }

    #[test]
    fn a_slow_sixteenth_and_a_steep_step_fail() {
        assert_eq!(outcome(&[(1.0, 0.0)]), [true, true]);
        assert_eq!(outcome(&[(1.0, 0.0), (1.4, 0.0)]), [true, false]);
        assert_eq!(outcome(&[(1.0, 0.0), (1.25, 0.0), (1.5, 0.0), (1.8, 0.0), (2.1, 0.0)]), [false, true]);
    }

    #[test]
    fn the_steepest_step_is_repeated_if_too_steep() {
        let steep = |seconds: [f64; 4]| {
            let points = shares().zip(seconds).map(|(share, seconds)| Point::answered("ours", Some(share), seconds));
            let slow_peer = Point::answered("duckdb", Some(1.0), 9.0);
            steps_to_repeat(
                &points.chain([slow_peer]).map(|point| Point { disk_seconds: None, ..point }).collect::<Vec<_>>(),
            )
        };
        assert_eq!(steep([1.0, 1.1, 1.2, 1.3]), None);
        let [larger, smaller] = steep([1.0, 1.4, 2.8, 2.9]).unwrap();
        assert!((larger / smaller - 2_f64.sqrt()).abs() < 1e-9 && (smaller - 1.0).abs() < 1e-9, "{larger} {smaller}");
    }

    #[test]
    fn disk_time_is_subtracted() {
        assert_eq!(outcome(&[(1.0, 0.0), (2.2, 1.0), (2.5, 1.0)]), [true, true]);
        assert_eq!(outcome(&[(1.0, 0.0), (1.2, 1.0), (1.7, 0.2)]), [true, false]);
    }
}
