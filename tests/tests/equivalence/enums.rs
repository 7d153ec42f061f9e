//! Enums: matched in closures, as keys of groups, joins and orders, and in files.

use std::cmp::Reverse;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Folder, Sale, inputs, local, on_each_engine, same_on_all_engines, same_on_local_engines, small_inputs};

use crate::{cases, grouped};

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    Small,
    #[record(name = "middle, or so")]
    Medium,
    Large,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Idle,
    Sold { name: String, amount: i64 },
    Coupon(i32, Option<String>),
    Resized(Size),
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    id: u64,
    size: Size,
    maybe: Option<Size>,
    event: Event,
}

fn size(amount: i64) -> Size {
    match amount {
        ..-300 => Size::Small,
        -300..300 => Size::Medium,
        _ => Size::Large,
    }
}

/// The entry that [`entries`] computes for a sale.
fn entry(s: &Sale) -> Entry {
    let event = match s.key % 4 {
        0 => Event::Idle,
        1 => Event::Sold { name: s.name.clone(), amount: s.amount / 500 },
        2 => Event::Coupon(s.coupon.unwrap_or(0), s.note.clone()),
        _ => Event::Resized(size(s.amount)),
    };
    Entry { id: s.id, size: size(s.amount), maybe: s.coupon.map(|coupon| size(coupon.into())), event }
}

#[dataflow]
fn entries(sales: DataSet<Sale>) -> DataSet<Entry> {
    sales.map(|s| EntryRef {
        id: s.id,
        size: size(s.amount),
        maybe: s.coupon.map(|coupon| size(coupon.into())),
        event: match s.key % 4 {
            0 => EventRef::Idle,
            1 => EventRef::Sold { name: s.name, amount: s.amount / 500 },
            2 => EventRef::Coupon(s.coupon.unwrap_or(0), s.note),
            _ => EventRef::Resized(size(s.amount)),
        },
    })
}

#[dataflow]
fn refused(entries: DataSet<Entry>) -> DataSet<Entry> {
    entries.try_filter(|e| match e.event {
        EventRef::Resized(_) | EventRef::Idle => Ok(e.id > 0),
        EventRef::Sold { .. } | EventRef::Coupon(..) => Err("not wanted"),
    })
}

type Counted = ((Size, Option<Size>, Event), u64);

#[dataflow]
fn counts(entries: DataSet<Entry>) -> DataSet<Counted> {
    entries.group_by(|e| (e.size, e.maybe, e.event)).count()
}

#[dataflow]
fn least_of_event(entries: DataSet<Entry>) -> DataSet<(Event, u64)> {
    entries.project(|e| (e.event, e.id)).group_by(|e| e.0).min(|e| e.1)
}

#[dataflow]
fn distinct_events(entries: DataSet<Entry>) -> DataSet<Event> {
    entries.project(|e| e.event).distinct()
}

/// Expects entries without null notes, because nulls sort last.
#[dataflow]
fn sorted(entries: DataSet<Entry>) -> DataSet<Entry> {
    entries.sort(|e| (asc(e.size), desc(e.event), asc(e.id)))
}

#[dataflow]
fn joined(left: DataSet<Entry>, right: DataSet<Entry>) -> DataSet<(u64, u64, Size)> {
    left.join(right).on(|l| (l.event, l.size), |r| (r.event, r.size)).map(|l, r| (l.id, r.id, r.size))
}

#[dataflow]
fn joined_by_option(left: DataSet<Entry>, right: DataSet<Entry>) -> DataSet<(u64, u64)> {
    left.join(right).on(|l| l.maybe, |r| r.maybe).map(|l, r| (l.id, r.id))
}

#[dataflow]
fn outer(left: DataSet<Entry>, right: DataSet<Entry>) -> DataSet<(u64, Option<Event>)> {
    left.left_join(right).on(|l| l.id, |r| r.id).map(|l, r| (l.id, r.map(|r| r.event)))
}

/// Matches on records that are enums. A closure reads the whole value that it matches on.
#[dataflow]
fn matched(entries: DataSet<Entry>) -> DataSet<(Size, String)> {
    let events = entries.project(|e| e.event);
    let large = events.filter(|e| !matches!(e, EventRef::Sold { amount, .. } if amount == 0));
    large.filter_map(|e| match e {
        EventRef::Sold { name, .. } => Some((Size::Small, name.to_owned())),
        EventRef::Coupon(number, Some(note)) if number > 0 => Some((Size::Medium, note.to_owned())),
        EventRef::Resized(size @ (Size::Small | Size::Large)) => Some((size, String::new())),
        EventRef::Coupon(..) | EventRef::Resized(_) | EventRef::Idle => None,
    })
}

/// Compares and destructures a field that is an enum.
#[dataflow]
fn taken_apart(entries: DataSet<Entry>) -> DataSet<(u64, i64)> {
    entries.filter(|e| e.size != Size::Medium && e.maybe != Some(Size::Large)).map(|e| {
        let EventRef::Sold { amount, .. } = e.event else { return (e.id, -1) };
        (e.id, amount)
    })
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn closures_make_and_match_enums(input in inputs()) {
        let sales = input.sales();
        let made: Vec<Entry> = sales.iter().map(entry).collect();
        same_on_all_engines(made.clone(), |env| entries(env.collection(&sales)?).collect());
        let part = |e: &Entry| match &e.event {
            Event::Sold { amount: 0, .. } => None,
            Event::Sold { name, .. } => Some((Size::Small, name.clone())),
            Event::Coupon(number, Some(note)) if *number > 0 => Some((Size::Medium, note.clone())),
            Event::Resized(size) if *size != Size::Medium => Some((*size, String::new())),
            _ => None,
        };
        same_on_all_engines(made.iter().filter_map(part).collect(), |env| matched(entries(env.collection(&sales)?)).collect());
        let amount = |e: &Entry| if let Event::Sold { amount, .. } = e.event { amount } else { -1 };
        let kept = made.iter().filter(|e| e.size != Size::Medium && e.maybe != Some(Size::Large));
        let expected = kept.map(|e| (e.id, amount(e))).collect();
        same_on_all_engines(expected, |env| taken_apart(entries(env.collection(&sales)?)).collect());
    }

    #[test]
    fn enums_are_keys_of_groups(input in inputs()) {
        let made: Vec<Entry> = input.sales().iter().map(entry).collect();
        let groups = grouped(&made, |e| (e.size, e.maybe, e.event.clone())).into_iter();
        let expected = groups.map(|(key, group)| (key, group.len() as u64)).collect();
        same_on_all_engines(expected, |env| counts(env.collection(&made)?).collect());
        let groups = grouped(&made, |e| e.event.clone()).into_iter();
        let expected: Vec<(Event, u64)> =
            groups.map(|(event, group)| (event, group.iter().map(|e| e.id).min().unwrap())).collect();
        same_on_all_engines(expected.clone(), |env| least_of_event(env.collection(&made)?).collect());
        let events = expected.into_iter().map(|(event, _)| event).collect();
        same_on_local_engines(events, |env| distinct_events(env.collection(&made)?).collect());
    }

    #[test]
    fn enums_are_sorted_in_variant_order(input in inputs()) {
        let has_no_null = |e: &Entry| !matches!(e.event, Event::Coupon(_, None));
        let made: Vec<Entry> = input.sales().iter().map(entry).filter(has_no_null).collect();
        let mut expected = made.clone();
        expected.sort_by_key(|e| (e.size, Reverse(e.event.clone()), e.id));
        on_each_engine(|engine, env| {
            let found = sorted(env.collection(&made).unwrap()).collect().unwrap();
            let differs = found.iter().zip(&expected).find(|(left, right)| left != right);
            assert!(found.len() == expected.len() && differs.is_none(), "{engine}: {differs:.500?}");
        });
    }

    #[test]
    fn enums_are_keys_of_joins(input in small_inputs()) {
        let left: Vec<Entry> = input.sales().iter().map(entry).collect();
        let right: Vec<Entry> = input.other(60).sales().iter().map(entry).collect();
        let pairs = || left.iter().flat_map(|l| right.iter().map(move |r| (l, r)));
        // An `Option` inside of an enum is part of its value: two `None` are equal, unlike two
        // nulls.
        let expected = pairs().filter(|(l, r)| l.event == r.event && l.size == r.size);
        same_on_all_engines(expected.map(|(l, r)| (l.id, r.id, r.size)).collect(), |env| {
            joined(env.collection(&left)?, env.collection(&right)?).collect()
        });
        let expected = pairs().filter(|(l, r)| l.maybe.is_some() && l.maybe == r.maybe);
        same_on_all_engines(expected.map(|(l, r)| (l.id, r.id)).collect(), |env| {
            joined_by_option(env.collection(&left)?, env.collection(&right)?).collect()
        });
        let partner = |l: &Entry| right.iter().find(|r| r.id == l.id).map(|r| r.event.clone());
        same_on_all_engines(left.iter().map(|l| (l.id, partner(l))).collect(), |env| {
            outer(env.collection(&left)?, env.collection(&right)?).collect()
        });
    }
}

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    id: u64,
    size: Size,
    maybe: Option<Size>,
}

fn lines() -> Vec<Line> {
    let line = |id: u64| {
        let size = [Size::Small, Size::Medium, Size::Large][id as usize % 3];
        Line { id, size, maybe: (!id.is_multiple_of(5)).then_some(size) }
    };
    (0..20_000).map(line).collect()
}

#[test]
fn plain_enums_are_texts_in_files() {
    let folder = Folder::default();
    let (csv, parquet, env) = (folder.join("lines.csv"), folder.join("lines.parquet"), local(2));
    let flow = env.collection(lines()).unwrap();
    flow.write_csv(&csv);
    flow.write_parquet(&parquet);
    let json = folder.join("lines.json");
    flow.write_json(&json);
    env.run().unwrap();
    same_on_all_engines(lines(), |env| env.read_json::<Line>(&json)?.collect());
    let text = std::fs::read_to_string(&csv).unwrap();
    assert!(text.contains("\n1,\"middle, or so\",\"middle, or so\"\n") && text.contains("\n5,Large,\n"), "{text:.200}");
    same_on_all_engines(lines(), |env| env.read_csv::<Line>(&csv)?.collect());
    same_on_all_engines(lines(), |env| env.read_parquet::<Line>(&parquet)?.collect());
    let by_text = |env: &dataflow::Env| env.read_parquet::<(u64, String, Option<String>)>(&parquet)?.count();
    assert_eq!(by_text(&local(1)).unwrap(), 20_000);
}

#[test]
fn unknown_variant_name_is_an_error_with_its_position() {
    let folder = Folder::default();
    let csv = folder.file("lines.csv", "id,size,maybe\n1,Small,\n2,Tiny,Large\n");
    let parquet = folder.join("lines.parquet");
    let env = local(1);
    env.collection([(1_u64, "Small", Some("Tiny"))]).unwrap().write_parquet(&parquet);
    env.run().unwrap();
    let known = "expected Size (one of Small, middle, or so, Large), found `Tiny`";
    let json =
        folder.file("lines.json", "{\"id\":1,\"size\":\"Small\",\"maybe\":null}\n{\"id\":2,\"size\":\"Tiny\"}\n");
    on_each_engine(|engine, env| {
        let error = env.read_json::<Line>(&json).and_then(|lines| lines.collect()).unwrap_err().to_string();
        assert!(
            error.contains("column `size`: expected Size (one of Small") && error.contains("Tiny"),
            "{engine}: {error}"
        );
        let error = env.read_csv::<Line>(&csv).and_then(|lines| lines.collect()).unwrap_err().to_string();
        assert!(error.contains(&format!("lines.csv:3: column `size`: {known}")), "{engine}: {error}");
        let pair = env.read_parquet::<(u64, Size, Option<Size>)>(&parquet).and_then(|lines| lines.collect());
        let error = pair.unwrap_err().to_string();
        assert!(error.contains(known) && error.contains("lines.parquet"), "{engine}: {error}");
    });
}

#[test]
fn enums_are_displayed_as_they_are_written() {
    let cases = [
        (Event::Sold { name: "tea".to_owned(), amount: 3 }, "Sold { name: \"tea\", amount: 3 }"),
        (Event::Coupon(-1, None), "Coupon(-1, None)"),
    ];
    for (event, shown) in cases {
        on_each_engine(|engine, env| {
            let resized = Entry { id: 1, size: Size::Small, maybe: None, event: Event::Resized(Size::Large) };
            let last = Entry { id: 2, maybe: Some(Size::Medium), event: event.clone(), ..resized.clone() };
            let error = refused(env.collection([resized, last]).unwrap()).collect().unwrap_err().to_string();
            assert!(error.contains("not wanted, in the record Entry { id: 2, "), "{engine}: {error}");
            assert!(error.contains(&format!("event: {shown}")), "{engine}: {error}");
        });
    }
}

#[test]
fn enums_that_hold_values_are_not_read_from_parquet() {
    let folder = Folder::default();
    let (lone, pairs, env) = (folder.join("lines.parquet"), folder.join("pairs.parquet"), local(1));
    // Fails with and without the column in the file.
    env.collection(lines()).unwrap().write_parquet(&lone);
    env.collection([(1_u64, "Idle")]).unwrap().write_parquet(&pairs);
    env.run().unwrap();
    let lone = env.read_parquet::<Entry>(&lone).and_then(|entries| entries.collect()).unwrap_err().to_string();
    let pairs = env.read_parquet::<(u64, Event)>(&pairs).and_then(|pairs| pairs.collect()).unwrap_err().to_string();
    for (error, field) in [(lone, "event"), (pairs, "1")] {
        let message =
            format!("the field `{field}` is an enum whose variants hold values (Event), which Parquet cannot hold");
        assert!(error.contains(&message) && error.contains("`filter_map`"), "{error}");
    }
}
