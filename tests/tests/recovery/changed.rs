//! Programs changed after a snapshot. State whose meaning changed is rejected. A change that keeps
//! its meaning is accepted.

use dataflow::LogWriter;
use dataflow::prelude::*;
use tests::{Folder, same_records, within_two_minutes};

use super::job::{Click, Places};
use super::refused::{end, on_demand, start};

/// The clicks of each page and window.
type Counts = DataStream<(String, Timestamp, u64)>;

type Declare = fn(DataStream<Click>, &Places);

/// Each variant of the program has the same function, and so the same names.
macro_rules! declare {
    ($write:ident) => {
        pub(super) fn declare(clicks: DataStream<Click>, places: &Places) {
            result(clicks).$write(places.path("out/"));
        }
    };
    () => {
        pub(super) fn declare(clicks: DataStream<Click>, places: &Places) {
            let (first, second) = result(clicks);
            first.write_native(places.path("first/"));
            second.write_native(places.path("second/"));
        }
    };
}

mod minutes {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(String, Timestamp, u64)> {
        clicks.event_time(|c| c.time, Lateness::none()).group_by(|c| c.url).window(Tumbling::of(mins(1))).count()
    }

    declare!(write_native);
}

mod five_minutes {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(String, Timestamp, u64)> {
        clicks.event_time(|c| c.time, Lateness::none()).group_by(|c| c.url).window(Tumbling::of(mins(5))).count()
    }

    declare!(write_native);
}

mod by_number {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(u64, Timestamp, u64)> {
        clicks.event_time(|c| c.time, Lateness::none()).group_by(|c| c.number).window(Tumbling::of(mins(1))).count()
    }

    declare!(write_native);
}

mod by_remainder {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(u64, Timestamp, u64)> {
        clicks.event_time(|c| c.time, Lateness::none()).group_by(|c| c.number % 7).window(Tumbling::of(mins(1))).count()
    }

    declare!(write_native);
}

mod by_other_remainder {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(u64, Timestamp, u64)> {
        clicks.event_time(|c| c.time, Lateness::none()).group_by(|c| c.number % 8).window(Tumbling::of(mins(1))).count()
    }

    declare!(write_native);
}

mod measures {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(String, u64, u64)> {
        clicks
            .event_time(|c| c.time, Lateness::none())
            .group_by(|c| c.url)
            .window(Tumbling::of(mins(1)))
            .aggregate(|w| (w.key, w.sum(|c| c.number), w.sum(|c| c.number * 2)))
    }

    declare!(write_native);
}

mod measures_swapped {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(String, u64, u64)> {
        clicks
            .event_time(|c| c.time, Lateness::none())
            .group_by(|c| c.url)
            .window(Tumbling::of(mins(1)))
            .aggregate(|w| (w.key, w.sum(|c| c.number * 2), w.sum(|c| c.number)))
    }

    declare!(write_native);
}

mod measures_replaced {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(String, u64, u64)> {
        clicks
            .event_time(|c| c.time, Lateness::none())
            .group_by(|c| c.url)
            .window(Tumbling::of(mins(1)))
            .aggregate(|w| (w.key, w.sum(|c| c.number), w.sum(|c| c.number * 3)))
    }

    declare!(write_native);
}

mod measure_added {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(String, u64, u64, u64)> {
        clicks
            .event_time(|c| c.time, Lateness::none())
            .group_by(|c| c.url)
            .window(Tumbling::of(mins(1)))
            .aggregate(|w| (w.key, w.count(), w.sum(|c| c.number * 2), w.sum(|c| c.number)))
    }

    declare!(write_native);
}

mod least_added {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(String, u64, u64, u64)> {
        clicks
            .event_time(|c| c.time, Lateness::none())
            .group_by(|c| c.url)
            .window(Tumbling::of(mins(1)))
            .aggregate(|w| (w.key, w.sum(|c| c.number), w.sum(|c| c.number * 2), w.min(|c| c.number)))
    }

    declare!(write_native);
}

mod measure_removed {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(String, u64)> {
        clicks
            .event_time(|c| c.time, Lateness::none())
            .group_by(|c| c.url)
            .window(Tumbling::of(mins(1)))
            .aggregate(|w| (w.key, w.sum(|c| c.number * 2)))
    }

    declare!(write_native);
}

mod measures_finished_otherwise {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> DataStream<(u64, String, u64)> {
        clicks
            .event_time(|c| c.time, Lateness::none())
            .filter(|c| c.number > 0)
            .group_by(|c| c.url)
            .window(Tumbling::of(mins(1)))
            .aggregate(|w| {
                // Only the record of a group differs.
                let first = w.sum(
                    |c| c.number, // as before
                );
                (w.sum(|c| c.number * 2) + 1, w.key, first)
            })
    }

    declare!(write_native);
}

mod least {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> UpdateStream<(String, u64)> {
        clicks.map(|c| (c.url, c.number)).group_by(|c| c.0).min(|c| c.1)
    }

    declare!(write_native);
}

mod greatest {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> UpdateStream<(String, u64)> {
        clicks.map(|c| (c.url, c.number)).group_by(|c| c.0).max(|c| c.1)
    }

    declare!(write_native);
}

mod sums {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> UpdateStream<(String, u64, u64)> {
        clicks.map(|c| (c.url, c.number, c.number % 3)).group_by(|c| (c.0, c.2)).sum(|c| c.1)
    }

    declare!(write_native);
}

mod other_sums {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> UpdateStream<(String, u64, u64)> {
        clicks.map(|c| (c.url, c.number, c.number % 3)).group_by(|c| (c.0, c.1)).sum(|c| c.2)
    }

    declare!(write_native);
}

mod earlier {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> UpdateStream<(String, u64)> {
        clicks.map(|c| (c.url, c.number)).group_by(|c| c.0).reduce(|a, b| if a.1 < b.1 { a } else { b })
    }

    declare!(write_native);
}

mod later {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> UpdateStream<(String, u64)> {
        clicks.map(|c| (c.url, c.number)).group_by(|c| c.0).reduce(|a, b| if a.1 > b.1 { a } else { b })
    }

    declare!(write_native);
}

mod two {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> (Counts, Counts) {
        let timed = clicks.event_time(|c| c.time, Lateness::none());
        let urls = timed.group_by(|c| c.url);
        (urls.window(Tumbling::of(mins(1))).count(), urls.window(Tumbling::of(mins(5))).count())
    }

    declare!();
}

mod two_swapped {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> (Counts, Counts) {
        let timed = clicks.event_time(|c| c.time, Lateness::none());
        let urls = timed.group_by(|c| c.url);
        (urls.window(Tumbling::of(mins(5))).count(), urls.window(Tumbling::of(mins(1))).count())
    }

    declare!();
}

mod of_two {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> (Counts, Counts) {
        let timed = clicks.event_time(|c| c.time, Lateness::none());
        (
            timed.filter(|c| c.number % 2 == 0).group_by(|c| c.url).window(Tumbling::of(mins(1))).count(),
            timed.filter(|c| c.number % 2 == 1).group_by(|c| c.url).window(Tumbling::of(mins(1))).count(),
        )
    }

    declare!();
}

mod of_two_swapped {
    use super::*;

    #[dataflow]
    fn result(clicks: DataStream<Click>) -> (Counts, Counts) {
        let timed = clicks.event_time(|c| c.time, Lateness::none());
        (
            timed.filter(|c| c.number % 2 == 1).group_by(|c| c.url).window(Tumbling::of(mins(1))).count(),
            timed.filter(|c| c.number % 2 == 0).group_by(|c| c.url).window(Tumbling::of(mins(1))).count(),
        )
    }

    declare!();
}

/// Takes a snapshot of one program. Returns the outcome of another program that continues from it.
fn restore_changed(before: Declare, after: Declare) -> Result<(), String> {
    let folder = Folder::default();
    restore_changed_in(&folder, before, after)
}

/// Like [`restore_changed`], in a given folder.
fn restore_changed_in(folder: &Folder, before: Declare, after: Declare) -> Result<(), String> {
    let places = Places(folder.join("").into());
    let mut log = LogWriter::create(places.path("log"), 2).unwrap();
    let append = |log: &mut LogWriter<Click>, numbers: std::ops::Range<i64>| {
        for number in numbers {
            let time = Timestamp::from_micros(number * 100_000);
            log.append(&Click { number: number as u64, url: format!("/{}", number % 9), time }).unwrap();
        }
        log.flush().unwrap();
    };
    // No window of a minute ends before the snapshot.
    append(&mut log, 0..500);
    let job = start(on_demand(&places), |env| {
        before(env.read_log(places.path("log"))?, &places);
        Ok(())
    });
    while job.metrics().source_rows < 500 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    job.snapshot().unwrap();
    end(job);
    append(&mut log, 500..2_000);
    log.seal_all().unwrap();
    let run = |declare: Declare| {
        let env = Env::new(on_demand(&places));
        declare(env.read_log(places.path("log")).unwrap(), &places);
        env.run().map(|_| ()).map_err(|error| error.to_string())
    };
    let result = run(after);
    if result.is_err() {
        // The snapshot is unchanged: the original program can continue.
        run(before).unwrap();
    }
    result
}

#[test]
fn state_of_another_meaning_is_rejected() {
    within_two_minutes("changed programs", || {
        let windows = "tumbling windows of";
        let changes: [(Declare, Declare, String, String); 7] = [
            (
                minutes::declare,
                five_minutes::declare,
                format!("{windows} 60s by url"),
                format!("{windows} 300s by url"),
            ),
            (minutes::declare, by_number::declare, format!("{windows} 60s by url"), format!("{windows} 60s by number")),
            (
                by_remainder::declare,
                by_other_remainder::declare,
                format!("{windows} 60s by key: `|c| c.number % 7`"),
                format!("{windows} 60s by key: `|c| c.number % 8`"),
            ),
            (
                measures::declare,
                measures_replaced::declare,
                format!("{windows} 60s by url; measures `sum(|c| c.number)`, `sum(|c| c.number * 2)`"),
                format!("{windows} 60s by url; measures `sum(|c| c.number)`, `sum(|c| c.number * 3)`"),
            ),
            (least::declare, greatest::declare, "min by .0".to_owned(), "max by .0".to_owned()),
            (sums::declare, other_sums::declare, "sum by .0, .2".to_owned(), "sum by .0, .1".to_owned()),
            (
                earlier::declare,
                later::declare,
                "reduce by .0: `|a, b| if a.1 < b.1 { a } else { b }`".to_owned(),
                "reduce by .0: `|a, b| if a.1 > b.1 { a } else { b }`".to_owned(),
            ),
        ];
        for (before, after, old, new) in changes {
            let error = restore_changed(before, after).unwrap_err();
            for part in [
                &format!("in the snapshot: {old}\n"),
                &format!("in the program:  {new}\n"),
                "tests/tests/recovery/changed.rs:",
                "start over with an empty folder of snapshots",
                "`let`",
            ] {
                assert!(error.contains(part), "`{part}` is not in: {error}");
            }
        }
    });
}

/// Both windows have new lengths. The message names the one whose task restores its state first.
#[test]
fn swapped_windows_are_rejected() {
    within_two_minutes("windows that change places", || {
        let error = restore_changed(two::declare, two_swapped::declare).unwrap_err();
        let states = ["60s", "300s"].map(|length| format!("tumbling windows of {length} by url"));
        assert!(error.contains("in the snapshot: ") && states.iter().all(|state| error.contains(state)), "{error}");
    });
}

#[test]
fn swapped_operators_of_one_name_are_rejected() {
    within_two_minutes("operators that change places", || {
        let error = restore_changed(of_two::declare, of_two_swapped::declare).unwrap_err();
        assert!(error.contains("several operators are called `") && error.contains("`let`"), "{error}");
        restore_changed(of_two::declare, of_two::declare).unwrap();
        restore_changed(two::declare, two::declare).unwrap();
    });
}

/// The sums of each window by page: of the numbers, and of their doubles.
fn sums_of_windows() -> Vec<(String, u64, u64)> {
    let mut sums = std::collections::BTreeMap::<(i64, String), u64>::new();
    (0..2_000).for_each(|number: i64| {
        *sums.entry((number / 600, format!("/{}", number % 9))).or_default() += number as u64;
    });
    sums.into_iter().map(|((_, url), sum)| (url, sum, 2 * sum)).collect()
}

#[test]
fn measures_find_their_own_state() {
    within_two_minutes("measures that move", || {
        let expected = sums_of_windows();
        let doubles_first: Vec<_> = expected.iter().cloned().map(|(url, sum, double)| (url, double, sum)).collect();
        let folder = Folder::default();
        restore_changed_in(&folder, measures::declare, measures_swapped::declare).unwrap();
        let found = Env::embedded().read_native::<(String, u64, u64)>(folder.join("out/")).unwrap();
        same_records("two sums", found.collect().unwrap(), doubles_first.clone());
        let folder = Folder::default();
        restore_changed_in(&folder, measures::declare, measure_added::declare).unwrap();
        let found = Env::embedded().read_native::<(String, u64, u64, u64)>(folder.join("out/")).unwrap();
        let found = found.collect().unwrap();
        let counted: u64 = found.iter().map(|window| window.1).sum();
        assert!(counted < 2_000, "{counted} records were counted, also those before the snapshot");
        let found = found.into_iter().map(|(url, _, double, sum)| (url, double, sum)).collect();
        same_records("a count is added", found, doubles_first);
        let folder = Folder::default();
        restore_changed_in(&folder, measures::declare, measure_removed::declare).unwrap();
        let found = Env::embedded().read_native::<(String, u64)>(folder.join("out/")).unwrap();
        let doubles = expected.into_iter().map(|(url, _, double)| (url, double)).collect();
        same_records("one sum", found.collect().unwrap(), doubles);
    });
}

/// A `min` that is new to a restored group would cover only later records.
#[test]
fn a_new_measure_without_a_first_value_is_rejected() {
    within_two_minutes("a least that is added", || {
        let error = restore_changed(measures::declare, least_added::declare).unwrap_err();
        let expected = "the program reads `min(|c| c.number).0` of the state";
        assert!(error.contains(expected) && error.contains("no value of that name"), "{error}");
    });
}

#[test]
fn a_change_that_keeps_the_meaning_of_state_continues() {
    within_two_minutes("changes without effect on state", || {
        restore_changed(measures::declare, measures_finished_otherwise::declare).unwrap();
    });
}
