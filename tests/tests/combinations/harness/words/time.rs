//! Event time, windows and updates.

use std::rc::Rc;

use super::super::flow::{Flow, FlowKind, Rows, Stage};
use super::super::generator::Generator;
use super::super::types::{Kind, Type};
use super::super::value::{Row, Value};
use super::super::word::{Place, STREAMS, TIMED, UPDATES, Word, stream, timed};
use super::keys::{self, Key};
use super::measures::{Fold, kinds, measures, texts, values};

const fn window(name: &'static str, covers: &'static [&'static str], build: super::super::word::Build) -> Word {
    Word { name, covers, on: TIMED, to: stream, place: Place::ANY, build }
}

pub const WORDS: &[Word] = &[
    Word { name: "event_time", covers: &["event_time"], on: STREAMS, to: timed, place: Place::ANY, build: event_time },
    Word { name: "updates", covers: &["updates"], on: UPDATES, to: stream, place: Place::ANY, build: updates },
    window("window.count", &["window", "count"], |g, f, _| windowed(g, f, Result::Count)),
    window("window.sum", &["window", "sum"], |g, f, _| windowed(g, f, Result::Sum)),
    window("window.aggregate", &["window", "aggregate"], |g, f, _| windowed(g, f, Result::Aggregate)),
    window("window.late", &["window", "late"], late),
];

/// Records are out of order by less than this: no record is late.
const LATENESS: &str = "Lateness::bounded(secs(100_000))";

fn event_time(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    // Updates that are records differ in each run.
    if flow.updates.is_some() {
        return None;
    }
    let times = flow.scope("r").of_kind(Kind::Time);
    let seen = generator.draw.some(&times)?;
    // Watermarks are computed per split near the source, else per task.
    let is_by_split = flow.is_near_source && generator.draw.often(50);
    let lateness = if is_by_split { "Lateness::bounded(secs(20))" } else { LATENESS };
    let (time, more) = match generator.draw.often(40) {
        true => (format!("{} + secs(30)", seen.path), 30_000_000),
        false => (seen.path, 0),
    };
    let result = Flow { kind: FlowKind::Timed, ..flow.unordered() };
    Some(Stage::new(format!(".event_time(|r| {time}, {lateness})"), result, move |_, rows| {
        rows.into_iter().map(|row| Row { time: row.values[seen.index].micros() + more, ..row }).collect()
    }))
}

/// From here on each update is a record. All except the last of a key may be missing.
fn updates(_: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let updates = flow.updates.clone()?;
    let growing = updates.growing?;
    let mut result = Flow { kind: FlowKind::Stream, ..flow.unordered() };
    result.free[growing] = true;
    Some(Stage::same(".updates()", result))
}

#[derive(Clone, Copy)]
enum Result {
    Count,
    Sum,
    Aggregate,
}

fn start_of(time: i64, micros: i64) -> i64 {
    time.div_euclid(micros) * micros
}

/// Rows by key and start of their window.
fn windows(rows: Rows, key: &Key, micros: i64) -> impl Iterator<Item = (Vec<Value>, Rows)> + use<> {
    let values = Rc::clone(&key.values);
    let mut windows = std::collections::BTreeMap::<(Vec<Value>, i64), Rows>::new();
    for row in rows {
        windows.entry((values(&row.values), start_of(row.time, micros))).or_default().push(row);
    }
    windows.into_iter().map(|((key, start), rows)| ([key, vec![Value::Time(start)]].concat(), rows))
}

fn windowed(generator: &mut Generator, flow: &Flow, result: Result) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let (length, seconds) =
        generator.draw.any(&[("secs(10)", 10), ("mins(1)", 60), ("mins(7)", 420), ("hours(1)", 3_600)]);
    let micros = seconds * 1_000_000;
    let begin = format!(".group_by(|r| {}).window(Tumbling::of({length}))", key.text);
    let flow_of = |measures: Vec<Type>| {
        let parts = [vec![key.of.clone(), Type::Plain(Kind::Time)], measures].concat();
        Flow::new(FlowKind::Stream, Type::Tuple(parts))
    };
    match result {
        Result::Count => {
            let flow = flow_of(vec![Type::Plain(Kind::Number)]);
            Some(Stage::new(format!("{begin}.count()"), flow, move |_, rows| {
                let windows = windows(rows, &key, micros);
                windows.map(|(key, rows)| with(key, vec![Value::Number(rows.len() as u64)])).collect()
            }))
        }
        Result::Sum => {
            let summed = [Kind::Number, Kind::Signed, Kind::MaybeNumber].map(|kind| flow.scope("r").of_kind(kind));
            let seen = generator.draw.some(&summed.concat())?;
            let flow = flow_of(vec![Type::Plain(seen.kind)]);
            Some(Stage::new(format!("{begin}.sum(|r| {})", seen.path), flow, move |_, rows| {
                let sum = |rows: &Rows| Fold::Sum.of(rows.iter().map(|row| &row.values[seen.index]));
                windows(rows, &key, micros).map(|(key, rows)| with(key, vec![sum(&rows)])).collect()
            }))
        }
        Result::Aggregate => {
            let measures = measures(generator, flow, "w", false);
            let flow = flow_of(kinds(&measures));
            let text = format!("{begin}.aggregate(|w| (w.key, w.start, {}))", texts(&measures));
            Some(Stage::new(text, flow, move |_, rows| {
                windows(rows, &key, micros).map(|(key, rows)| with(key, values(&measures, &rows))).collect()
            }))
        }
    }
}

fn with(key: Vec<Value>, measures: Vec<Value>) -> Row {
    Row::of([key, measures].concat())
}

/// No record is late.
fn late(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let text = format!(".group_by(|r| {}).window(Tumbling::of(mins(1))).late()", key.text);
    let result = Flow { kind: FlowKind::Stream, ..flow.unordered() };
    Some(Stage::new(text, result, |_, _| Vec::new()))
}
