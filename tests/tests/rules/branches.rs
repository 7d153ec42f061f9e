//! Closures with branches that create their values in different ways. A field counts as copied only
//! if all branches copy it.

use dataflow::prelude::*;
use tests::{on_each_parallelism, same_records};

#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    id: u64,
    from: u64,
    to: u64,
}

fn spans() -> Vec<Span> {
    (0..40).map(|id| Span { id, from: id % 7, to: id % 5 }).collect()
}

/// Each branch copies the field that the other one sets.
#[dataflow]
fn of_two_branches(spans: DataSet<Span>) -> DataSet<Span> {
    let set = spans.map(|s| if s.from > 3 { Span { from: 1, ..s } } else { Span { to: 2, ..s } });
    set.filter(|s| s.to == 2 && s.from != 2)
}

#[dataflow]
fn of_arms(spans: DataSet<Span>) -> DataSet<Span> {
    let set = spans.filter_map(|s| match s.id % 3 {
        0 => Some(Span { from: 9, ..s }),
        1 => Some(Span { to: 9, ..s }),
        _ => None,
    });
    set.filter(|s| s.to == 9)
}

#[test]
fn a_filter_after_branches_sees_the_set_fields() {
    on_each_parallelism(|engine, env| {
        let set = |s: Span| if s.from > 3 { Span { from: 1, ..s } } else { Span { to: 2, ..s } };
        let expected = spans().into_iter().map(set).filter(|s| s.to == 2 && s.from != 2).collect();
        same_records(engine, of_two_branches(env.collection(spans()).unwrap()).collect().unwrap(), expected);
    });
}

#[test]
fn a_filter_after_match_arms_sees_the_set_fields() {
    on_each_parallelism(|engine, env| {
        let expected = spans().into_iter().filter(|s| s.id % 3 == 1).map(|s| Span { to: 9, ..s }).collect();
        same_records(engine, of_arms(env.collection(spans()).unwrap()).collect().unwrap(), expected);
    });
}
