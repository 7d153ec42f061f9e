//! Values that panic while they are written, in closures that catch the panic and continue.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use dataflow::prelude::*;
use dataflow::{Emitter, Keying, Result};
use tests::on_each_engine;

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    name: String,
    marks: Vec<String>,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    key: u32,
    note: String,
    items: Vec<Item>,
    rest: String,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shelf {
    note: String,
    orders: Vec<Order>,
    places: BTreeMap<String, Item>,
    rest: Option<String>,
}

const NAME: &str = "a name that does not fit its slot";

fn item() -> Item {
    Item { name: NAME.to_owned(), marks: vec![NAME.to_owned(), "short".to_owned()] }
}

fn order(key: u32) -> Order {
    Order { key, note: NAME.to_owned(), items: vec![item(), item()], rest: NAME.to_owned() }
}

fn shelf(key: u32) -> Shelf {
    let places = BTreeMap::from([(NAME.to_owned(), item()), ("b".to_owned(), item())]);
    Shelf { note: NAME.to_owned(), orders: vec![order(key); 2], places, rest: Some(NAME.to_owned()) }
}

thread_local! {
    /// The number of reads of a fragile value that this thread may still do.
    static READS_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A value that panics when it is read once too often.
struct Fragile<T>(T);

impl<V: Value> Value for Fragile<V> {
    type Record = V::Record;
    fn twin(&self) -> <V::Record as Record>::At<'_> {
        if let Some(looks) = READS_LEFT.get() {
            READS_LEFT.set(looks.checked_sub(1));
            assert!(looks > 0, "looked at once too often");
        }
        self.0.twin()
    }
}

impl<T> std::hash::Hash for Fragile<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u8(0);
    }
}

impl<T> PartialEq for Fragile<T> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl<T> Eq for Fragile<T> {}

/// Emits an order of fragile items that panics at read number `looks`. Catches the panic.
fn emit_order(key: u32, looks: usize, out: &mut Emitter<'_, Order>) {
    let items = vec![Fragile(item()), Fragile(item())];
    let order = OrderRef { key, note: NAME, items: List::from(&items), rest: NAME };
    READS_LEFT.set(Some(looks));
    let _ = catch_unwind(AssertUnwindSafe(|| out.emit(order)));
    READS_LEFT.set(None);
}

/// The same for deeper nesting.
fn emit_shelf(key: u32, looks: usize, out: &mut Emitter<'_, Shelf>) {
    let items = vec![Fragile(item()), Fragile(item())];
    let order = OrderRef { key, note: NAME, items: List::from(&items), rest: NAME };
    let orders = vec![order; 2];
    let places = HashMap::from([(Fragile(NAME), Fragile(item())), (Fragile("b"), Fragile(item()))]);
    let shelf = ShelfRef { note: NAME, orders: List::from(&orders), places: Map::from(&places), rest: Some(NAME) };
    READS_LEFT.set(Some(looks));
    let _ = catch_unwind(AssertUnwindSafe(|| out.emit(shelf)));
    READS_LEFT.set(None);
}

/// Runs a pipeline whose value panics at read `looks`, for each number until none panics. Either
/// the job fails with that error, or every record is `whole`, because the panic came before the
/// record was begun.
fn fails_or_is_whole<T: PartialEq + std::fmt::Debug>(
    most_looks: usize,
    whole: impl Fn(&T) -> bool,
    pipeline: impl Fn(&Env, usize) -> Result<Vec<T>>,
) {
    on_each_engine(|engine, env| {
        let (mut failed, mut ended) = (0, 0);
        for looks in 0..most_looks {
            match pipeline(env, looks) {
                Ok(records) => {
                    assert!(records.iter().all(&whole), "{engine}, look {looks}: {records:?}");
                    ended += 1;
                }
                Err(error) => {
                    assert!(error.to_string().contains("not written to its end"), "{engine}, look {looks}: {error}");
                    failed += 1;
                }
            }
        }
        assert!(failed > 0 && ended > 0, "{engine}: {failed} failed, {ended} did not");
    });
}

#[test]
fn a_record_that_panics_during_writing_is_never_read() {
    fails_or_is_whole(
        12,
        |order: &Order| *order == self::order(order.key),
        |env, looks| {
            let keys = env.collection(0..50u32)?;
            keys.process(move |key, out| {
                out.emit(order(key));
                emit_order(key, looks, out);
                emit_order(key, usize::MAX, out);
            })
            .collect()
        },
    );
}

#[test]
fn a_panicking_last_record_of_a_visit_is_never_read() {
    fails_or_is_whole(
        12,
        |order: &Order| *order == self::order(order.key),
        |env, looks| {
            let keys = env.collection(0..7u32)?;
            keys.process(move |key, out| {
                if key == 6 {
                    emit_order(key, looks, out);
                } else {
                    out.emit(order(key));
                }
            })
            .collect()
        },
    );
}

#[test]
fn panicking_lists_in_lists_and_maps_are_never_read() {
    fails_or_is_whole(
        80,
        |shelf: &Shelf| *shelf == self::shelf(shelf.orders[0].key),
        |env, looks| {
            let keys = env.collection(0..9u32)?;
            keys.process(move |key, out| {
                emit_shelf(key, looks, out);
                out.emit(shelf(key));
            })
            .collect()
        },
    );
}

#[test]
fn a_panicking_reduced_record_replaces_no_row() {
    fails_or_is_whole(
        12,
        |order: &Order| *order == self::order(order.key),
        |env, looks| {
            let orders = env.collection((0..60u32).map(|n| order(n % 3)))?;
            orders.group_by(|o| o.key).reduce(move |left, _, out| emit_order_or_panic(left.key, looks, out)).collect()
        },
    );
}

/// A reduction returns one record for two. If none was begun, emits another in its place.
fn emit_order_or_panic(key: u32, looks: usize, out: &mut Emitter<'_, Order>) {
    let items = vec![Fragile(item()), Fragile(item())];
    let order = OrderRef { key, note: NAME, items: List::from(&items), rest: NAME };
    READS_LEFT.set(Some(looks));
    let emitted = catch_unwind(AssertUnwindSafe(|| out.emit(order)));
    READS_LEFT.set(None);
    if emitted.is_err() {
        out.emit(self::order(key));
    }
}

#[test]
fn panicked_records_never_leave_joins_groups_or_states() {
    fails_or_is_whole(
        8,
        |order: &Order| *order == self::order(order.key),
        |env, looks| {
            let (left, right) = (env.collection(0..20u32)?, env.collection(0..20u32)?);
            left.join(right).on(|l| l, |r| r).process(move |key, _, out| emit_order(key, looks, out)).collect()
        },
    );
    fails_or_is_whole(
        8,
        |order: &Order| *order == self::order(order.key),
        |env, looks| {
            let keys = env.collection(0..20u32)?;
            let groups = keys.group_by(|key| key);
            groups
                .reduce_group(move |group, out| {
                    while let Some(key) = group.next() {
                        emit_order(key, looks, out);
                    }
                })
                .collect()
        },
    );
    fails_or_is_whole(
        8,
        |order: &Order| *order == self::order(order.key),
        |env, looks| {
            let keys = env.collection(0..20u32)?;
            keys.process_with(
                |_| 0u32,
                move |seen, key, out| {
                    *seen += 1;
                    emit_order(key, looks, out);
                },
            )
            .collect()
        },
    );
    fails_or_is_whole(
        8,
        |order: &Order| *order == self::order(order.key),
        |env, looks| {
            let keys = env.collection(0..20u32)?;
            keys.map_partition(move |keys, out| keys.for_each(|key| emit_order(key, looks, out))).collect()
        },
    );
}

thread_local! {
    /// The token of an emitted key, kept from a job that failed before its closure returned it.
    static KEPT_TOKEN: Cell<Option<Keying>> = const { Cell::new(None) };
}

#[test]
fn a_computed_key_that_panics_is_no_key() {
    let count = |env: &Env, looks: usize, keeps: bool| {
        let grouped = env.collection(0..20u32)?.group_by(|key| {
            key.computed(move |key, put| {
                let names = HashMap::from([(Fragile(format!("{NAME} {key}")), Fragile(NAME))]);
                READS_LEFT.set((key == 7).then_some(looks));
                let token = catch_unwind(AssertUnwindSafe(|| put.emit(names)));
                READS_LEFT.set(None);
                match token {
                    Ok(token) if keeps => {
                        KEPT_TOKEN.set(Some(token));
                        panic!("kept what says that a key was emitted");
                    }
                    Ok(token) => token,
                    Err(_) => KEPT_TOKEN.take().unwrap(),
                }
            })
        });
        grouped.count().collect()
    };
    // One thread, as in the embedded engine.
    let env = &tests::embedded();
    let mut failed = 0;
    for looks in 0..12 {
        count(env, usize::MAX, true).unwrap_err();
        match count(env, looks, false) {
            Ok(groups) => {
                assert!(groups.iter().all(|(names, count)| names.values().all(|name| name == NAME) && *count == 1));
            }
            Err(error) => {
                failed += 1;
                let message = error.to_string();
                let is_known =
                    ["not written to its end", "a record without a key"].iter().any(|known| message.contains(known));
                assert!(is_known, "look {looks}: {message}");
            }
        }
    }
    assert!(failed > 2);
}

/// A value that returns a record of another length at each read.
struct Growing(Cell<usize>, Vec<String>);

impl Value for Growing {
    type Record = Item;
    fn twin(&self) -> ItemRef<'_> {
        self.0.set(self.0.get() + 1);
        ItemRef { name: &self.1[self.0.get() % self.1.len()], marks: Texts::from(&self.1) }
    }
}

#[test]
fn a_value_that_changes_while_written_fails_or_is_whole() {
    on_each_engine(|engine, env| {
        let keys = env.collection(0..3_000u32).unwrap();
        let texts: Vec<String> = (0..7).map(|n| "x".repeat(n * 400)).collect();
        let lists = keys.process(move |_, out: &mut Emitter<'_, Vec<Item>>| {
            let values = vec![Growing(Cell::new(0), texts.clone()), Growing(Cell::new(3), texts.clone())];
            out.emit(List::from(&values));
        });
        match lists.collect() {
            Ok(lists) => assert!(lists.iter().flatten().all(|item| item.name.bytes().all(|byte| byte == b'x'))),
            Err(error) => assert!(error.to_string().contains("changed while it was written"), "{engine}: {error}"),
        }
    });
}
