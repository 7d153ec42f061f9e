//! What the engine's curves are held to: no cliff, and no more than twice the time in a sixteenth of the memory.

use super::CASES;
use super::point::Point;
use crate::harness::Check;

/// Of the data's size.
const LITTLE: f64 = 1.0 / 16.0;

/// Times what it takes in the largest limit, beyond the disk.
const LITTLE_AT_MOST: f64 = 2.0;

/// Times what it takes in the next larger limit, beyond what the disk takes more.
const STEP_AT_MOST: f64 = 1.3;

/// Two checks for each case that was measured in all its limits.
pub(super) fn checks(points: &[Point]) -> Vec<Check> {
    let ours = |case| points.iter().filter(move |point| point.system == "ours" && point.case == case);
    CASES.into_iter().flat_map(|case| curve(ours(case))).collect()
}

/// The two limits between which the engine's time grows the most, if by more than it may: other runs may tell whether it was the host.
pub(super) fn too_steep(points: &[Point]) -> Option<[f64; 2]> {
    let points = measured(points.iter().filter(|point| point.system == "ours"));
    let (ratio, [larger, smaller]) = steepest(&points)?;
    (ratio > STEP_AT_MOST).then_some([larger.point.memory_share?, smaller.point.memory_share?])
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
            "{} in a sixteenth takes at most {LITTLE_AT_MOST} times as long, beyond the disk",
            ample.point.case
        ),
        ok: ratio <= LITTLE_AT_MOST,
        detail: format!("{ratio:.2} times {:.2} s; {:.2} s with the disk", ample.seconds, little.seconds),
    };
    let step = steepest(&points).map(|(ratio, [_, smaller])| Check {
        name: format!("no step of {} is worse than {STEP_AT_MOST}, beyond the disk", ample.point.case),
        ok: ratio <= STEP_AT_MOST,
        detail: format!("{ratio:.2} to {} MiB", smaller.point.memory_mib.unwrap_or_default()),
    });
    [little].into_iter().chain(step).collect()
}

/// Those that were answered.
fn measured<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<Measured<'a>> {
    points.filter_map(Measured::of).collect()
}

/// The worst step, and from where to where it goes.
fn steepest<'m, 'a>(points: &'m [Measured<'a>]) -> Option<(f64, [&'m Measured<'a>; 2])> {
    let steps = points.windows(2).map(|pair| (pair[1].step_from(&pair[0]), [&pair[0], &pair[1]]));
    steps.max_by(|left, right| left.0.total_cmp(&right.0))
}

/// A point that was answered.
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
        self.point.memory_share.is_some_and(|share| (share / LITTLE - 1.0).abs() < 1e-9)
    }

    /// How much longer it takes than with the next larger limit. What the disk takes less is no excuse for that one.
    fn step_from(&self, larger: &Self) -> f64 {
        (self.seconds - (self.disk_seconds - larger.disk_seconds).max(0.0)) / larger.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::super::point::shares;
    use super::*;

    /// A curve with these seconds, and seconds of the disk, from the first limit on; the rest is like the last of them.
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
    fn the_steepest_step_is_looked_at_again_where_it_is_too_steep() {
        let steep = |seconds: [f64; 4]| {
            let points = shares().zip(seconds).map(|(share, seconds)| Point::answered("ours", Some(share), seconds));
            let slow_peer = Point::answered("duckdb", Some(1.0), 9.0);
            too_steep(&points.chain([slow_peer]).map(|point| Point { disk_seconds: None, ..point }).collect::<Vec<_>>())
        };
        assert_eq!(steep([1.0, 1.1, 1.2, 1.3]), None);
        let [larger, smaller] = steep([1.0, 1.4, 2.8, 2.9]).unwrap();
        assert!((larger / smaller - 2_f64.sqrt()).abs() < 1e-9 && (smaller - 1.0).abs() < 1e-9, "{larger} {smaller}");
    }

    #[test]
    fn what_the_disk_takes_does_not_count() {
        assert_eq!(outcome(&[(1.0, 0.0), (2.2, 1.0), (2.5, 1.0)]), [true, true]);
        assert_eq!(outcome(&[(1.0, 0.0), (1.2, 1.0), (1.7, 0.2)]), [true, false]);
    }
}
