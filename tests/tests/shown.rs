//! Printed and displayed records.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

use dataflow::prelude::*;
use tests::on_each_engine;

#[derive(Record, Clone, Debug, PartialEq)]
enum Event {
    Click { at: u32, tags: Vec<String> },
    Idle,
}

#[dataflow]
fn shown(events: DataSet<(u64, Event, Vec<u16>)>) -> DataSet<(u64, Event, Vec<u16>)> {
    let sorted = events.filter(|e| e.0 > 0).sort(|e| e.0);
    sorted.show(2);
    sorted.print();
    sorted
}

#[test]
fn any_record_can_be_printed_and_displayed() {
    let click = Event::Click { at: 3, tags: vec!["a".to_owned(), "b".to_owned()] };
    let events = vec![
        (2u64, Event::Idle, vec![1u16, 2]),
        (1, click, vec![]),
        (0, Event::Idle, vec![]),
        (3, Event::Idle, vec![]),
    ];
    on_each_engine(|engine, env| {
        let flow = shown(env.collection(events.clone()).unwrap());
        let mut lines = Vec::new();
        flow.records().unwrap().write_lines(&mut lines).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        let expected = "1\tClick { at: 3, tags: [\"a\", \"b\"] }\t[]\n2\tIdle\t[1, 2]\n3\tIdle\t[]\n";
        assert_eq!(lines, expected, "{engine}");
        env.run().unwrap();
    });
}
