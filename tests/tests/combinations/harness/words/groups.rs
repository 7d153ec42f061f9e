//! Words on groups that use whole records.

use std::rc::Rc;

use super::super::expression::{Make, Seen};
use super::super::flow::{Flow, FlowKind, Rows, Stage, Updates, grouped};
use super::super::generator::Generator;
use super::super::types::{Kind, Type};
use super::super::value::{Row, Value};
use super::super::word::{Build, Place, RECORDS, SETS, Word, groups, same};
use super::keys::{self, Key};

const fn of_sets(name: &'static str, covers: &'static [&'static str], build: Build) -> Word {
    Word { name, covers, on: SETS, to: same, place: Place::ANY, build }
}

const fn of_all(name: &'static str, covers: &'static [&'static str], build: Build) -> Word {
    Word { name, covers, on: RECORDS, to: groups, place: Place::ANY, build }
}

pub const WORDS: &[Word] = &[
    of_all("group_by.min_by", &["group_by", "min_by"], |g, f, _| extreme_of_groups(g, f, false)),
    of_all("group_by.max_by", &["group_by", "max_by"], |g, f, _| extreme_of_groups(g, f, true)),
    of_all("group_by.reduce", &["group_by", "reduce"], reduce_groups),
    of_sets("group_by.first", &["group_by", "first"], |g, f, _| first_of_groups(g, f, false)),
    of_sets("group_by.sorted_by.first", &["sorted_by", "first"], |g, f, _| first_of_groups(g, f, true)),
    of_sets("group_by.top", &["group_by", "top"], top_of_groups),
    of_sets("group_by.reduce_group", &["reduce_group"], |g, f, _| counted_groups(g, f, "reduce_group", false)),
    of_sets("group_by.try_reduce_group", &["try_reduce_group"], |g, f, _| {
        counted_groups(g, f, "try_reduce_group", false)
    }),
    of_sets("group_by.sorted_by.reduce_group", &["sorted_by", "reduce_group"], |g, f, _| {
        counted_groups(g, f, "reduce_group", true)
    }),
    of_sets("group_by.sorted_by.try_reduce_group", &["sorted_by", "try_reduce_group"], |g, f, _| {
        counted_groups(g, f, "try_reduce_group", true)
    }),
    of_sets("group_by.combine_group", &["combine_group"], |g, f, _| combined(g, f, false)),
    of_sets("group_by.sorted_by.combine_group", &["sorted_by", "combine_group"], |g, f, _| combined(g, f, true)),
    of_sets("reduce", &["reduce"], reduce),
    of_sets("reduce_group", &["reduce_group"], |g, f, _| counted_whole(g, f, "reduce_group")),
    of_sets("try_reduce_group", &["try_reduce_group"], |g, f, _| counted_whole(g, f, "try_reduce_group")),
    of_sets("distinct_by", &["distinct_by"], distinct_by),
    of_sets("min_by", &["min_by"], |g, f, _| extreme(g, f, false)),
    of_sets("max_by", &["max_by"], |g, f, _| extreme(g, f, true)),
];

/// The result of a grouping with one record per group.
fn a_record_of_each(flow: &Flow, key: &Make) -> Flow {
    let mut result = flow.unordered();
    if flow.kind != FlowKind::Set {
        result.kind = FlowKind::Updates;
        result.updates = Some(Updates { key: Rc::clone(key), growing: None });
    }
    result
}

/// The record with the least other fields among those that tie.
fn pick(rows: &Rows, fields: &[usize], greatest: bool) -> Row {
    let of = |row: &Row| fields.iter().map(|field| row.values[*field].clone()).collect::<Vec<_>>();
    let better = |l: &Row, r: &Row| {
        let (left, right) = (of(l), of(r));
        let nulls = left.iter().zip(&right).fold(std::cmp::Ordering::Equal, |order, (l, r)| {
            order.then(match (l.is_null(), r.is_null()) {
                (false, false) if greatest => r.cmp(l),
                _ => l.cmp(r),
            })
        });
        nulls.then_with(|| l.values.cmp(&r.values))
    };
    let least = rows.iter().min_by(|l, r| better(l, r));
    least.cloned().unwrap_or_else(|| Row::of(Vec::new()))
}

/// All fields decide ties, so they must be deterministic.
fn extreme_of_groups(generator: &mut Generator, flow: &Flow, greatest: bool) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let by = keys::fields(&mut generator.draw, flow, "r").filter(|_| flow.is_certain())?;
    let fields = by.fields.clone()?;
    let word = if greatest { "max_by" } else { "min_by" };
    let text = format!(".group_by(|r| {}).{word}(|r| {})", key.text, by.text);
    Some(Stage::new(text, a_record_of_each(flow, &key.values), move |_, rows| {
        grouped(rows, &key.values).values().map(|rows| pick(rows, &fields, greatest)).collect()
    }))
}

fn extreme(generator: &mut Generator, flow: &Flow, greatest: bool) -> Option<Stage> {
    let by = keys::fields(&mut generator.draw, flow, "r").filter(|_| flow.is_certain())?;
    let fields = by.fields.clone()?;
    let word = if greatest { "max_by" } else { "min_by" };
    Some(Stage::new(format!(".{word}(|r| {})", by.text), flow.unordered(), move |_, rows| {
        (!rows.is_empty()).then(|| pick(&rows, &fields, greatest)).into_iter().collect()
    }))
}

/// Rust's order of a record's fields, in which a null comes first.
fn greatest_in_rust(rows: &Rows, fields: &[usize]) -> Row {
    let of = |row: &&Row| {
        let value = |field: &usize| (!row.values[*field].is_null(), row.values[*field].clone());
        fields.iter().map(value).collect::<Vec<_>>()
    };
    rows.iter().max_by_key(of).cloned().unwrap_or_else(|| Row::of(Vec::new()))
}

/// A closure that keeps the greater of two records, by all fields.
fn greater_of_two(flow: &Flow) -> Option<(String, Vec<usize>)> {
    if !flow.is_certain() || flow.free.len() > 8 {
        return None;
    }
    let paths = |root: &str| {
        let paths = flow.of.leaves(root).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        if paths.len() == 1 { paths[0].clone() } else { format!("({})", paths.join(", ")) }
    };
    let text = format!(".reduce(|a, b| if {} < {} {{ b }} else {{ a }})", paths("a"), paths("b"));
    Some((text, (0..flow.free.len()).collect()))
}

fn reduce_groups(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let (reduce, fields) = greater_of_two(flow)?;
    let text = format!(".group_by(|r| {}){reduce}", key.text);
    Some(Stage::new(text, a_record_of_each(flow, &key.values), move |_, rows| {
        grouped(rows, &key.values).values().map(|rows| greatest_in_rust(rows, &fields)).collect()
    }))
}

fn reduce(_: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let (text, fields) = greater_of_two(flow)?;
    Some(Stage::new(text, flow.unordered(), move |_, rows| {
        (!rows.is_empty()).then(|| greatest_in_rust(&rows, &fields)).into_iter().collect()
    }))
}

/// Marks all fields except the key as free, since any record of a group may be kept.
fn with_free_fields(flow: &Flow, key: &Key) -> Option<Flow> {
    let fields = key.fields.as_ref()?;
    let free = (0..flow.free.len()).map(|place| flow.free[place] || !fields.contains(&place)).collect();
    Some(Flow { free, ..flow.unordered() })
}

fn first_of_groups(generator: &mut Generator, flow: &Flow, is_sorted: bool) -> Option<Stage> {
    let key = keys::fields(&mut generator.draw, flow, "r")?;
    let count = 1 + generator.draw.below(3);
    let order = match is_sorted {
        true => Some(keys::total_order(&mut generator.draw, flow, "r")?),
        false => None,
    };
    let result = if is_sorted { flow.unordered() } else { with_free_fields(flow, &key)? };
    let sorted = order.as_ref().map(|order| format!(".sorted_by(|r| {})", order.text));
    let text = format!(".group_by(|r| {}){}.first({count})", key.text, sorted.unwrap_or_default());
    Some(Stage::new(text, result, move |_, rows| {
        let first = |mut rows: Rows| {
            if let Some(order) = &order {
                rows.sort_by(|l, r| order.compare(&l.values, &r.values));
            }
            rows.truncate(count);
            rows
        };
        grouped(rows, &key.values).into_values().flat_map(first).collect()
    }))
}

fn top_of_groups(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let order = keys::total_order(&mut generator.draw, flow, "r")?;
    let count = 1 + generator.draw.below(3);
    let text = format!(".group_by(|r| {}).top({count}, |r| {})", key.text, order.text);
    Some(Stage::new(text, flow.unordered(), move |_, rows| {
        let top = |mut rows: Rows| {
            rows.sort_by(|l, r| order.compare(&l.values, &r.values));
            rows.truncate(count);
            rows
        };
        grouped(rows, &key.values).into_values().flat_map(top).collect()
    }))
}

fn distinct_by(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let key = keys::fields(&mut generator.draw, flow, "r")?;
    let result = with_free_fields(flow, &key)?;
    Some(Stage::new(format!(".distinct_by(|r| {})", key.text), result, move |_, rows| {
        grouped(rows, &key.values).into_values().filter_map(|rows| rows.into_iter().next()).collect()
    }))
}

/// A loop over a group's records that counts them and adds up a number.
struct Counting {
    text: String,
    number: Option<Seen>,
}

impl Counting {
    fn draw(generator: &mut Generator, flow: &Flow, is_fallible: bool) -> Self {
        let numbers = flow.scope("r").of_kind(Kind::Number);
        let number = generator.draw.some(&numbers);
        let added = number.as_ref().map_or("1".to_owned(), |seen| format!("{} % 1_000", seen.path));
        let end = if is_fallible { " Ok(())" } else { "" };
        let text = format!(
            "let mut count = 0u64; let mut sum = 0u64; for r in group {{ count += 1; sum += {added}; }} \
             out.emit((count, sum));{end}"
        );
        Counting { text, number }
    }

    fn of(&self, rows: &Rows) -> Row {
        let added = |row: &Row| self.number.as_ref().map_or(1, |seen| row.values[seen.index].number() % 1_000);
        let sum = rows.iter().map(added).sum();
        Row::of(vec![Value::Number(rows.len() as u64), Value::Number(sum)])
    }
}

fn two_numbers(flow: &Flow) -> Flow {
    flow.with(Type::Tuple(vec![Type::Plain(Kind::Number); 2]))
}

fn counted_groups(generator: &mut Generator, flow: &Flow, word: &str, is_sorted: bool) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let counting = Counting::draw(generator, flow, word.starts_with("try"));
    let sorted = match is_sorted {
        true => format!(".sorted_by(|r| {})", keys::total_order(&mut generator.draw, flow, "r")?.text),
        false => String::new(),
    };
    let text = format!(".group_by(|r| {}){sorted}.{word}(|group, out| {{ {} }})", key.text, counting.text);
    Some(Stage::new(text, two_numbers(flow), move |_, rows| {
        grouped(rows, &key.values).values().map(|rows| counting.of(rows)).collect()
    }))
}

fn counted_whole(generator: &mut Generator, flow: &Flow, word: &str) -> Option<Stage> {
    let counting = Counting::draw(generator, flow, word.starts_with("try"));
    Some(Stage::new(format!(".{word}(|group, out| {{ {} }})", counting.text), two_numbers(flow), move |_, rows| {
        (!rows.is_empty()).then(|| counting.of(&rows)).into_iter().collect()
    }))
}

/// Emits each record of a partial group, because the partial groups differ between runs.
fn combined(generator: &mut Generator, flow: &Flow, is_sorted: bool) -> Option<Stage> {
    let key = keys::any(&mut generator.draw, flow, "r")?;
    let sorted = match is_sorted {
        true => format!(".sorted_by(|r| {})", keys::total_order(&mut generator.draw, flow, "r")?.text),
        false => String::new(),
    };
    let text = format!(
        ".group_by(|r| {}){sorted}.combine_group(|group, out| {{ for r in group {{ out.emit(r); }} }})",
        key.text
    );
    Some(Stage::same(text, flow.unordered()))
}
