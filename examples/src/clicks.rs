//! Clicks on pages, in a log, and how many there are in each minute.

use std::path::Path;

use dataflow::prelude::*;
use dataflow::{LogWriter, ProgressWhen};

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

/// All clicks that were counted.
#[dataflow]
pub fn total(hits: DataSet<Hits>) -> DataSet<u64> {
    hits.aggregate(|h| h.sum(|h| h.hits))
}

/// Pages that are opened, the first ones most.
const PAGES: [&str; 5] = ["/", "/docs", "/docs/guide", "/blog", "/about"];

/// Splits of the log: one for each of the machines that serve the pages, say.
const SPLITS: usize = 2;

/// Clicks that are written at a time, and how much of their own time passes from one to the next: a minute in 25,000 clicks.
const CLICKS_A_STEP: u64 = 500;
const MICROS_A_CLICK: u64 = 2_400;

/// Writes clicks to a log.
pub struct ClickWriter {
    /// Nothing where the log is sealed.
    log: Option<LogWriter<Click>>,
    /// How many the log has.
    clicks: u64,
    random: Random,
}

impl ClickWriter {
    /// Goes on with the log in a folder, or begins one.
    ///
    /// # Errors
    /// Where that cannot be read or written, or somebody else writes it.
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

    /// Appends some clicks, unless the log is sealed, and has readers find them.
    ///
    /// # Errors
    /// Where the log cannot be written.
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

    /// Seals the log: who follows it comes to an end.
    ///
    /// # Errors
    /// Where that cannot be written.
    pub fn seal(self) -> dataflow::Result<()> {
        self.log.map_or(Ok(()), LogWriter::seal_all)
    }
}
