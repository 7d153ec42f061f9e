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
fn bytes_taken_ahead_are_reserved_or_released() {
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
fn try_reserve_idle_never_asks_others_to_spill() {
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
fn shrink_to_releases_bytes_taken_ahead() {
    let budget = Budget::new(64 << 20);
    let memory = Memory::spilling(budget.clone(), "table", 0);
    assert!(memory.try_reserve(5 << 20));
    let page = memory.reserve(1 << 20).unwrap();
    assert_eq!((memory.shrink_to(3 << 20), memory.shrink_to(3 << 20), budget.used_bytes()), (1 << 20, 0, 4 << 20));
    drop(page);
    memory.shrink();
}

#[test]
fn kept_bytes_stay_taken_ahead() {
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
fn bytes_left_ahead_belong_to_the_account() {
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
fn accounts_track_their_peak() {
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
fn minimum_of_a_child_is_always_granted() {
    let budget = Budget::new(16 << 20);
    let parent = Memory::spilling(budget.clone(), "tables", 6 << 20);
    let child = parent.child(4 << 20);
    let greedy = Memory::spilling(budget.clone(), "greedy", 0);
    let granted = (1..=16).take_while(|mib| greedy.try_reserve(mib << 20)).count();
    assert!((8..10).contains(&granted), "{granted} MiB beyond the least of 6, and some slack");
    let (mine, refused) = (child.reserve(4 << 20).unwrap(), child.reserve(4 << 20).unwrap_err());
    assert!(refused.to_string().contains("tables"), "{refused}");
    let rest = parent.reserve(2 << 20).unwrap();
    assert_eq!((parent.peak_bytes(), child.owner()), (6 << 20, "tables"));
    drop((mine, rest, parent));
    drop(child);
    greedy.shrink();
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn largest_owner_is_asked_to_release_memory() {
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
fn out_of_memory_error_names_the_longest_record() {
    let memory = Memory::new(Budget::new(1 << 20), "a step");
    let refusal = || memory.reserve(2 << 20).unwrap_err().to_string();
    assert!(!refusal().contains("record"), "{}", refusal());
    memory.note_run(3 << 20);
    memory.note_run(1 << 20);
    assert!(refusal().contains(", where a record takes up to 3.0 MiB and several are on their way;"), "{}", refusal());
}

/// Other tests of the process reserve a little meanwhile.
#[test]
fn heap_bytes_reduce_the_bytes_for_pages() {
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
