//! Measures the distance of the machine's cores.
//!
//! Cores that share a cache exchange a word in some tens of nanoseconds, others take several times
//! as long. The host of a virtual machine moves its cores between the two states from minute to
//! minute. Data that tasks exchange then takes several times as long, too.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Round trips of a word per measurement, and the number of measurements. The least one counts.
const TRIPS: u32 = 2000;
const FIGURES: u32 = 5;

/// Number of reads before the thread yields. On a machine with one core the other thread could not
/// write otherwise.
const MAX_READS: u32 = 10_000;

/// Cores are near up to this multiple of the least time seen. Beyond it they share no cache. Two
/// threads of one core take about half as long.
const NEAR: f64 = 4.0;

/// Pause between two measurements while waiting for near cores.
const PAUSE: Duration = Duration::from_millis(300);

/// Nanoseconds of a word's round trip between two cores.
fn core_nanos() -> f64 {
    let word = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for trip in 0..FIGURES * TRIPS {
                wait_for(&word, 2 * trip + 1);
                word.store(2 * trip + 2, Ordering::Release);
            }
        });
        let figures = (0..FIGURES).map(|figure| {
            let start = Instant::now();
            for trip in figure * TRIPS..(figure + 1) * TRIPS {
                word.store(2 * trip + 1, Ordering::Release);
                wait_for(&word, 2 * trip + 2);
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(TRIPS)
        });
        figures.fold(f64::INFINITY, f64::min)
    })
}

fn wait_for(word: &AtomicU32, value: u32) {
    let mut looks = 0;
    while word.load(Ordering::Acquire) != value {
        looks += 1;
        if looks % MAX_READS == 0 {
            thread::yield_now();
        }
        spin_loop();
    }
}

/// The least distance of cores seen so far.
#[derive(Debug)]
pub(crate) struct Cores {
    nearest_nanos: f64,
}

impl Cores {
    /// No distance is known yet.
    pub(crate) fn new() -> Self {
        Self { nearest_nanos: f64::INFINITY }
    }

    /// Measures the distance now, in nanoseconds.
    pub(crate) fn measure_distance(&mut self) -> f64 {
        let nanos = core_nanos();
        self.nearest_nanos = self.nearest_nanos.min(nanos);
        nanos
    }

    /// Returns `true` if a distance in nanoseconds is close to the least one seen.
    pub(crate) fn are_near(&self, nanos: f64) -> bool {
        nanos <= NEAR * self.nearest_nanos
    }

    /// Waits until cores are near, at most `patience`.
    pub(crate) fn wait(&mut self, patience: Duration) {
        let start = Instant::now();
        while start.elapsed() < patience {
            let nanos = self.measure_distance();
            if self.are_near(nanos) {
                return;
            }
            thread::sleep(PAUSE.min(patience.saturating_sub(start.elapsed())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_takes_a_plausible_time() {
        let nanos = core_nanos();
        assert!(nanos > 1.0 && nanos < 1e9, "{nanos}");
    }

    #[test]
    fn near_is_relative_to_the_nearest() {
        let mut cores = Cores { nearest_nanos: 60.0 };
        assert!(cores.are_near(239.0) && !cores.are_near(241.0));
        // Nearer than real cores can be, so the wait ends by its timeout.
        cores.nearest_nanos = 1e-3;
        cores.wait(Duration::from_millis(1));
        assert_eq!(cores.nearest_nanos, 1e-3);
    }

    #[test]
    fn zero_patience_measures_nothing() {
        let mut cores = Cores::new();
        cores.wait(Duration::ZERO);
        assert_eq!(cores.nearest_nanos, f64::INFINITY);
        // The first measurement is the nearest so far.
        cores.wait(Duration::from_secs(60));
        assert!(cores.nearest_nanos.is_finite());
    }
}
