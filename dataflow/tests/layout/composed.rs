//! Records made of others: enums, arrays, boxes and generic records.

use dataflow::{Record, Texts, Value};

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
fn an_enum_is_a_tag_and_the_leaves_of_all_variants() {
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
fn arrays_boxes_and_generic_records_are_what_they_hold() {
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
fn lists_of_texts_are_one_string_of_bytes() {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let pages = [
        Page { id: 1, words: texts(&["to", "", "größer als zwölf"]), tags: Some(texts(&["a"])) },
        Page { id: 2, words: texts(&[""]), tags: Some(Vec::new()) },
        Page { id: 3, words: Vec::new(), tags: None },
    ];
    check("text_lists", &pages);
    // What is emitted has the same bytes, whatever holds the texts.
    let words: Vec<&str> = pages[0].words.iter().map(String::as_str).collect();
    let forms = [Texts::from(&pages[0].words), Texts::from(&words)];
    let bytes = forms.map(|words| {
        let page = &support::pages(&[PageRef { id: 1, words, tags: None }], &support::all::<Page>())[0];
        // The variable part; between it and the rows a page may hold what stood there before.
        let bytes = page.as_bytes();
        let heap_start = u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
        bytes[heap_start..].to_vec()
    });
    assert_eq!(bytes[0], bytes[1]);
}

/// What nothing is borrowed from is its own twin, also by way of what is nested.
#[test]
fn what_borrows_nothing_is_seen_as_itself() {
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
    // A generic record has a twin whatever its parameters are, and so has what holds one.
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Holder {
        pair: Pair<u8, u8>,
    }
    let holder = Holder { pair: Pair { first: 1, second: Some(2) } };
    assert_eq!(HolderRef { pair: PairRef { first: 1, second: Some(2) } }, holder.twin());
}

/// Pages that were damaged, or that another program wrote, may hold tags that are none.
#[test]
fn a_tag_that_is_none_reads_as_the_first_variant() {
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
fn an_enum_describes_itself_in_the_users_words() {
    assert_eq!(
        Entry::schema().describe(),
        "Entry { number: u64, status: Option<Status>, event: Event { Idle | Click { url: String, at: u32 } | Moved(i16, Option<u8>) | \
         Changed(Status) } }"
    );
}
