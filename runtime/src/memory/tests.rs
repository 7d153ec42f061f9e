//! Tests of budgets, accounts and reservations together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[test]
fn reservations_are_counted_and_given_back() {
    let budget = Budget::new(100);
    let memory = Memory::new(budget.clone(), "sort");
    let mut first = memory.reserve(60).unwrap();
    let refused = memory.reserve(41).unwrap_err().to_string();
    assert!(refused.contains("sort") && refused.contains("41 B") && refused.contains("60 B"), "{refused}");
    first.resize(10).unwrap();
    let second = memory.reserve(90).unwrap();
    assert!(first.resize(11).is_err());
    assert_eq!((budget.used_bytes(), budget.peak_bytes()), (100, 100));
    drop((first, second));
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn what_is_taken_ahead_is_there_when_it_is_needed_and_goes_back() {
    let budget = Budget::new(64 << 20);
    let memory = Memory::spilling(budget.clone(), "sort", 1 << 20);
    assert!(memory.try_reserve(10 << 20));
    let greedy = Memory::new(budget.clone(), "greedy");
    let rest = greedy.reserve(54 << 20).unwrap();
    let page = memory.reserve(10 << 20).unwrap();
    assert!(!memory.try_reserve(1), "nothing is left");
    assert!(memory.reserve(1).is_err());
    drop((page, rest));
    assert!(memory.try_reserve(1) && budget.used_bytes() > 0);
    memory.shrink();
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn who_does_as_well_without_asks_nobody_to_spill() {
    let budget = Budget::new(64 << 20);
    let (table, other) = (Memory::spilling(budget.clone(), "table", 0), Memory::spilling(budget.clone(), "other", 0));
    assert!(other.try_reserve(1 << 20));
    while table.try_reserve(table.peak_bytes() + 1) {}
    assert!(!other.try_reserve_idle(4 << 20));
    assert_eq!(table.revoke_requested(), 0);
    assert!(!other.try_reserve(4 << 20));
    assert!(table.revoke_requested() > 0);
    table.shrink();
    other.shrink();
}

#[test]
fn what_is_ahead_beyond_what_is_needed_goes_back() {
    let budget = Budget::new(64 << 20);
    let memory = Memory::spilling(budget.clone(), "table", 0);
    assert!(memory.try_reserve(5 << 20));
    let page = memory.reserve(1 << 20).unwrap();
    assert_eq!((memory.shrink_to(3 << 20), memory.shrink_to(3 << 20), budget.used_bytes()), (1 << 20, 0, 4 << 20));
    drop(page);
    memory.shrink();
}

#[test]
fn what_is_given_back_stays_as_far_as_it_is_kept() {
    let budget = Budget::new(64 << 20);
    let memory = Memory::spilling(budget.clone(), "sort", 0);
    memory.keep(3 << 20);
    let page = memory.reserve(8 << 20).unwrap();
    drop(page);
    assert_eq!(budget.used_bytes(), 3 << 20);
    let page = memory.reserve(2 << 20).unwrap();
    assert_eq!(budget.used_bytes(), 3 << 20);
    drop(page);
    memory.shrink();
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn what_is_left_ahead_is_nobody_elses() {
    let budget = Budget::new(64 << 20);
    let memory = Memory::spilling(budget.clone(), "join", 0);
    let mut room = memory.reserve(3 << 20).unwrap();
    room.leave_ahead();
    assert_eq!((room.bytes(), budget.used_bytes()), (0, 3 << 20));
    let greedy = Memory::new(budget.clone(), "greedy").reserve(61 << 20).unwrap();
    room.resize(3 << 20).unwrap();
    drop((room, greedy));
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn each_owner_knows_the_most_that_it_held() {
    let budget = Budget::new(64 << 20);
    let (first, second) = (Memory::new(budget.clone(), "first"), Memory::spilling(budget.clone(), "second", 0));
    let mut page = first.reserve(300).unwrap();
    page.resize(100).unwrap();
    drop(first.clone().reserve(150).unwrap());
    assert!(second.try_reserve(2 << 20));
    second.shrink();
    assert_eq!((first.peak_bytes(), second.peak_bytes()), (300, 2 << 20));
    drop((page, first));
    // The next holder with its number starts from zero.
    assert_eq!(Memory::new(budget, "third").peak_bytes(), 0);
}

#[test]
fn a_portion_is_its_owners_and_can_always_be_had() {
    let budget = Budget::new(16 << 20);
    let whole = Memory::spilling(budget.clone(), "tables", 6 << 20);
    let portion = whole.child(4 << 20);
    let greedy = Memory::spilling(budget.clone(), "greedy", 0);
    let granted = (1..=16).take_while(|mib| greedy.try_reserve(mib << 20)).count();
    assert!((8..10).contains(&granted), "{granted} MiB beyond the least of 6, and some slack");
    let (mine, refused) = (portion.reserve(4 << 20).unwrap(), portion.reserve(4 << 20).unwrap_err());
    assert!(refused.to_string().contains("tables"), "{refused}");
    let rest = whole.reserve(2 << 20).unwrap();
    assert_eq!((whole.peak_bytes(), portion.owner()), (6 << 20, "tables"));
    drop((mine, rest, whole));
    drop(portion);
    greedy.shrink();
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn an_owner_is_told_when_it_should_give_back() {
    let budget = Budget::new(64 << 20);
    let (first, second) = (Memory::spilling(budget.clone(), "first", 0), Memory::spilling(budget, "second", 1 << 20));
    let woken = Arc::new(AtomicUsize::new(0));
    let wakes = woken.clone();
    first.on_revoke_request(move || {
        wakes.fetch_add(1, Ordering::Relaxed);
    });
    assert!(first.try_reserve(58 << 20) && second.try_reserve(1 << 20) && !second.try_reserve(3 << 20));
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    assert!(first.revoke_requested() > 20 << 20);
    assert_eq!((first.revoke_requested(), second.revoke_requested()), (0, 0));
}

#[test]
fn a_refusal_names_the_length_of_long_records() {
    let memory = Memory::new(Budget::new(1 << 20), "a step");
    let refusal = || memory.reserve(2 << 20).unwrap_err().to_string();
    assert!(!refusal().contains("record"), "{}", refusal());
    memory.note_run(3 << 20);
    memory.note_run(1 << 20);
    assert!(refusal().contains(", where a record takes up to 3.0 MiB and several are on their way;"), "{}", refusal());
}

/// Other tests of the process reserve a little meanwhile.
#[test]
fn pages_leave_room_for_bytes_on_the_heap() {
    const LIMIT: usize = 1 << 44;
    const OTHERS: usize = 1 << 40;
    let memory = Memory::new(Budget::new(LIMIT), "test");
    let leaves = |bytes: usize| bytes_for_pages().abs_diff(bytes) < OTHERS;
    assert!(leaves(LIMIT));
    let mut heap = memory.reserve(LIMIT / 2).unwrap();
    let pages = memory.reserve_pages(LIMIT / 4).unwrap();
    assert!(leaves(LIMIT / 2));
    heap.resize(LIMIT / 4).unwrap();
    let part = heap.split(LIMIT / 8);
    assert!(leaves(LIMIT - LIMIT / 4));
    drop((part, pages));
    assert!(leaves(LIMIT - LIMIT / 8));
    heap.leave_ahead();
    assert!(leaves(LIMIT));
}
