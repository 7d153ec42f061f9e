//! Clicks on pages in a log, and their counts per minute.

use std::path::Path;

use dataflow::prelude::*;
use dataflow::{LogWriter, ProgressWhen};

use crate::random::Random;

/// A visit of a page.
#[derive(Record, Clone, Debug, PartialEq)]
pub struct Click {
    /// The page.
    pub url: String,
    /// The event time.
    pub time: Timestamp,
}

/// The clicks of a page in a minute.
#[derive(Record, Clone, Debug, PartialEq)]
pub struct Hits {
    /// The page.
    pub url: String,
    /// The start of the minute.
    pub minute: Timestamp,
    /// The number of clicks.
    pub hits: u64,
}

/// Counts the clicks of each page per minute of event time. Clicks may be up to five seconds late.
#[dataflow]
pub fn hits_per_minute(clicks: DataStream<Click>) -> DataStream<Hits> {
    clicks
        .event_time(|c| c.time, Lateness::bounded(secs(5)))
        .group_by(|c| c.url)
        .window(Tumbling::of(mins(1)))
        .aggregate(|w| HitsRef { url: w.key, minute: w.start, hits: w.count() })
}

/// The total number of counted clicks.
#[dataflow]
pub fn total(hits: DataSet<Hits>) -> DataSet<u64> {
    hits.aggregate(|h| h.sum(|h| h.hits))
}

/// The pages. The first ones get most clicks.
const PAGES: [&str; 5] = ["/", "/docs", "/docs/guide", "/blog", "/about"];

/// Splits of the log, for example one for each web server.
const SPLITS: usize = 2;

/// Number of clicks per append, and the event time between two clicks in microseconds: 25,000
/// clicks are a minute.
const CLICKS_A_STEP: u64 = 500;
const MICROS_A_CLICK: u64 = 2_400;

/// Appends clicks to a log.
pub struct ClickWriter {
    /// `None` if the log is sealed.
    log: Option<LogWriter<Click>>,
    /// The number of clicks in the log.
    clicks: u64,
    random: Random,
}

impl ClickWriter {
    /// Opens the log in a folder, or creates one.
    ///
    /// # Errors
    /// Fails if the log cannot be read or written, or if another writer has it open.
    pub fn open(folder: &Path) -> dataflow::Result<Self> {
        if !folder.exists() {
            return Ok(ClickWriter {
                log: Some(LogWriter::create(folder, SPLITS)?),
                clicks: 0,
                random: Random::new(0),
            });
        }
        let is_sealed = folder.join("log.end").exists();
        let log = if is_sealed { None } else { Some(LogWriter::open(folder, SPLITS)?) };
        let env = Env::new(Options { progress: ProgressWhen::Never, ..Options::default() });
        let clicks = env.read_log_to_end::<Click>(folder.to_string_lossy())?.count()?;
        Ok(ClickWriter { log, clicks, random: Random::new(clicks) })
    }

    /// Appends some clicks and makes them visible to readers. Does nothing if the log is sealed.
    ///
    /// # Errors
    /// Fails if the log cannot be written.
    pub fn append_some(&mut self) -> dataflow::Result<()> {
        let Some(log) = &mut self.log else { return Ok(()) };
        let first = date!("2026-01-01").midnight().micros();
        for click in self.clicks..self.clicks + CLICKS_A_STEP {
            // Up to four seconds late.
            let late = u64::from(self.random.below(4_000_000));
            let page = self.random.below(PAGES.len() as u32).min(self.random.below(PAGES.len() as u32));
            let time = Timestamp::from_micros(first + (click * MICROS_A_CLICK).saturating_sub(late) as i64);
            log.append(ClickRef { url: PAGES[page as usize], time })?;
        }
        self.clicks += CLICKS_A_STEP;
        log.flush()
    }

    /// Seals the log, so that jobs that follow it reach its end.
    ///
    /// # Errors
    /// Fails if the log cannot be written.
    pub fn seal(self) -> dataflow::Result<()> {
        self.log.map_or(Ok(()), LogWriter::seal_all)
    }
}
