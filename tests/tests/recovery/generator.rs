//! A log that grows while jobs read it and are killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use dataflow::LogWriter;
use dataflow::prelude::*;
use tests::Random;

use super::job::{Click, Places};

/// The splits of the log.
pub(crate) const SPLITS: usize = 3;

/// Writes clicks until it is told to stop; some hundred every millisecond.
pub(crate) struct Generator {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Click>>,
}

impl Generator {
    pub(crate) fn start(places: &Places, seed: u64) -> Self {
        let mut log = LogWriter::create(places.path("log"), SPLITS).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = stop.clone();
        let thread = std::thread::spawn(move || {
            let (mut random, mut clicks) = (Random(seed), Vec::new());
            while !is_over.load(Ordering::Relaxed) {
                for _ in 0..200 {
                    let click = click(clicks.len() as u64, &mut random);
                    // Splits go on together: none has a time that another is not about to have.
                    log.append_to(clicks.len() % SPLITS, &click).unwrap();
                    clicks.push(click);
                }
                log.flush().unwrap();
                std::thread::sleep(Duration::from_millis(10));
            }
            log.seal_all().unwrap();
            clicks
        });
        Generator { stop, thread }
    }

    /// Seals the log; what was written.
    pub(crate) fn finish(self) -> Vec<Click> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// A minute of event time has some thousand clicks, which are up to four seconds late.
fn click(number: u64, random: &mut Random) -> Click {
    let micros = (number / 20) as i64 * 1_000_000 / 4 + random.below(4_000_000) as i64;
    Click { number, url: format!("/page/{}", random.below(50)), time: Timestamp::from_micros(micros) }
}
