//! Event time of a job that goes on: what was late stays late, and what was waited for is known.

use std::time::{Duration, Instant};

use dataflow::prelude::*;
use dataflow::{JobHandle, LogWriter};
use tests::{Folder, within_two_minutes};

use super::job::{Click, Places, check_hits, shown_hits};
use super::refused::{end, hits, on_demand, start};

fn click(second: i64) -> Click {
    Click { number: second as u64, url: "/".to_owned(), time: Timestamp::from_micros(second * 1_000_000) }
}

/// Waits for what is to come of itself.
fn wait_for(what: &str, mut is_there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} did not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn wait_for_windows(count: usize, job: &JobHandle, places: &Places) {
    wait_for(&format!("window {count}"), || {
        job.snapshot().unwrap();
        shown_hits(places) >= count
    });
    assert_eq!(shown_hits(places), count);
}

#[test]
fn time_goes_on_where_it_was() {
    within_two_minutes("event time", || {
        let folder = Folder::default();
        let places = Places(folder.join("").into());
        let run = || start(on_demand(&places), |env| hits(env, &places));
        let mut log = LogWriter::create(places.path("log"), 2).unwrap();
        let mut clicks = Vec::new();
        for second in (0..=400).step_by(10) {
            for split in if second <= 200 { 0..2 } else { 1..2 } {
                log.append_to(split, &click(second)).unwrap();
                clicks.push(click(second));
            }
        }
        log.flush().unwrap();
        let job = run();
        // The split that is behind says 195 seconds.
        wait_for_windows(3, &job, &places);
        end(job);
        // As long as the new split has nothing, no source says what time it is: that is known from the state alone.
        let mut added = LogWriter::add(places.path("log"), 1).unwrap();
        log.append_to(0, &click(30)).unwrap();
        log.flush().unwrap();
        let job = run();
        let late = || job.metrics().operators.iter().map(|operator| operator.late_rows).sum::<u64>();
        wait_for("what is late", || late() == 1);
        job.snapshot().unwrap();
        end(job);
        // How far the split of which nothing new comes was read is known from its position alone, and what is in the windows from the state.
        log.append_to(0, &click(400)).unwrap();
        added.append(&click(400)).unwrap();
        clicks.extend([click(400), click(400)]);
        log.flush().unwrap();
        added.flush().unwrap();
        let job = run();
        wait_for_windows(6, &job, &places);
        added.seal().unwrap();
        log.seal_all().unwrap();
        job.wait().unwrap();
        assert_eq!(shown_hits(&places), 7);
        check_hits(&places, &clicks);
    });
}
