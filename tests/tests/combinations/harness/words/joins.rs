//! Words with another flow.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::expression::{Expression, Scope, Writer};
use super::super::flow::{Flow, FlowKind, Rows, Stage, World, grouped};
use super::super::generator::{Generator, Side};
use super::super::types::{Kind, Type};
use super::super::value::{Row, Value};
use super::super::word::{Place, RECORDS, SETS, Word, same};
use super::keys::{self, Key};

const fn word(name: &'static str, on: &'static [FlowKind], build: super::super::word::Build) -> Word {
    Word { name, covers: &[], on, to: same, place: Place::NOT_IN_SNAPSHOTS, build }
}

pub const WORDS: &[Word] = &[
    Word {
        covers: &[
            "join",
            "on",
            "on_nulls_equal",
            "hint",
            "map",
            "flat_map",
            "filter_map",
            "filter",
            "try_map",
            "try_filter",
        ],
        to: joined_kind,
        ..word("join", RECORDS, |g, f, r| joined(g, f, r, Outer { left: false, right: false }))
    },
    Word {
        covers: &["left_join"],
        ..word("left_join", SETS, |g, f, r| joined(g, f, r, Outer { left: true, right: false }))
    },
    Word {
        covers: &["right_join"],
        ..word("right_join", SETS, |g, f, r| joined(g, f, r, Outer { left: false, right: true }))
    },
    Word {
        covers: &["full_join"],
        ..word("full_join", SETS, |g, f, r| joined(g, f, r, Outer { left: true, right: true }))
    },
    Word { covers: &["semi_join"], to: joined_kind, ..word("semi_join", RECORDS, |g, f, _| kept(g, f, true)) },
    Word { covers: &["anti_join"], ..word("anti_join", SETS, |g, f, _| kept(g, f, false)) },
    Word { covers: &["cross"], ..word("cross", SETS, |g, f, r| crossed(g, f, r, "cross")) },
    Word {
        covers: &["cross_with_tiny"],
        ..word("cross_with_tiny", SETS, |g, f, r| crossed(g, f, r, "cross_with_tiny"))
    },
    Word {
        covers: &["cross_with_huge"],
        ..word("cross_with_huge", SETS, |g, f, r| crossed(g, f, r, "cross_with_huge"))
    },
    Word { covers: &["with"], ..word("with", RECORDS, with_one) },
    Word { covers: &["with_all", "init", "map"], ..word("with_all", RECORDS, with_all) },
    Word { covers: &["co_group", "sorted_by", "reduce_group"], ..word("co_group", SETS, co_grouped) },
];

/// A join of two streams has no event time.
fn joined_kind(kind: FlowKind) -> FlowKind {
    if kind == FlowKind::Timed { FlowKind::Stream } else { kind }
}

/// The sides that keep records without a partner.
#[derive(Clone, Copy, PartialEq)]
struct Outer {
    left: bool,
    right: bool,
}

impl Outer {
    fn word(self) -> &'static str {
        match (self.left, self.right) {
            (false, false) => "join",
            (true, false) => "left_join",
            (false, true) => "right_join",
            (true, true) => "full_join",
        }
    }

    fn hints(self) -> &'static [&'static str] {
        match (self.left, self.right) {
            (false, false) => &["BuildLeft", "BroadcastLeft", "BroadcastRight", "Repartition", "SortMerge"],
            (true, false) => &["BuildRight", "BroadcastRight", "RepartitionBuildLeft", "SortMerge"],
            (false, true) => &["BuildLeft", "BroadcastLeft", "RepartitionBuildRight", "SortMerge"],
            (true, true) => &["BuildLeft", "Repartition", "SortMerge"],
        }
    }
}

/// The comparison of keys.
#[derive(Clone)]
struct On {
    text: String,
    keys: Rc<[Key; 2]>,
    nulls_match: bool,
}

impl On {
    fn draw(generator: &mut Generator, left: &Flow, right: &Flow, hints: &[&str]) -> Option<On> {
        let keys = keys::of_both(&mut generator.draw, left, right)?;
        let nulls_match = generator.draw.often(25);
        let on = if nulls_match { "on_nulls_equal" } else { "on" };
        let hint = match generator.draw.often(25) {
            true => format!(".hint({})", generator.draw.any(hints)),
            false => String::new(),
        };
        let text = format!("{hint}.{on}(|l| {}, |r| {})", keys[0].text, keys[1].text);
        Some(On { text, keys: Rc::new(keys), nulls_match })
    }

    /// The key of a row; `None` if it matches nothing.
    fn key(&self, side: usize, row: &Row) -> Option<Vec<Value>> {
        let key = (self.keys[side].values)(&row.values);
        (self.nulls_match || !key.iter().any(Value::is_null)).then_some(key)
    }

    fn partners<'r>(&self, side: usize, rows: &'r Rows) -> BTreeMap<Vec<Value>, Vec<&'r Row>> {
        let mut partners: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            if let Some(key) = self.key(side, row) {
                partners.entry(key).or_default().push(row);
            }
        }
        partners
    }

    /// Pairs, with `missing` values in place of a partner.
    fn pairs(&self, outer: Outer, widths: [usize; 2], lefts: &Rows, rights: &Rows) -> Rows {
        let partners = self.partners(1, rights);
        let mut pairs = Vec::new();
        for left in lefts {
            let found = self.key(0, left).and_then(|key| partners.get(&key));
            let found = found.map_or(&[][..], Vec::as_slice);
            pairs.extend(found.iter().map(|right| pair(left.time, &left.values, &right.values)));
            if found.is_empty() && outer.left {
                pairs.push(pair(left.time, &left.values, &vec![Value::Missing; widths[1]]));
            }
        }
        if outer.right {
            let partners = self.partners(0, lefts);
            let alone = rights.iter().filter(|right| self.key(1, right).is_none_or(|key| !partners.contains_key(&key)));
            pairs.extend(alone.map(|right| pair(0, &vec![Value::Missing; widths[0]], &right.values)));
        }
        pairs
    }
}

fn pair(time: i64, left: &[Value], right: &[Value]) -> Row {
    Row { values: [left, right].concat(), time }
}

type OfPairs = Rc<dyn Fn(Rows) -> Rows>;

/// The closures over pairs.
fn closure(generator: &mut Generator, scope: Scope, flow: &Flow) -> (String, Type, OfPairs) {
    let of = generator.record_type(flow);
    let mut writer = Writer::new(&mut generator.draw, scope);
    let filter = writer.draw.often(30).then(|| writer.condition(1));
    let condition = writer.condition(1);
    let (made, other) = (writer.record(&of), writer.record(&of));
    let is_try = writer.draw.often(15);
    let word = writer.draw.any(&["map", "map", "flat_map", "filter_map"]);
    let mut text = String::new();
    if let Some(filter) = &filter {
        text += &match is_try {
            true => format!(".try_filter(|l, r| Ok::<_, std::fmt::Error>({}))", filter.text),
            false => format!(".filter(|l, r| {})", filter.text),
        };
    }
    let body = match word {
        "map" => made.text.clone(),
        "flat_map" => format!("[{}, {}]", made.text, other.text),
        _ => format!("if {} {{ Some({}) }} else {{ None }}", condition.text, made.text),
    };
    text += &match is_try {
        true => format!(".try_{word}(|l, r| Ok::<_, std::fmt::Error>({body}))"),
        false => format!(".{word}(|l, r| {body})"),
    };
    let keeps = move |filter: &Option<Expression>, row: &Row| filter.as_ref().is_none_or(|f| f.is_true(&row.values));
    let of_pairs = move |pairs: Rows| {
        let mut rows = Vec::new();
        for pair in pairs.into_iter().filter(|pair| keeps(&filter, pair)) {
            if word != "filter_map" || condition.is_true(&pair.values) {
                rows.push(Row { values: (made.values)(&pair.values), ..pair.clone() });
            }
            if word == "flat_map" {
                rows.push(Row { values: (other.values)(&pair.values), ..pair });
            }
        }
        rows
    };
    (text, of, Rc::new(of_pairs))
}

fn scope_of(left: &Flow, right: &Flow, outer: Outer) -> Scope {
    let mut scope = Scope::default();
    scope.add("l", &left.of, &left.free, outer.right);
    scope.add("r", &right.of, &right.free, outer.left);
    scope
}

/// A flow of the same kind to join with.
fn partner(generator: &mut Generator, flow: &Flow) -> Option<Side> {
    let sides = generator.sides(flow.kind, |_| true);
    generator.take_side(&sides)
}

fn joined(generator: &mut Generator, flow: &Flow, rows: &Rows, outer: Outer) -> Option<Stage> {
    let side = partner(generator, flow)?;
    let on = On::draw(generator, flow, &side.flow, outer.hints())?;
    let widths = [flow.free.len(), side.flow.free.len()];
    let others = generator.world.rows(&side.name);
    if on.pairs(outer, widths, rows, &others).len() > generator.most_rows() {
        return None;
    }
    let (closure, of, made) = closure(generator, scope_of(flow, &side.flow, outer), flow);
    let text = format!(".{}({}){}{closure}", outer.word(), side.text, on.text);
    Some(Stage::new(text, Flow::new(joined_kind(flow.kind), of), move |world, rows| {
        made(on.pairs(outer, widths, &rows, &world.rows(&side.name)))
    }))
}

fn kept(generator: &mut Generator, flow: &Flow, with_partner: bool) -> Option<Stage> {
    let side = partner(generator, flow)?;
    let on = On::draw(generator, flow, &side.flow, &["BuildLeft", "BuildRight", "Repartition", "SortMerge"])?;
    let word = if with_partner { "semi_join" } else { "anti_join" };
    let text = format!(".{word}({}){}", side.text, on.text);
    let result = Flow { kind: joined_kind(flow.kind), ..flow.unordered() };
    Some(Stage::new(text, result, move |world, rows| {
        let others = world.rows(&side.name);
        let partners = on.partners(1, &others);
        let has_partner = |row: &Row| on.key(0, row).is_some_and(|key| partners.contains_key(&key));
        rows.into_iter().filter(|row| has_partner(row) == with_partner).collect()
    }))
}

fn crossed(generator: &mut Generator, flow: &Flow, rows: &Rows, word: &'static str) -> Option<Stage> {
    let side = partner(generator, flow)?;
    if rows.len() * side.rows > generator.most_rows() {
        return None;
    }
    let (closure, of, made) = closure(generator, scope_of(flow, &side.flow, INNER), flow);
    Some(Stage::new(format!(".{word}({}){closure}", side.text), flow.with(of), move |world, rows| {
        made(products(&rows, &world.rows(&side.name)))
    }))
}

const INNER: Outer = Outer { left: false, right: false };

fn products(lefts: &Rows, rights: &Rows) -> Rows {
    lefts.iter().flat_map(|l| rights.iter().map(|r| pair(l.time, &l.values, &r.values))).collect()
}

/// With the flow that has exactly one record.
fn with_one(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let one = generator.side("one");
    let (closure, of, made) = closure(generator, scope_of(flow, &one.flow, INNER), flow);
    Some(Stage::new(format!(".with(one){closure}"), flow.with(of), move |world, rows| {
        made(products(&rows, &world.rows("one")))
    }))
}

/// With the numbers of `few`: how many they are, and their sum.
fn with_all(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let all = Flow::new(FlowKind::Set, Type::pair(Kind::Number));
    let mut scope = Scope::default();
    scope.add("l", &flow.of, &flow.free, false);
    scope.add("all", &all.of, &all.free, false);
    let of = generator.record_type(flow);
    let made = Writer::new(&mut generator.draw, scope).record(&of);
    let init = generator.draw.often(50);
    let text = match init {
        true => format!(
            ".with_all(few).init(|few| (few.len() as u64, few.iter().sum::<u64>())).map(|l, all| {})",
            made.text
        ),
        false => format!(
            ".with_all(few).map(|l, few| {{ let all = (few.len() as u64, few.iter().sum::<u64>()); {} }})",
            made.text
        ),
    };
    Some(Stage::new(text, flow.with(of), move |world: &World, rows| {
        let few = world.rows("few");
        let sum = few.iter().map(|row| row.values[0].number()).sum();
        let all = [Value::Number(few.len() as u64), Value::Number(sum)];
        let values = |row: &Row| (made.values)(&[&row.values[..], &all].concat());
        rows.into_iter().map(|row| Row { values: values(&row), ..row }).collect()
    }))
}

/// Per key: the records of each side, and the first field of the left ones in order.
fn co_grouped(generator: &mut Generator, flow: &Flow, _: &Rows) -> Option<Stage> {
    let side = partner(generator, flow)?;
    let [left, right] = keys::of_both(&mut generator.draw, flow, &side.flow)?;
    let of = Type::Tuple(vec![Type::Plain(Kind::Number); 2]);
    let sorted = generator.draw.often(50).then(|| keys::total_order(&mut generator.draw, flow, "l")).flatten();
    let other = sorted.as_ref().and_then(|_| keys::total_order(&mut generator.draw, &side.flow, "r"));
    let sorted = sorted.zip(other).map(|(l, r)| format!(".sorted_by(|l| {}, |r| {})", l.text, r.text));
    let text = format!(
        ".co_group({}).on(|l| {}, |r| {}){}.reduce_group(|lefts, rights, out| \
         out.emit((lefts.len() as u64, rights.len() as u64)))",
        side.text,
        left.text,
        right.text,
        sorted.unwrap_or_default(),
    );
    Some(Stage::new(text, flow.with(of), move |world, rows| {
        let lefts = grouped(rows, &left.values);
        let rights = grouped(world.rows(&side.name).to_vec(), &right.values);
        let count = |groups: &BTreeMap<Vec<Value>, Rows>, key: &Vec<Value>| groups.get(key).map_or(0, Vec::len) as u64;
        let mut all = lefts.keys().chain(rights.keys()).collect::<Vec<_>>();
        all.sort();
        all.dedup();
        all.into_iter()
            .map(|key| Row::of([&lefts, &rights].map(|side| Value::Number(count(side, key))).to_vec()))
            .collect()
    }))
}
