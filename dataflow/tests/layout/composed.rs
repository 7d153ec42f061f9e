//! Records made of other records: enums, arrays, boxes and generic records.

use std::collections::{BTreeMap, HashMap};

use dataflow::{List, Map, Record, Texts, Value};
use runtime::page::{Input, Selection};

use crate::dump::check;
use crate::{Home, support};

#[derive(Record, Clone, Copy, Debug, PartialEq)]
enum Status {
    Open,
    Paid,
    #[record(name = "sent out")]
    Sent,
}

#[derive(Record, Clone, Debug, PartialEq)]
enum Event {
    Idle,
    Click { url: String, at: u32 },
    Moved(i16, Option<u8>),
    Changed(Status),
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Entry {
    number: u64,
    status: Option<Status>,
    event: Event,
}

#[test]
fn enum_has_a_tag_and_the_leaves_of_all_variants() {
    let entry = |number, status, event| Entry { number, status, event };
    let click = Event::Click { url: "https://example.org".to_owned(), at: 7 };
    let entries = [
        entry(1, None, Event::Idle),
        entry(2, Some(Status::Open), click),
        entry(3, Some(Status::Sent), Event::Moved(-1, Some(5))),
        entry(4, Some(Status::Paid), Event::Changed(Status::Sent)),
    ];
    check("enums", &entries);
    check("enum", &entries.map(|entry| entry.event));
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Composed {
    point: [f32; 3],
    names: [Option<String>; 2],
    home: Box<Home>,
    boxes: Option<Box<[u16; 2]>>,
    pair: Pair<u8, Pair<String, Status>>,
    choice: Choice<u32>,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Pair<A, B> {
    first: A,
    second: Option<B>,
}

#[derive(Record, Clone, Debug, PartialEq)]
enum Choice<T> {
    Nothing,
    One(T),
    Two { first: T, second: Box<T> },
}

#[test]
fn arrays_boxes_and_generic_records_store_only_their_contents() {
    let pair = |first: &str, second| Pair { first: first.to_owned(), second };
    let first = Composed {
        point: [1.0, -0.5, 0.25],
        names: [Some("one".to_owned()), None],
        home: Box::new(Home { zip: 10_115, city: "Berlin".to_owned() }),
        boxes: Some(Box::new([1, 2])),
        pair: Pair { first: 1, second: Some(pair("two", Some(Status::Sent))) },
        choice: Choice::Two { first: 3, second: Box::new(4) },
    };
    let second = Composed {
        names: [None, Some("a text that is longer".to_owned())],
        boxes: None,
        pair: Pair { first: 2, second: Some(pair("", None)) },
        choice: Choice::One(5),
        ..first.clone()
    };
    let third = Composed { choice: Choice::Nothing, pair: Pair { first: 3, second: None }, ..second.clone() };
    check("composed", &[first, second, third]);
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Page {
    id: u32,
    words: Vec<String>,
    tags: Option<Vec<String>>,
}

#[test]
fn lists_of_texts_are_contiguous_bytes() {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let pages = [
        Page { id: 1, words: texts(&["to", "", "größer als zwölf"]), tags: Some(texts(&["a"])) },
        Page { id: 2, words: texts(&[""]), tags: Some(Vec::new()) },
        Page { id: 3, words: Vec::new(), tags: None },
    ];
    check("text_lists", &pages);
    // Emitted bytes do not depend on the container of the texts.
    let words: Vec<&str> = pages[0].words.iter().map(String::as_str).collect();
    let forms = [Texts::from(&pages[0].words), Texts::from(&words)];
    let bytes = forms.map(|words| {
        let page = &support::pages(&[PageRef { id: 1, words, tags: None }], &support::all::<Page>())[0];
        // Only the heap: the gap between it and the rows may contain old bytes.
        let bytes = page.as_bytes();
        let heap_start = u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
        bytes[heap_start..].to_vec()
    });
    assert_eq!(bytes[0], bytes[1]);
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Basket {
    id: u32,
    items: Vec<Item>,
    flags: Option<Vec<bool>>,
    prices: BTreeMap<String, u64>,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Item {
    name: String,
    counts: Vec<u64>,
    status: Option<Status>,
}

fn baskets() -> [Basket; 3] {
    let item = |name: &str, counts: &[u64], status| Item { name: name.to_owned(), counts: counts.to_owned(), status };
    let items =
        vec![item("tea", &[1, 2], None), item("größer als zwölf", &[], Some(Status::Paid)), item("", &[3], None)];
    let prices = [("tea", 7), ("a name of some length", 8)].map(|(name, price)| (name.to_owned(), price));
    let empty = Basket { id: 3, items: Vec::new(), flags: None, prices: BTreeMap::new() };
    [
        Basket { id: 1, items, flags: Some(vec![true, false, true]), prices: prices.into() },
        Basket { id: 2, flags: Some(Vec::new()), ..empty.clone() },
        empty,
    ]
}

/// Returns the bytes that each slot of a row refers to. The layout does not define the bytes around
/// them.
fn slots(page: &runtime::page::Page) -> Vec<Vec<u8>> {
    (0..Basket::LEAVES).map(|leaf| page.batch().leaf_bytes(leaf, 0).to_vec()).collect()
}

#[test]
fn lists_of_records_are_rows_followed_by_their_heap() {
    let baskets = baskets();
    check("record_lists", &baskets);
    // The documentation shows the first list.
    let page = &support::pages(&baskets[..1], &support::all::<Basket>())[0];
    let documentation = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/layout.md")).unwrap();
    for (line, bytes) in page.batch().leaf_bytes(1, 0).chunks(16).enumerate() {
        let hex: String = bytes.iter().map(|byte| format!(" {byte:02x}")).collect();
        let line = format!("  {:02x} {hex}  |", 16 * line);
        assert!(documentation.contains(&line), "docs/layout.md has no line {line}");
    }
    // Emitted bytes do not depend on the container of the records.
    let expected = support::pages(&baskets[..1], &support::all::<Basket>());
    let [basket, ..] = baskets;
    let twins: Vec<ItemRef<'_>> = basket.items.iter().map(Value::twin).collect();
    let prices: HashMap<&str, u64> = basket.prices.iter().map(|(name, price)| (name.as_str(), *price)).collect();
    let (array, slice) = ([twins[0], twins[1], twins[2]], twins.as_slice());
    let forms = [List::from(&twins), List::from(basket.items.as_slice()), List::from(&slice), List::from(&array)];
    for items in forms {
        let flags = [true, false, true];
        let form = BasketRef { id: 1, items, flags: Some(List::from(&flags)), prices: Map::from(&prices) };
        let page = &support::pages(&[form], &support::all::<Basket>())[0];
        assert_eq!(slots(page), slots(&expected[0]));
        assert_eq!(support::read::<Basket>(&page.batch()), std::slice::from_ref(&basket));
    }
}

#[test]
fn lists_and_maps_are_read_by_position_and_by_key() {
    fn look(basket: BasketRef<'_>) {
        let names: Vec<&str> = basket.items.iter().rev().map(|item| item.name).collect();
        assert_eq!(names, ["", "größer als zwölf", "tea"]);
        let second = basket.items.get(1).unwrap();
        assert_eq!((second.status, second.counts), (Some(Status::Paid), [0_u64; 0].as_slice()));
        assert_eq!(basket.items.first().unwrap().counts, [1, 2]);
        assert_eq!((basket.items.get(3), basket.items.last().map(|item| item.counts[0])), (None, Some(3)));
        assert!(basket.items.contains(second) && !basket.items.contains(ItemRef { name: "x", ..second }));
        assert_eq!(basket.items.into_iter().skip(1).len(), 2);
        assert_eq!(basket.flags.unwrap().iter().collect::<Vec<_>>(), [true, false, true]);
        let prices = basket.prices;
        assert_eq!((prices.get("tea"), prices.get("te"), prices.len()), (Some(7), None, 2));
        assert!(prices.contains_key("a name of some length".to_owned()) && !prices.contains_key("zz"));
        assert_eq!(prices.iter().collect::<Vec<_>>(), [("a name of some length", 8), ("tea", 7)]);
        assert_eq!((prices.keys().next(), prices.values().sum::<u64>()), (Some("a name of some length"), 15));
    }
    let baskets = baskets();
    look(baskets[0].twin());
    let page = &support::pages(&baskets[..1], &support::all::<Basket>())[0];
    let (batch, mut selection) = (page.batch(), Selection::default());
    selection.fill(0..1);
    Input::new(&batch, &selection).visit(|mut leaves, rows| {
        let cursor = Basket::cursor(&mut leaves);
        let stored = Basket::at(cursor, rows.get(0));
        look(stored);
        assert_eq!(format!("{stored:?}"), format!("{:?}", baskets[0].twin()));
        assert_eq!(Basket::own(stored), baskets[0]);
    });
    // Lists that no operator reads are empty.
    let page = &support::pages(&baskets[..1], &[0].into_iter().collect())[0];
    let read = support::read::<Basket>(&page.batch());
    assert_eq!(read, [Basket { id: 1, flags: None, ..baskets[2].clone() }]);
}

/// A record that borrows nothing is its own twin, also if it is nested.
#[test]
fn record_without_borrows_is_its_own_twin() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Corner {
        at: [i16; 2],
        status: Status,
    }
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    enum Figure {
        Line([Corner; 2]),
        Dot(Corner),
    }
    let corner = |x, y| Corner { at: [x, y], status: Status::Paid };
    let figures = [Figure::Line([corner(1, 2), corner(3, 4)]), Figure::Dot(corner(5, 6))];
    let seen: [Figure; 2] = figures.each_ref().map(Value::twin);
    assert_eq!(support::read::<Figure>(&support::pages(&seen, &support::all::<Figure>())[0].batch()), figures);
    // A generic record always has a twin of its own, and so has a record that contains it.
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Holder {
        pair: Pair<u8, u8>,
    }
    let holder = Holder { pair: Pair { first: 1, second: Some(2) } };
    assert_eq!(HolderRef { pair: PairRef { first: 1, second: Some(2) } }, holder.twin());
}

/// Damaged pages, and pages of other programs, may contain invalid tags.
#[test]
fn invalid_tag_reads_as_the_first_variant() {
    let page = &support::pages(&[2_u8, 3, 255], &support::all::<u8>())[0];
    assert_eq!(support::read::<Status>(&page.batch()), [Status::Sent, Status::Open, Status::Open]);
    let leaves = (4_u8, ("a url that is there", 9_u32), (1_i16, (0_u8, 0_u8)), 200_u8);
    let page = &support::pages(&[leaves], &support::all::<(u8, (String, u32), (i16, (u8, u8)), u8)>())[0];
    assert_eq!(support::read::<Event>(&page.batch()), [Event::Idle]);
    let leaves = (3_u8, leaves.1, leaves.2, 200_u8);
    let page = &support::pages(&[leaves], &support::all::<(u8, (String, u32), (i16, (u8, u8)), u8)>())[0];
    assert_eq!(support::read::<Event>(&page.batch()), [Event::Changed(Status::Open)]);
}

#[test]
fn enum_description_uses_the_names_of_the_program() {
    assert_eq!(
        Entry::schema().describe(),
        "Entry { number: u64, status: Option<Status>, event: Event { Idle | Click { url: String, at: u32 } | Moved(i16, Option<u8>) | \
         Changed(Status) } }"
    );
}
