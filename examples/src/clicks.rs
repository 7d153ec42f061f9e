//! Clicks on pages, in a log, and how many there are in each minute.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use dataflow::LogWriter;
use dataflow::prelude::*;

use crate::random::Random;

/// Somebody opened a page.
#[derive(Record, Clone, Debug, PartialEq)]
pub struct Click {
    /// The page.
    pub url: String,
    /// When that was.
    pub time: Timestamp,
}

/// The clicks of a page in a minute.
#[derive(Record, Clone, Debug, PartialEq)]
pub struct Hits {
    /// The page.
    pub url: String,
    /// When the minute began.
    pub minute: Timestamp,
    /// How many there were.
    pub hits: u64,
}

/// How often each page was opened in each minute of the clicks' own time, of which none is later than five seconds.
#[dataflow]
pub fn hits_per_minute(clicks: DataStream<Click>) -> DataStream<Hits> {
    clicks
        .event_time(|c| c.time, Lateness::bounded(secs(5)))
        .group_by(|c| c.url)
        .window(Tumbling::of(mins(1)))
        .aggregate(|w| HitsRef { url: w.key, minute: w.start, hits: w.count() })
}

/// Pages that are opened, the first ones most.
const PAGES: [&str; 5] = ["/", "/docs", "/docs/guide", "/blog", "/about"];

/// Splits of the log: one for each of the machines that serve the pages, say.
const SPLITS: usize = 2;

/// Clicks that are written at a time, and how much of their own time passes with them: a second of the clock is a minute of theirs.
const CLICKS_A_STEP: u64 = 500;
const STEP: Duration = Duration::from_millis(20);
const MICROS_A_STEP: u64 = 60 * 20_000;

/// Writes clicks to a new log for so long, then seals it.
///
/// # Errors
/// Where the log cannot be written.
pub fn generate(folder: &Path, length: Duration) -> dataflow::Result<()> {
    let mut log = LogWriter::create(folder, SPLITS)?;
    let (mut random, began) = (Random::new(1), Instant::now());
    let first = date!("2026-01-01").midnight().micros();
    for step in 0.. {
        if began.elapsed() >= length {
            break;
        }
        for click in 0..CLICKS_A_STEP {
            // Up to four seconds late.
            let late = u64::from(random.below(4_000_000));
            let micros = step * MICROS_A_STEP + click * MICROS_A_STEP / CLICKS_A_STEP;
            let page = random.below(PAGES.len() as u32).min(random.below(PAGES.len() as u32));
            let time = Timestamp::from_micros(first + micros.saturating_sub(late) as i64);
            log.append(ClickRef { url: PAGES[page as usize], time })?;
        }
        log.flush()?;
        thread::sleep(STEP);
    }
    log.seal_all()
}
