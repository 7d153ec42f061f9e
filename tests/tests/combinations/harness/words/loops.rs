//! Loops, whose bodies are chains of the same words.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::expression::Writer;
use super::super::flow::{Flow, Rows, Stage, World};
use super::super::generator::Generator;
use super::super::types::{Kind, Type};
use super::super::value::{Row, Value};
use super::super::word::{Build, Place, SETS, Word, same};

const fn word(name: &'static str, covers: &'static [&'static str], build: Build) -> Word {
    Word { name, covers, on: SETS, to: same, place: Place::NOT_IN_LOOPS, build }
}

pub const WORDS: &[Word] =
    &[word("iterate", &["iterate"], iterate), word("iterate_delta", &["iterate_delta", "join"], iterate_delta)];

/// Applies the body `rounds` times.
fn rounds(world: &World, body: &Stage, rows: Rows, rounds: usize) -> Rows {
    (0..rounds).fold(rows, |rows, _| (body.oracle)(world, rows))
}

fn iterate(generator: &mut Generator, flow: &Flow, rows: &Rows) -> Option<Stage> {
    if !flow.is_certain() {
        return None;
    }
    let count = generator.draw.any(&[0, 1, 2, 3, 4, 7]);
    let body = generator.body(flow, rows)?;
    let mut last = rows.clone();
    for _ in 0..count {
        last = (body.oracle)(&generator.world, last);
        if last.len() > generator.most_rows() {
            return None;
        }
    }
    Some(iterated(&flow.unordered(), count, body))
}

fn iterated(flow: &Flow, count: usize, body: Stage) -> Stage {
    let text = format!(".iterate({count}, |ns| ns{})", body.text);
    let (flow_then, body_then, words) = (flow.clone(), body.clone(), 1 + body.words);
    let simpler = move || {
        let fewer = [1, 2].into_iter().filter(|fewer| *fewer < count);
        let fewer = fewer.map(|count| iterated(&flow_then, count, body_then.clone()));
        let bodies = body_then.simpler.iter().flat_map(|simpler| simpler());
        fewer.chain(bodies.map(|body| iterated(&flow_then, count, body))).collect()
    };
    let oracle = move |world: &World, rows_then| rounds(world, &body, rows_then, count);
    Stage { words, simpler: Some(Rc::new(simpler)), ..Stage::new(text, flow.clone(), oracle) }
}

/// The least number of each key, and the numbers that the body derives from improved ones.
fn iterate_delta(generator: &mut Generator, flow: &Flow, rows: &Rows) -> Option<Stage> {
    let pair = Flow::new(flow.kind, Type::pair(Kind::Number));
    let first = Writer::new(&mut generator.draw, flow.scope("r")).record(&pair.of);
    let prepare = format!(".map(|r| {}).group_by(|p| p.0).min(|p| p.1)", first.text);
    let prepared: Prepared = Rc::new(move |rows: Rows| {
        let pairs = rows.into_iter().map(|row| Row::of((first.values)(&row.values)));
        least(pairs.collect())
    });
    let set = generator.name("set");
    let most_rounds = generator.draw.any(&[0, 1, 2, 5, 100]);
    let pairs = prepared(rows.clone());
    let body = generator.body(&pair, &pairs)?;
    Some(delta((set, prepare), prepared, pair, most_rounds, body))
}

type Prepared = Rc<dyn Fn(Rows) -> Rows>;

fn delta(binding: (String, String), prepared: Prepared, pair: Flow, most_rounds: usize, body: Stage) -> Stage {
    let text = format!(
        ".iterate_delta({}, |p| p.0, {most_rounds}, |known, ns| {{ let better = ns{}\
         .group_by(|p| p.0).min(|p| p.1).join(known).on(|p| p.0).filter(|p, k| p.1 < k.1).map(|p, _| p); \
         (better, better) }})",
        binding.0, body.text
    );
    let words = 1 + body.words;
    let simpler = {
        let (binding, prepared, pair, body) = (binding.clone(), prepared.clone(), pair.clone(), body.clone());
        move || {
            let with = |rounds, body| delta(binding.clone(), prepared.clone(), pair.clone(), rounds, body);
            let fewer = [1, 2].into_iter().filter(|fewer| *fewer < most_rounds);
            let fewer = fewer.map(|rounds| with(rounds, body.clone()));
            let bodies = body.simpler.iter().flat_map(|simpler| simpler());
            fewer.chain(bodies.map(|body| with(most_rounds, body))).collect()
        }
    };
    let run = move |world: &World, rows: Rows| {
        let mut known: BTreeMap<u64, u64> = prepared(rows).iter().map(numbers).collect();
        let mut work: Rows = known.iter().map(|(key, value)| row(*key, *value)).collect();
        for _ in 0..most_rounds {
            if work.is_empty() {
                break;
            }
            let made = least((body.oracle)(world, work));
            let is_less = |row: &Row| known.get(&numbers(row).0).is_some_and(|value| numbers(row).1 < *value);
            work = made.into_iter().filter(is_less).collect();
            known.extend(work.iter().map(numbers));
        }
        known.into_iter().map(|(key, value)| row(key, value)).collect::<Rows>()
    };
    Stage { binding: Some(binding), words, simpler: Some(Rc::new(simpler)), ..Stage::new(text, pair, run) }
}

fn row(key: u64, value: u64) -> Row {
    Row::of(vec![Value::Number(key), Value::Number(value)])
}

fn numbers(row: &Row) -> (u64, u64) {
    (row.values[0].number(), row.values[1].number())
}

/// The least number of each key.
fn least(rows: Rows) -> Rows {
    let mut least: BTreeMap<u64, u64> = BTreeMap::new();
    for (key, value) in rows.iter().map(numbers) {
        let known = least.entry(key).or_insert(value);
        *known = value.min(*known);
    }
    least.into_iter().map(|(key, value)| row(key, value)).collect()
}
