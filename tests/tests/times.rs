//! Times in programs: fields, units, zones, durations as values, and custom formats in files.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use dataflow::prelude::*;
use dataflow::{CsvOptions, JsonOptions, TimeForms};
use tests::{Folder, on_each_engine};

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Ride {
    id: u32,
    day: Date,
    began: Timestamp,
    ended: Option<Timestamp>,
    took: TimeDelta,
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rides() -> Vec<Ride> {
    let ride = |id: u32| {
        let began = time("2024-02-28T20:15:30") + TimeDelta::from_minutes(37) * i64::from(id);
        let took = TimeDelta::from_seconds(i64::from(id * id % 4000) - 50);
        Ride { id, day: began.date(), began, ended: (!id.is_multiple_of(3)).then(|| began + took), took }
    };
    (0..2_000).map(ride).collect()
}

#[dataflow]
fn by_hour(rides: DataSet<Ride>, zone: Zone) -> DataSet<(Timestamp, TimeDelta)> {
    rides.map(|r| (r.began.in_zone(&zone).truncate(TimeUnit::Day), r.took)).group_by(|r| r.0).sum(|r| r.1).sort(|r| r.0)
}

#[dataflow]
fn weekdays(rides: DataSet<Ride>) -> DataSet<(u32, u32, TimeDelta, TimeDelta, u64)> {
    rides
        .group_by(|r| (r.began.weekday(), r.began.hour()))
        .aggregate(|g| (g.key.0, g.key.1, g.min(|r| r.took), g.max(|r| r.took), g.count()))
        .sort(|r| (r.0, r.1))
}

#[dataflow]
fn waits(rides: DataSet<Ride>) -> DataSet<TimeDelta> {
    rides.filter_map(|r| r.ended.map(|ended| ended - r.began)).distinct().sort(|d| d)
}

#[test]
fn zoned_days_and_duration_sums_match_iterators() {
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let mut expected: std::collections::BTreeMap<Timestamp, TimeDelta> = Default::default();
    for ride in rides() {
        let total = expected.entry(ride.began.in_zone(&berlin).truncate(TimeUnit::Day)).or_default();
        *total = *total + ride.took;
    }
    assert!(expected.keys().all(|day| [22, 23].contains(&day.hour())));
    on_each_engine(|engine, env| {
        let sums = by_hour(env.collection(rides()).unwrap(), berlin.clone()).collect().unwrap();
        assert_eq!(sums, expected.clone().into_iter().collect::<Vec<_>>(), "{engine}");
    });
}

#[test]
fn hours_may_be_keys_and_durations_are_ordered() {
    on_each_engine(|engine, env| {
        let found = weekdays(env.collection(rides()).unwrap()).collect().unwrap();
        assert_eq!(found.len(), 168, "{engine}");
        for (weekday, hour, least, most, count) in found {
            let of = |r: &&Ride| (r.began.weekday(), r.began.hour()) == (weekday, hour);
            let all: Vec<TimeDelta> = rides().iter().filter(of).map(|r| r.took).collect();
            let expected = (all.iter().min().copied(), all.iter().max().copied(), all.len() as u64);
            assert_eq!((Some(least), Some(most), count), expected, "{engine}");
        }
        let mut expected: Vec<TimeDelta> = rides().iter().filter_map(|r| Some(r.ended? - r.began)).collect();
        expected.sort();
        expected.dedup();
        assert_eq!(waits(env.collection(rides()).unwrap()).collect().unwrap(), expected, "{engine}");
    });
}

#[test]
fn time_overflows_end_the_job() {
    on_each_engine(|engine, env| {
        let most = TimeDelta::from_micros(i64::MAX);
        let sums = env.collection([(1u8, most), (1, most)]).unwrap().group_by(|r| r.0).sum(|r| r.1);
        let error = sums.collect().unwrap_err().to_string();
        assert!(error.contains("overflow") || error.contains("range"), "{engine}: {error}");
    });
}

#[test]
fn times_round_trip_in_every_format_that_supports_them() {
    let folder = Folder::default();
    on_each_engine(|engine, env| {
        let at = |name: &str| folder.join(&format!("{}-{name}", engine.to_string().replace([' ', '/'], "_")));
        let flow = env.collection(rides()).unwrap();
        flow.write_csv(at("x.csv"));
        flow.write_json(at("x.jsonl"));
        flow.write_parquet(at("x.parquet"));
        flow.write_native(at("x.native"));
        flow.map_to_took().write_binary(at("x.bin"));
        env.run().unwrap();
        let sorted = |flow: DataSet<Ride>| flow.sort(|r| r.id).collect().unwrap();
        assert_eq!(sorted(env.read_csv(at("x.csv")).unwrap()), rides(), "{engine}");
        assert_eq!(sorted(env.read_json(at("x.jsonl")).unwrap()), rides(), "{engine}");
        assert_eq!(sorted(env.read_parquet(at("x.parquet")).unwrap()), rides(), "{engine}");
        assert_eq!(sorted(env.read_native(at("x.native")).unwrap()), rides(), "{engine}");
        assert_eq!(env.read_binary::<TimeDelta>(at("x.bin")).unwrap().count().unwrap(), 2_000, "{engine}");
    });
}

trait MapToTook {
    fn map_to_took(&self) -> DataSet<TimeDelta>;
}
impl MapToTook for DataSet<Ride> {
    fn map_to_took(&self) -> DataSet<TimeDelta> {
        self.process(|ride, out| out.emit(ride.took))
    }
}

#[test]
fn custom_time_formats_are_read_and_written() {
    let folder = Folder::default();
    let csv = folder.file(
        "rides.csv",
        "id,day,began,ended,took\n1,29.02.2024,29.02.2024 12:30,2024-02-29T13:00Z,PT30M\n2,01.03.2024,01.03.2024 00:05,,PT1S\n",
    );
    let forms =
        || TimeForms::default().dates("%d.%m.%Y").timestamps("%d.%m.%Y %H:%M").field("ended", "%Y-%m-%dT%H:%MZ");
    let options = || CsvOptions::default().times(forms());
    on_each_engine(|engine, env| {
        let rides = env.read_csv_with::<Ride>(&csv, options()).unwrap();
        let read = rides.collect().unwrap();
        let first = Ride {
            id: 1,
            day: date!("2024-02-29"),
            began: time("2024-02-29T12:30"),
            ended: Some(time("2024-02-29T13:00")),
            took: TimeDelta::from_minutes(30),
        };
        assert_eq!((read.len(), read[0], read[1].ended), (2, first, None), "{engine}");
        let out = folder.join("out.csv");
        rides.write_csv_with(&out, options());
        env.run().unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), std::fs::read_to_string(&csv).unwrap(), "{engine}");
        std::fs::remove_file(&out).unwrap();
        let json = folder.file(
            "rides.jsonl",
            "{\"id\":1,\"day\":\"29.02.2024\",\"began\":\"29.02.2024 12:30\",\"ended\":\"2024-02-29T13:00Z\",\"took\":\"PT1800S\"}\n",
        );
        let read = env.read_json_with::<Ride>(&json, JsonOptions::default().times(forms())).unwrap().collect().unwrap();
        assert_eq!(read, [first], "{engine}");
        let error = env.read_json::<Ride>(&json).unwrap().collect().unwrap_err().to_string();
        assert!(
            error.contains("column `day`: expected Date (a day like 2024-02-29), found `\"29.02.2024\"`"),
            "{error}"
        );
    });
}

#[test]
fn bad_time_formats_and_texts_are_reported_with_their_place() {
    let folder = Folder::default();
    let csv = folder.file("rides.csv", "id,day,began,ended,took\n1,2024-02-29,2024-02-29,,PT30M\n");
    let env = Env::embedded();
    let read = |forms: TimeForms| {
        let rides = env.read_csv_with::<Ride>(&csv, CsvOptions::default().times(forms));
        rides.and_then(|rides| rides.collect()).unwrap_err().to_string()
    };
    let forms = TimeForms::default;
    assert!(read(forms().dates("%d.%m")).contains("the format `%d.%m` gives no day"));
    assert!(
        read(forms().field("id", "%Y"))
            .contains("the field `id` is u32, and has no form `%Y`; only Date and Timestamp have")
    );
    assert!(read(forms().field("began_", "%Y")).contains("dates and timestamps are: day, began, ended"));
    let error = read(forms().dates("%d.%m.%Y"));
    assert!(
        error.contains("rides.csv:2: column `day`: expected Date (a text of the form `%d.%m.%Y`), found `2024-02-29`"),
        "{error}"
    );
}
