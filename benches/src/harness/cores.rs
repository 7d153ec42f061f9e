//! How far the machine's cores are from each other.
//!
//! Cores that share a cache hand a word over in some tens of nanoseconds, others take several times as long. The host
//! of a virtual machine moves its cores between the two from one minute to the next, and whatever crosses between
//! tasks then takes several times as long, too.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often a word goes there and back for one figure, and how many figures are taken; the least counts.
const TRIPS: u32 = 2000;
const FIGURES: u32 = 5;

/// Looks at the word before the thread lets others run: on a machine with one core the other thread would never come
/// to write it.
const MOST_LOOKS: u32 = 10_000;

/// Where cores are, as times of the nearest that was seen: beyond this they share no cache. Two threads of one core
/// are nearer still, by half.
const NEAR: f64 = 4.0;

/// How often it is looked whether cores have come near.
const PAUSE: Duration = Duration::from_millis(300);

/// Nanoseconds that a word takes from one core to another and back.
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
        if looks % MOST_LOOKS == 0 {
            thread::yield_now();
        }
        spin_loop();
    }
}

/// What is known of the cores' distance: that of the nearest so far.
#[derive(Debug)]
pub(crate) struct Cores {
    nearest_nanos: f64,
}

impl Cores {
    /// Cores of which nothing is known.
    pub(crate) fn new() -> Self {
        Self { nearest_nanos: f64::INFINITY }
    }

    /// How far they are now, in nanoseconds.
    pub(crate) fn look(&mut self) -> f64 {
        let nanos = core_nanos();
        self.nearest_nanos = self.nearest_nanos.min(nanos);
        nanos
    }

    /// Whether so many nanoseconds are about as few as were ever seen.
    pub(crate) fn are_near(&self, nanos: f64) -> bool {
        nanos <= NEAR * self.nearest_nanos
    }

    /// Waits until cores are near, but no longer than this.
    pub(crate) fn wait(&mut self, patience: Duration) {
        let start = Instant::now();
        while start.elapsed() < patience {
            let nanos = self.look();
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
    fn a_word_takes_its_time() {
        let nanos = core_nanos();
        assert!(nanos > 1.0 && nanos < 1e9, "{nanos}");
    }

    #[test]
    fn what_is_near_depends_on_the_nearest() {
        let mut cores = Cores { nearest_nanos: 60.0 };
        assert!(cores.are_near(239.0) && !cores.are_near(241.0));
        // Nearer than any cores are: the wait ends all the same.
        cores.nearest_nanos = 1e-3;
        cores.wait(Duration::from_millis(1));
        assert_eq!(cores.nearest_nanos, 1e-3);
    }

    #[test]
    fn who_has_no_patience_does_not_look() {
        let mut cores = Cores::new();
        cores.wait(Duration::ZERO);
        assert_eq!(cores.nearest_nanos, f64::INFINITY);
        // The first look is the nearest so far.
        cores.wait(Duration::from_secs(60));
        assert!(cores.nearest_nanos.is_finite());
    }
}
