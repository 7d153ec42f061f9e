//! Logs that grow while jobs read them and are killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use dataflow::LogWriter;
use dataflow::prelude::*;
use tests::Random;

use super::job::{Click, Places, Written};

/// The number of splits at the start.
const SPLITS: usize = 3;

/// Number of clicks in a round.
const ROUND: usize = 200;
/// Pause after a round.
const PAUSE: Duration = Duration::from_millis(10);

/// Rounds from one added split of the log of clicks to the next.
const NEW_SPLIT_EVERY: usize = 60;
/// Rounds until an added split has records. All running tasks find it before, because a task that
/// finds it later would read late records.
const NEW_SPLIT_WAITS: usize = 25;
/// Rounds until an added split is sealed, while the other splits continue.
const NEW_SPLIT_ENDS: usize = 45;

/// Round in which the log of views ends.
const VIEWS_END: usize = 50;

/// Writes clicks, and for some time views, until it is stopped: some hundred records every few
/// milliseconds.
pub(crate) struct Generator {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Written>,
}

impl Generator {
    pub(crate) fn start(places: &Places, seed: u64) -> Self {
        let mut logs = Logs::create(places, seed);
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = stop.clone();
        let thread = std::thread::spawn(move || {
            for round in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                logs.write(round);
                std::thread::sleep(PAUSE);
            }
            logs.seal()
        });
        Generator { stop, thread }
    }

    /// Stops and seals the logs. Returns the written records.
    pub(crate) fn finish(self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

struct Logs {
    folder: String,
    clicks: LogWriter<Click>,
    /// The writer of an added split, until it is sealed.
    added: Option<LogWriter<Click>>,
    /// The writer of views, until the log ends.
    views: Option<LogWriter<Click>>,
    written: Written,
    random: Random,
}

impl Logs {
    fn create(places: &Places, seed: u64) -> Self {
        let folder = places.path("log");
        let clicks = LogWriter::create(&folder, SPLITS).unwrap();
        let views = LogWriter::create(places.path("views"), 2).unwrap();
        let (written, random) = (Written::default(), Random(seed));
        Logs { folder, clicks, added: None, views: Some(views), written, random }
    }

    /// Splits advance together: no split has an event time far ahead of another.
    fn write(&mut self, round: usize) {
        match round % NEW_SPLIT_EVERY {
            0 => self.added = Some(LogWriter::add(&self.folder, 1).unwrap()),
            NEW_SPLIT_ENDS => self.added.take().unwrap().seal().unwrap(),
            _ => {}
        }
        let may_add = round % NEW_SPLIT_EVERY >= NEW_SPLIT_WAITS;
        for number in 0..ROUND {
            let click = self.record(self.written.clicks.len() as u64);
            match &mut self.added {
                Some(added) if may_add && number % 4 == 0 => added.append(&click).unwrap(),
                _ => self.clicks.append_to(number % SPLITS, &click).unwrap(),
            }
            self.written.clicks.push(click);
            if self.views.is_some() && number % 2 == 0 {
                let view = self.record((1 << 32) + self.written.views.len() as u64);
                self.views.iter_mut().for_each(|views| views.append(&view).unwrap());
                self.written.views.push(view);
            }
        }
        self.clicks.flush().unwrap();
        self.added.iter_mut().chain(&mut self.views).for_each(|log| log.flush().unwrap());
        if let Some(views) = self.views.take_if(|_| round == VIEWS_END) {
            views.seal_all().unwrap();
        }
    }

    /// A minute of event time has some thousand clicks, up to four seconds late.
    fn record(&mut self, number: u64) -> Click {
        let round = self.written.clicks.len() as i64 / 20;
        let micros = round * 1_000_000 / 4 + self.random.below(4_000_000) as i64;
        Click { number, url: format!("/page/{}", self.random.below(50)), time: Timestamp::from_micros(micros) }
    }

    fn seal(self) -> Written {
        self.added.into_iter().for_each(|added| added.seal().unwrap());
        self.views.into_iter().for_each(|views| views.seal_all().unwrap());
        self.clicks.seal_all().unwrap();
        self.written
    }
}
