//! Event time of a restored job: late records stay late, and watermarks are restored.

use std::time::{Duration, Instant};

use dataflow::prelude::*;
use dataflow::{JobHandle, LogWriter, Options};
use tests::{Folder, local, same_records, within_two_minutes};

use super::job::{Click, Hits, HitsRef, Places, check_hits, shown_hits};
use super::refused::{end, hits, on_demand, start};

fn click(second: i64) -> Click {
    Click { number: second as u64, url: "/".to_owned(), time: Timestamp::from_micros(second * 1_000_000) }
}

/// Waits for a condition that becomes true on its own.
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

/// Like `hits`, with a time that is computed after a closure.
fn computed_hits(env: &Env, places: &Places) -> dataflow::Result<()> {
    computed_hits_per_minute(env.read_log(places.path("log"))?).write_csv(places.path("hits/"));
    Ok(())
}

#[dataflow]
fn computed_hits_per_minute(clicks: DataStream<Click>) -> DataStream<Hits> {
    let timed = clicks.map(|c| c).event_time(|c| c.time + secs(0), Lateness::bounded(secs(5)));
    timed.group_by(|c| c.url).window(Tumbling::of(mins(1))).aggregate(|w| HitsRef {
        url: w.key,
        minute: w.start,
        hits: w.count(),
        numbers: w.sum(|c| c.number),
    })
}

#[test]
fn event_time_continues_after_a_restore() {
    within_two_minutes("event time", || check_continued_time(hits));
}

#[test]
fn computed_event_time_continues_after_a_restore() {
    within_two_minutes("computed event time", || check_continued_time(computed_hits));
}

fn check_continued_time(hits: fn(&Env, &Places) -> dataflow::Result<()>) {
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
    // The slower split is at 195 seconds.
    wait_for_windows(3, &job, &places);
    end(job);
    // While the new split is empty, no source has a watermark. It is known only from the state.
    let mut added = LogWriter::add(places.path("log"), 1).unwrap();
    log.append_to(0, &click(30)).unwrap();
    log.flush().unwrap();
    let job = run();
    let late = || job.metrics().operators.iter().map(|operator| operator.late_rows).sum::<u64>();
    wait_for("what is late", || late() == 1);
    job.snapshot().unwrap();
    end(job);
    // The event time of the split without new records is known only from its position, and the
    // windows' content from the state.
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
}

#[dataflow]
fn hits_and_late(clicks: DataStream<Click>) -> (DataStream<Hits>, DataStream<Click>) {
    let timed = clicks.event_time(|c| c.time, Lateness::bounded(secs(5)));
    let windows = timed.group_by(|c| c.url).window(Tumbling::of(mins(1)));
    let hits =
        windows.aggregate(|w| HitsRef { url: w.key, minute: w.start, hits: w.count(), numbers: w.sum(|c| c.number) });
    (hits, windows.late())
}

/// The operator that splits off late records restores its own watermark. A record that it passes by
/// mistake is lost: the windows drop it, and it is not in the late output.
#[test]
fn late_records_are_split_off_once_after_a_restore() {
    within_two_minutes("late records of a job that goes on", || {
        let folder = Folder::default();
        let places = Places(folder.join("").into());
        let run = |parallelism| {
            start(Options { parallelism, ..on_demand(&places) }, |env| {
                let (hits, late) = hits_and_late(env.read_log(places.path("log"))?);
                hits.write_csv(places.path("hits/"));
                late.write_native(places.path("late/"));
                Ok(())
            })
        };
        let late_rows =
            |job: &JobHandle| job.metrics().operators.iter().map(|operator| operator.late_rows).sum::<u64>();
        let check_late = |expected: &[Click]| {
            let late = local(1).read_native::<Click>(places.path("late/")).unwrap().collect().unwrap();
            same_records("late", late, expected.to_vec());
        };
        let mut log = LogWriter::create(places.path("log"), 1).unwrap();
        let clicks = Vec::from_iter((0..=200).step_by(10).map(click));
        clicks.iter().for_each(|click| log.append(click).unwrap());
        log.flush().unwrap();
        let job = run(2);
        wait_for_windows(3, &job, &places);
        log.append(&click(20)).unwrap();
        log.flush().unwrap();
        wait_for("what is late before the job ends", || late_rows(&job) > 0);
        job.snapshot().unwrap();
        check_late(&[click(20)]);
        end(job);
        // While the new split is empty, no source has a watermark.
        let added = LogWriter::<Click>::add(places.path("log"), 1).unwrap();
        log.append(&click(30)).unwrap();
        log.flush().unwrap();
        let job = run(3);
        wait_for("what is late when the job goes on", || late_rows(&job) > 0);
        job.snapshot().unwrap();
        assert_eq!(job.metrics().event_time, None);
        check_late(&[click(20), click(30)]);
        assert_eq!(late_rows(&job), 1);
        end(job);
        added.seal().unwrap();
        log.seal_all().unwrap();
        run(1).wait().unwrap();
        check_late(&[click(20), click(30)]);
        check_hits(&places, &clicks);
    });
}
