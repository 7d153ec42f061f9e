//! Tests of grants and requests.

use proptest::prelude::*;

use super::*;

#[test]
fn late_holders_get_their_minimum() {
    let mut arbiter = Arbiter::new(1600);
    let (early, late) = (arbiter.open(Some(200)), arbiter.open(Some(300)));
    assert_eq!(arbiter.take(early, 1200, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.take(early, 1, 0, ReserveMode::MayRevoke), (Verdict::Refused, None), "only itself could give");
    assert_eq!(arbiter.take(late, 300, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
}

#[test]
fn spilling_holders_leave_memory_for_long_records() {
    let mut arbiter = Arbiter::new(1600);
    let (pages, sort) = (arbiter.open(None), arbiter.open(Some(100)));
    arbiter.set_pages(pages, 3);
    arbiter.note_run(200);
    assert_eq!(arbiter.take(sort, 1000, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.take(sort, 1, 0, ReserveMode::MayRevoke).0, Verdict::Refused);
    for _ in 0..3 {
        assert_eq!(arbiter.take(pages, 200, 0, ReserveMode::Required).0, Verdict::Granted);
    }
    // The next job may have only short records.
    arbiter.release(sort, 1000);
    arbiter.release(pages, 600);
    [sort, pages].into_iter().for_each(|id| arbiter.close(id));
    assert_eq!(arbiter.longest_run(), 0);
}

#[test]
fn largest_holder_is_asked_to_shrink_to_its_share() {
    let mut arbiter = Arbiter::new(1600);
    let (early, late) = (arbiter.open(Some(100)), arbiter.open(Some(100)));
    assert_eq!(arbiter.take(early, 1400, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.take(late, 100, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.take(late, 100, 0, ReserveMode::MayRevoke), (Verdict::Refused, Some((early, 650))));
    arbiter.release(early, 650);
    assert_eq!(arbiter.take(late, 100, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
}

/// The first member of a group that requests memory leaves as much for the others, except for
/// members that have collected all their rows.
#[test]
fn operator_group_shares_scarce_memory_evenly() {
    let mut arbiter = Arbiter::new(1600);
    let group: Vec<HolderId> = (0..3).map(|_| arbiter.open(Some(100))).collect();
    let other = arbiter.open(Some(100));
    group.iter().for_each(|&id| arbiter.set_operator_group(id, 7));
    for (&id, bytes) in group.iter().zip([200, 200, 50]) {
        assert_eq!(arbiter.take(id, bytes, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    }
    assert_eq!((arbiter.owed_to_group(group[0], 200), arbiter.owed_to_group(other, 200)), (200 + 50, 0));
    let take = |arbiter: &mut Arbiter, id, bytes| {
        let left_for_group = arbiter.owed_to_group(id, bytes);
        arbiter.take(id, bytes, left_for_group, ReserveMode::MayRevoke)
    };
    assert_eq!(take(&mut arbiter, group[0], 700), (Verdict::Refused, None), "the second might double");
    assert_eq!(take(&mut arbiter, group[0], 600).0, Verdict::Granted);
    arbiter.set_revocable(group[0], false);
    assert_eq!(take(&mut arbiter, group[1], 270).0, Verdict::Refused);
    arbiter.set_revocable(group[2], false);
    assert_eq!(take(&mut arbiter, group[1], 270).0, Verdict::Granted, "who collects no more is left nothing");
}

#[test]
fn pinned_holders_have_a_floor_and_request_early() {
    let mut arbiter = Arbiter::new(1600);
    arbiter.reserve_for_pinned(200);
    let (pages, sort) = (arbiter.open(None), arbiter.open(Some(100)));
    assert_eq!(arbiter.take(sort, 1400, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.take(pages, 120, 0, ReserveMode::Required), (Verdict::Granted, None));
    assert_eq!(arbiter.take(pages, 80, 0, ReserveMode::Required), (Verdict::Granted, Some((sort, 100))));
    assert_eq!(arbiter.take(pages, 1, 0, ReserveMode::Required).0, Verdict::Refused);
}

#[test]
fn optional_bytes_do_not_reduce_the_pinned_floor() {
    let mut arbiter = Arbiter::new(1600);
    arbiter.reserve_for_pinned(1400);
    let (encoder, reader) = (arbiter.open(None), arbiter.open(None));
    assert_eq!(arbiter.take(encoder, 300, 0, ReserveMode::Required).0, Verdict::Granted);
    assert_eq!(arbiter.take(encoder, 300, 0, ReserveMode::MayRevoke).0, Verdict::Refused, "the reader has not begun");
    assert_eq!(arbiter.take(encoder, 200, 0, ReserveMode::MayRevoke).0, Verdict::Granted, "what nobody needs");
    assert_eq!(arbiter.take(reader, 1100, 0, ReserveMode::Required).0, Verdict::Granted);
    assert_eq!(arbiter.take(reader, 1, 0, ReserveMode::Required).0, Verdict::Refused);
    // Optional bytes are released first.
    arbiter.release(encoder, 200);
    assert_eq!(arbiter.take(reader, 200, 0, ReserveMode::Required).0, Verdict::Granted);
    arbiter.release(encoder, 300);
    arbiter.release(reader, 1300);
    assert_eq!((arbiter.held(), arbiter.pinned, arbiter.optional), (0, 0, 0));
}

#[test]
fn child_takes_its_minimum_from_the_parent() {
    let mut arbiter = Arbiter::new(1600);
    let parent = arbiter.open(Some(300));
    let (child, other) = (arbiter.open_child(parent, 200), arbiter.open(Some(100)));
    assert_eq!(arbiter.take(parent, 1100, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(
        arbiter.take(parent, 200, 0, ReserveMode::MayRevoke).0,
        Verdict::Refused,
        "the portion's minimum is kept"
    );
    assert_eq!(arbiter.take(child, 200, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.take(other, 100, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.take(other, 200, 0, ReserveMode::MayRevoke), (Verdict::Refused, Some((parent, 600))));
    arbiter.set_revocable(parent, false);
    assert_eq!(
        arbiter.take(other, 200, 0, ReserveMode::MayRevoke),
        (Verdict::Refused, None),
        "nobody else has too much"
    );
    arbiter.release(parent, 1100);
    arbiter.release(child, 200);
    assert_eq!((arbiter.peak_of(parent), arbiter.held()), (1300, 100));
}

#[test]
fn starting_operator_asks_the_largest_holder() {
    let mut arbiter = Arbiter::new(1600);
    let (kept, busy) = (arbiter.open(Some(0)), arbiter.open(Some(300)));
    assert_eq!(arbiter.take(kept, 900, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    arbiter.reserve_for_pinned(200);
    assert_eq!(arbiter.request_for_start(200), None);
    assert_eq!(arbiter.request_for_start(500), Some((kept, 300)));
    // Tasks may be busy. So a holder that needs no task is asked first, even if it holds little.
    let stored = arbiter.open(Some(0));
    arbiter.set_revokes_by_itself(stored);
    assert_eq!(arbiter.take(stored, 50, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.request_for_start(500), Some((stored, 50)));
    arbiter.release(stored, 50);
    assert_eq!(arbiter.request_for_start(500), Some((kept, 300)));
    arbiter.release(kept, 900);
    assert_eq!(arbiter.take(busy, 300, 0, ReserveMode::MayRevoke).0, Verdict::Granted);
    assert_eq!(arbiter.request_for_start(1500), None, "nobody has more than its minimum");
}

proptest! {
    /// For any order of requests: the limit is never exceeded, and minimums are always granted.
    #[test]
    fn minimums_are_always_granted(
        minimums in prop::collection::vec(0usize..200, 1..6),
        steps in prop::collection::vec((0usize..8, 0usize..600, any::<bool>(), prop::sample::select(vec![ReserveMode::Required, ReserveMode::MayRevoke, ReserveMode::BestEffort])), 0..200),
    ) {
        let limit = minimums.iter().sum::<usize>() + 300;
        let mut arbiter = Arbiter::new(limit);
        let kinds = minimums.iter().map(|&minimum| Some(minimum)).chain([None]);
        let holders: Vec<HolderId> = kinds.map(|minimum| arbiter.open(minimum)).collect();
        let mut held = vec![0; holders.len()];
        for (who, bytes, gives, mode) in steps {
            let who = who % holders.len();
            if gives {
                let bytes = bytes.min(held[who]);
                arbiter.release(holders[who], bytes);
                held[who] -= bytes;
            } else {
                let minimum = minimums.get(who);
                let (verdict, request) = arbiter.take(holders[who], bytes, 0, mode);
                prop_assert!(verdict == Verdict::Granted || minimum.is_none_or(|&minimum| held[who] + bytes > minimum));
                if let Some((asked, back)) = request {
                    prop_assert!(asked != holders[who] && back > 0);
                }
                if verdict == Verdict::Granted {
                    held[who] += bytes;
                }
            }
            prop_assert_eq!(arbiter.held(), held.iter().sum::<usize>());
            let kept = held.iter().enumerate().map(|(who, &held)| held.max(minimums.get(who).copied().unwrap_or(0)));
            prop_assert!(kept.sum::<usize>() <= limit, "a minimum could not be had");
        }
    }
}
