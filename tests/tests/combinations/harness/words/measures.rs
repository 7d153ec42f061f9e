//! Groupings that return measures.

use std::rc::Rc;

use super::super::expression::Writer;
use super::super::flow::{Flow, FlowKind, Rows, Stage, Updates, grouped};
use super::super::generator::Generator;
use super::super::types::{Kind, Type};
use super::super::value::{Row, Value};
use super::super::word::{Build, Place, RECORDS, SETS, Word, groups, same};
use super::keys;
use super::updates_of_first;

const fn word(name: &'static str, covers: &'static [&'static str], build: Build) -> Word {
    Word { name, covers, on: RECORDS, to: groups, place: Place::ANY, build }
}

const AMONG_UPDATES: Place = Place::AMONG_UPDATES;

pub const WORDS: &[Word] = &[
    word("group_by.sum", &["group_by", "sum"], |g, f, _| folded(g, f, Fold::Sum)),
    word("group_by.min", &["group_by", "min"], |g, f, _| folded(g, f, Fold::Min)),
    Word { place: AMONG_UPDATES, ..word("group_by.max", &["group_by", "max"], |g, f, _| folded(g, f, Fold::Max)) },
    word("group_by.count", &["group_by", "count"], counted),
    word("group_by.avg", &["group_by", "avg"], averaged),
    word("group_by.aggregate", &["group_by", "aggregate"], aggregated),
    Word { on: SETS, to: same, ..word("aggregate", &["aggregate"], aggregated_whole) },
];

#[derive(Clone, Copy, PartialEq)]
pub enum Fold {
    Sum,
    Min,
    Max,
}

impl Fold {
    fn word(self) -> &'static str {
        match self {
            Fold::Sum => "sum",
            Fold::Min => "min",
            Fold::Max => "max",
        }
    }

    fn takes(self, kind: Kind) -> bool {
        match self {
            Fold::Sum => matches!(kind, Kind::Number | Kind::Signed | Kind::MaybeNumber),
            _ => !matches!(kind, Kind::Float | Kind::MaybeText),
        }
    }

    /// Computes the measure, ignoring nulls.
    pub fn of<'v>(self, values: impl Iterator<Item = &'v Value>) -> Value {
        let there = values.filter(|value| !value.is_null());
        let folded = match self {
            Fold::Min => there.min().cloned(),
            Fold::Max => there.max().cloned(),
            Fold::Sum => there.cloned().reduce(|l, r| match (l, r) {
                (Value::Number(l), Value::Number(r)) => Value::Number(l + r),
                (l, r) => Value::Signed(l.signed() + r.signed()),
            }),
        };
        folded.unwrap_or(Value::Null)
    }

    /// Returns `true` if more records never decrease the result.
    fn grows(self, kind: Kind) -> bool {
        self == Fold::Max && !kind.is_optional() || self == Fold::Sum && kind == Kind::Number
    }
}

/// The result of a grouping: updates, unless the input ends.
fn of_groups(flow: &Flow, of: Type, updates: Updates) -> Flow {
    let mut result = Flow::new(flow.kind.grouped(), of);
    result.updates = (flow.kind != FlowKind::Set).then_some(updates);
    result
}

/// All other fields form the key, as the words return whole records.
fn folded(generator: &mut Generator, flow: &Flow, fold: Fold) -> Option<Stage> {
    let all = flow.of.leaves("r");
    let among_updates = flow.updates.as_ref().map(|updates| updates.growing);
    let candidates = match among_updates {
        Some(growing) => growing.into_iter().collect(),
        None if !flow.is_certain() => Vec::new(),
        None => (0..all.len()).filter(|place| fold.takes(all[*place].1)).collect::<Vec<_>>(),
    };
    let place = generator.draw.some(&candidates)?;
    let fields = keys::key_fields(flow, "r").into_iter().filter(|seen| seen.index != place).collect::<Vec<_>>();
    if fields.len() + 1 != all.len() || fields.is_empty() || all.len() > 9 {
        return None;
    }
    let key = keys::of_fields(&fields);
    let growing = fold.grows(all[place].1).then_some(place);
    let updates = Updates { key: Rc::clone(&key.values), growing };
    let text = format!(".group_by(|r| {}).{}(|r| {})", key.text, fold.word(), all[place].0);
    Some(Stage::new(text, of_groups(flow, flow.of.clone(), updates), move |_, rows| {
        let folded = |rows: &Rows| {
            let mut values = rows[0].values.clone();
            values[place] = fold.of(rows.iter().map(|row| &row.values[place]));
            Row::of(values)
        };
        grouped(rows, &key.values).values().map(folded).collect()
    }))
}

fn counted(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let of = Type::Tuple(vec![key.of.clone(), Type::Plain(Kind::Number)]);
    let result = of_groups(flow, of.clone(), updates_of_first(key.of.kinds().len()));
    Some(Stage::new(format!(".group_by(|r| {}).count()", key.text), result, move |_, rows| {
        let counted = |(key, rows): (Vec<Value>, Rows)| [key, vec![Value::Number(rows.len() as u64)]].concat();
        grouped(rows, &key.values).into_iter().map(counted).map(Row::of).collect()
    }))
}

fn averaged(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let numbers = flow.scope("r").of_kind(Kind::Number);
    let measured = generator.draw.some(&numbers)?;
    let of = Type::Tuple(vec![key.of.clone(), Type::Plain(Kind::Float)]);
    let updates = Updates { growing: None, ..updates_of_first(key.of.kinds().len()) };
    let text = format!(".group_by(|r| {}).avg(|r| {})", key.text, measured.path);
    Some(Stage::new(text, of_groups(flow, of, updates), move |_, rows| {
        let average = |(key, rows): (Vec<Value>, Rows)| {
            let sum: u64 = rows.iter().map(|row| row.values[measured.index].number()).sum();
            let mean = sum as f64 / rows.len() as f64;
            Row::of([key, vec![Value::Float(mean.to_bits())]].concat())
        };
        grouped(rows, &key.values).into_iter().map(average).collect()
    }))
}

/// A measure in a closure over `g`.
pub struct Measure {
    pub text: String,
    pub kind: Kind,
    pub of: Box<dyn Fn(&Rows) -> Value>,
}

/// A measure of any kind. If `is_exact` is set, one that needs all records of a group.
pub fn measure(generator: &mut Generator, flow: &Flow, g: &str, is_exact: bool) -> Measure {
    let scope = flow.scope("r");
    let fields = keys::key_fields(flow, "r");
    let folds = [Fold::Sum, Fold::Min, Fold::Max];
    match generator.draw.below(6) {
        0 | 1 => {
            let value = Writer::new(&mut generator.draw, scope).value(Kind::Number, 1);
            let fold = generator.draw.any(&folds);
            let text = format!("{g}.{}(|r| {})", fold.word(), value.text);
            let of = move |rows: &Rows| {
                let values = rows.iter().map(|row| (value.value)(&row.values)).collect::<Vec<_>>();
                fold.of(values.iter())
            };
            Measure { text, kind: Kind::Number, of: Box::new(of) }
        }
        2 => {
            let condition = Writer::new(&mut generator.draw, scope).condition(1);
            let text = format!("{g}.count_if(|r| {})", condition.text);
            let of = move |rows: &Rows| {
                Value::Number(rows.iter().filter(|row| condition.is_true(&row.values)).count() as u64)
            };
            Measure { text, kind: Kind::Number, of: Box::new(of) }
        }
        3 if is_exact && !fields.is_empty() => {
            let seen = generator.draw.any(&fields);
            let text = format!("{g}.count_distinct(|r| {})", seen.path);
            let of = move |rows: &Rows| {
                let values = rows.iter().map(|row| &row.values[seen.index]);
                let distinct = values.filter(|value| !value.is_null()).collect::<std::collections::BTreeSet<_>>();
                Value::Number(distinct.len() as u64)
            };
            Measure { text, kind: Kind::Number, of: Box::new(of) }
        }
        4 => {
            let seen = scope.fields.into_iter().filter(|seen| Fold::Min.takes(seen.kind)).collect::<Vec<_>>();
            match generator.draw.some(&seen) {
                Some(seen) => {
                    let fold = generator.draw.any(&[Fold::Min, Fold::Max]);
                    let text = format!("{g}.{}(|r| {})", fold.word(), seen.path);
                    let of = move |rows: &Rows| fold.of(rows.iter().map(|row| &row.values[seen.index]));
                    Measure { text, kind: seen.kind, of: Box::new(of) }
                }
                None => count(g),
            }
        }
        _ => count(g),
    }
}

fn count(g: &str) -> Measure {
    let of = |rows: &Rows| Value::Number(rows.len() as u64);
    Measure { text: format!("{g}.count()"), kind: Kind::Number, of: Box::new(of) }
}

/// A text measure, or one that needs all records, gets an aggregate of its own.
pub fn measures(generator: &mut Generator, flow: &Flow, g: &str, is_exact: bool) -> Vec<Measure> {
    let mut measures: Vec<Measure> = Vec::new();
    for _ in 0..1 + generator.draw.below(3) {
        let measure = measure(generator, flow, g, is_exact);
        let is_text = |measure: &Measure| measure.kind == Kind::Text;
        let needs_all = |measure: &Measure| measure.text.contains("count_distinct");
        let is_apart =
            measures.iter().any(|other| is_text(&measure) && needs_all(other) || is_text(other) && needs_all(&measure));
        if !is_apart {
            measures.push(measure);
        }
    }
    measures
}

fn aggregated(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let measures = measures(generator, flow, "g", flow.kind == FlowKind::Set);
    let of = Type::Tuple([vec![key.of.clone()], kinds(&measures)].concat());
    let updates = Updates { growing: None, ..updates_of_first(key.of.kinds().len()) };
    let texts = texts(&measures);
    let text = format!(".group_by(|r| {}).aggregate(|g| (g.key, {texts}))", key.text);
    Some(Stage::new(text, of_groups(flow, of, updates), move |_, rows| {
        let measured = |(key, rows): (Vec<Value>, Rows)| Row::of([key, values(&measures, &rows)].concat());
        grouped(rows, &key.values).into_iter().map(measured).collect()
    }))
}

fn aggregated_whole(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let measures = measures(generator, flow, "g", true);
    let of = match kinds(&measures) {
        kinds if kinds.len() == 1 => kinds[0].clone(),
        kinds => Type::Tuple(kinds),
    };
    let texts = texts(&measures);
    let texts = if measures.len() == 1 { texts } else { format!("({texts})") };
    Some(Stage::new(format!(".aggregate(|g| {texts})"), flow.with(of), move |_, rows| {
        (!rows.is_empty()).then(|| Row::of(values(&measures, &rows))).into_iter().collect()
    }))
}

pub fn kinds(measures: &[Measure]) -> Vec<Type> {
    measures.iter().map(|measure| Type::Plain(measure.kind)).collect()
}

pub fn texts(measures: &[Measure]) -> String {
    measures.iter().map(|measure| measure.text.clone()).collect::<Vec<_>>().join(", ")
}

pub fn values(measures: &[Measure], rows: &Rows) -> Vec<Value> {
    measures.iter().map(|measure| (measure.of)(rows)).collect()
}
