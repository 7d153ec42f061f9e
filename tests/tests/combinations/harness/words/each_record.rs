//! Words on single records.

use super::super::expression::{Expression, Made, Writer};
use super::super::flow::{Flow, FlowKind, Rows, Stage, World};
use super::super::generator::Generator;
use super::super::types::{Kind, Type};
use super::super::value::{Row, Value};
use super::super::word::{Place, RECORDS, Word, same};

const fn word(
    name: &'static str,
    covers: &'static [&'static str],
    place: Place,
    build: super::super::word::Build,
) -> Word {
    Word { name, covers, on: RECORDS, to: same, place, build }
}

const STATE: Place = Place { among_updates: true, ..Place::NOT_IN_SNAPSHOTS };

pub const WORDS: &[Word] = &[
    word("map", &["map"], Place::AMONG_UPDATES, |g, f, _| mapped(g, f, Form::Plain)),
    word("try_map", &["try_map"], Place::AMONG_UPDATES, |g, f, _| mapped(g, f, Form::Try)),
    word("map_with", &["map_with"], STATE, |g, f, _| mapped(g, f, Form::With)),
    word("try_map_with", &["try_map_with"], STATE, |g, f, _| mapped(g, f, Form::TryWith)),
    word("filter", &["filter"], Place::AMONG_UPDATES, |g, f, _| filtered(g, f, Form::Plain)),
    word("try_filter", &["try_filter"], Place::AMONG_UPDATES, |g, f, _| filtered(g, f, Form::Try)),
    word("filter_with", &["filter_with"], STATE, |g, f, _| filtered(g, f, Form::With)),
    word("try_filter_with", &["try_filter_with"], STATE, |g, f, _| filtered(g, f, Form::TryWith)),
    word("filter_map", &["filter_map"], Place::AMONG_UPDATES, |g, f, _| filter_mapped(g, f, Form::Plain)),
    word("try_filter_map", &["try_filter_map"], Place::AMONG_UPDATES, |g, f, _| filter_mapped(g, f, Form::Try)),
    word("filter_map_with", &["filter_map_with"], STATE, |g, f, _| filter_mapped(g, f, Form::With)),
    word("try_filter_map_with", &["try_filter_map_with"], STATE, |g, f, _| filter_mapped(g, f, Form::TryWith)),
    word("flat_map", &["flat_map"], Place::AMONG_UPDATES, |g, f, r| flat_mapped(g, f, r, Form::Plain)),
    word("try_flat_map", &["try_flat_map"], Place::AMONG_UPDATES, |g, f, r| flat_mapped(g, f, r, Form::Try)),
    word("flat_map_with", &["flat_map_with"], STATE, |g, f, r| flat_mapped(g, f, r, Form::With)),
    word("try_flat_map_with", &["try_flat_map_with"], STATE, |g, f, r| flat_mapped(g, f, r, Form::TryWith)),
];

/// The form of the closure.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Try,
    With,
    TryWith,
}

impl Form {
    fn is_fallible(self) -> bool {
        matches!(self, Form::Try | Form::TryWith)
    }

    /// The word with its closure, which may count its calls.
    fn text(self, word: &str, body: &str, counts: bool) -> String {
        let body = match self.is_fallible() {
            true => format!("Ok::<_, std::fmt::Error>({body})"),
            false => body.to_owned(),
        };
        let counting = if counts { "seen.add(1); " } else { "" };
        match self {
            Form::Plain if !counts => format!(".{word}(|r| {body})"),
            Form::Plain => format!(".{word}(|r| {{ {counting}{body} }})"),
            Form::Try if !counts => format!(".try_{word}(|r| {body})"),
            Form::Try => format!(".try_{word}(|r| {{ {counting}{body} }})"),
            Form::With => format!(".{word}_with(|_| 0u64, |state, r| {{ *state += 1; {counting}{body} }})"),
            Form::TryWith => format!(
                ".try_{word}_with(|task| Ok::<_, std::fmt::Error>(task.index as u64), \
                 |state, r| {{ *state += 1; {counting}{body} }})"
            ),
        }
    }
}

/// Counts the calls, if the closure does.
fn counted(counts: bool, world: &World, rows: &Rows) {
    world.count(if counts { rows.len() } else { 0 });
}

/// For updates: a record with a key and the field that grows.
fn made_of_updates(generator: &mut Generator, flow: &Flow) -> Option<(Made, Flow)> {
    let updates = flow.updates.as_ref()?;
    let growing = updates.growing?;
    let (path, kind) = flow.of.leaves("r").swap_remove(growing);
    let mut writer = Writer::new(&mut generator.draw, flow.scope("r"));
    let key = writer.value(Kind::Number, 1);
    let value = key.value.clone();
    let values = std::rc::Rc::new(move |v: &[Value]| vec![value(v), v[growing].clone()]);
    let made = Made { text: format!("({}, {path})", key.text), of: Type::pair(kind), values };
    let mut result = flow.with(made.of.clone());
    result.free[1] = true;
    result.updates = Some(super::updates_of_first(1));
    Some((made, result))
}

/// The closure's record, and the resulting flow.
fn made(generator: &mut Generator, flow: &Flow) -> Option<(Made, Flow)> {
    if flow.updates.is_some() {
        return made_of_updates(generator, flow);
    }
    let of = generator.record_type(flow);
    let made = Writer::new(&mut generator.draw, flow.scope("r")).record(&of);
    Some((made, flow.with(of)))
}

fn mapped(generator: &mut Generator, flow: &Flow, form: Form) -> Option<Stage> {
    let (made, result) = made(generator, flow)?;
    let counts = generator.counts(flow);
    Some(Stage::new(form.text("map", &made.text, counts), result, move |world, rows| {
        counted(counts, world, &rows);
        rows.into_iter().map(|row| Row { values: (made.values)(&row.values), ..row }).collect()
    }))
}

fn condition(generator: &mut Generator, flow: &Flow) -> Expression {
    Writer::new(&mut generator.draw, flow.scope("r")).condition(2)
}

fn filtered(generator: &mut Generator, flow: &Flow, form: Form) -> Option<Stage> {
    let condition = condition(generator, flow);
    let counts = generator.counts(flow);
    let is_near_source = flow.is_near_source && form == Form::Plain && !counts && flow.kind == FlowKind::Stream;
    let result = Flow { is_near_source, is_sorted: false, ..flow.clone() };
    Some(Stage::new(form.text("filter", &condition.text, counts), result, move |world, rows| {
        counted(counts, world, &rows);
        rows.into_iter().filter(|row| condition.is_true(&row.values)).collect()
    }))
}

fn filter_mapped(generator: &mut Generator, flow: &Flow, form: Form) -> Option<Stage> {
    let condition = condition(generator, flow);
    let (made, result) = made(generator, flow)?;
    let counts = generator.counts(flow);
    let body = format!("if {} {{ Some({}) }} else {{ None }}", condition.text, made.text);
    Some(Stage::new(form.text("filter_map", &body, counts), result, move |world, rows| {
        counted(counts, world, &rows);
        let kept = rows.into_iter().filter(|row| condition.is_true(&row.values));
        kept.map(|row| Row { values: (made.values)(&row.values), ..row }).collect()
    }))
}

/// Two records for each record.
fn flat_mapped(generator: &mut Generator, flow: &Flow, rows: &Rows, form: Form) -> Option<Stage> {
    if rows.len() > generator.most_rows() / 2 || flow.updates.is_some() {
        return None;
    }
    let of = generator.record_type(flow);
    let mut writer = Writer::new(&mut generator.draw, flow.scope("r"));
    let pair = [writer.record(&of), writer.record(&of)];
    let counts = generator.counts(flow);
    let body = format!("[{}, {}]", pair[0].text, pair[1].text);
    Some(Stage::new(form.text("flat_map", &body, counts), flow.with(of), move |world, rows| {
        counted(counts, world, &rows);
        let both = |row: Row| pair.each_ref().map(|made| Row { values: (made.values)(&row.values), time: row.time });
        rows.into_iter().flat_map(both).collect()
    }))
}
