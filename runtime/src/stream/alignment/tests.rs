use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000_000;

fn aligned_controls(alignment: &mut Alignment, input: usize, control: Control) -> Vec<Control> {
    alignment.offer(input, control).unwrap().into_vec()
}

#[test]
fn a_cut_holds_its_inputs_until_all_have_sent_it() {
    for cut in [Control::Barrier(1), Control::RoundEnd(1)] {
        let mut two = Alignment::new(2);
        assert_eq!(aligned_controls(&mut two, 1, cut), []);
        assert!(two.is_held(1) && !two.is_held(0));
        assert_eq!(aligned_controls(&mut two, 0, cut), [cut]);
        assert!(!two.is_held(1) && !two.is_held(0));
    }
}

#[test]
fn alignment_does_not_wait_for_ended_inputs() {
    let mut three = Alignment::new(3);
    assert_eq!(aligned_controls(&mut three, 0, Control::End), []);
    assert_eq!(aligned_controls(&mut three, 1, Control::Watermark(MINUTE)), []);
    assert_eq!(aligned_controls(&mut three, 1, Control::Barrier(7)), []);
    // Input 2, which held up the others, ends. Time and cut are now those of input 1.
    assert_eq!(aligned_controls(&mut three, 2, Control::End), [Control::Watermark(MINUTE), Control::Barrier(7)]);
    assert!(three.is_held(2) && !three.has_ended());
    assert_eq!(aligned_controls(&mut three, 1, Control::End), [Control::End]);
    assert!(three.has_ended());
}

#[test]
fn event_time_is_the_minimum_of_active_inputs() {
    let mut two = Alignment::new(2);
    assert_eq!(aligned_controls(&mut two, 0, Control::Watermark(5)), []);
    assert_eq!(aligned_controls(&mut two, 1, Control::Watermark(3)), [Control::Watermark(3)]);
    assert_eq!(aligned_controls(&mut two, 1, Control::Idle), [Control::Watermark(5)]);
    // Input 1 has rows again with a lower watermark. The merged watermark does not go back.
    assert_eq!(two.rows_received(1), None);
    assert_eq!(aligned_controls(&mut two, 0, Control::Watermark(9)), []);
    assert_eq!(aligned_controls(&mut two, 0, Control::Idle), []);
    assert_eq!(aligned_controls(&mut two, 1, Control::Idle), [Control::Idle]);
    // Receivers must learn that rows may follow, even if filters drop all of them.
    assert_eq!(two.rows_received(0), Some(Control::Watermark(9)));
    assert_eq!(two.rows_received(0), None);
}

/// A union of an endless and a finite input: windows are emitted after the finite one has ended.
#[test]
fn event_time_ignores_inputs_at_their_round_end() {
    let (mut two, round) = (Alignment::new(2), Control::RoundEnd(1));
    assert_eq!(aligned_controls(&mut two, 0, Control::Watermark(5)), []);
    assert_eq!(aligned_controls(&mut two, 1, round), [Control::Watermark(5)]);
    assert_eq!(aligned_controls(&mut two, 0, Control::Watermark(9)), [Control::Watermark(9)]);
    assert_eq!(aligned_controls(&mut two, 0, round), [round]);
    assert_eq!(aligned_controls(&mut two, 1, Control::End), []);
    assert_eq!(aligned_controls(&mut two, 0, Control::End), [Control::End]);
}

#[test]
fn differing_cuts_and_items_of_held_inputs_are_errors() {
    let mut two = Alignment::new(2);
    aligned_controls(&mut two, 0, Control::Barrier(1));
    assert!(two.offer(0, Control::Watermark(1)).is_err());
    assert!(two.offer(1, Control::Barrier(2)).is_err());
    let mut two = Alignment::new(2);
    aligned_controls(&mut two, 0, Control::RoundEnd(1));
    assert!(two.offer(1, Control::RoundEnd(2)).is_err());
}

/// One source ends, and the others continue to take snapshots.
#[test]
fn barriers_do_not_wait_for_inputs_at_their_round_end() {
    let (mut three, round) = (Alignment::new(3), Control::RoundEnd(1));
    assert_eq!(aligned_controls(&mut three, 0, Control::Barrier(1)), []);
    assert_eq!(aligned_controls(&mut three, 1, round), []);
    assert_eq!(aligned_controls(&mut three, 2, Control::Barrier(1)), [Control::Barrier(1)]);
    // It is still held: the other inputs have not ended their round.
    assert!(three.is_held(1) && !three.is_held(0) && !three.is_held(2));
    assert_eq!(aligned_controls(&mut three, 0, round), []);
    assert_eq!(aligned_controls(&mut three, 2, Control::Barrier(2)), [Control::Barrier(2)]);
    assert_eq!(aligned_controls(&mut three, 2, round), [round]);
    assert!((0..3).all(|input| !three.is_held(input)));
}

/// An item of an input. Rows know the number of cuts before them.
#[derive(Clone, Copy, Debug)]
enum Sent {
    Rows { cuts_before: usize },
    Control(Control),
}

/// Inputs that send the same cuts, until some of them end early.
fn inputs() -> impl Strategy<Value = Vec<VecDeque<Sent>>> {
    let cuts = prop::collection::vec(any::<bool>(), 0..6);
    (cuts, 1..5usize).prop_flat_map(|(cuts, inputs)| prop::collection::vec(input(cuts), inputs))
}

fn input(cuts: Vec<bool>) -> impl Strategy<Value = VecDeque<Sent>> {
    let between = prop::collection::vec(prop::collection::vec(0..4u8, 0..4), cuts.len() + 1);
    (between, 0..=cuts.len(), any::<bool>()).prop_map(move |(between, lasts, ends_early)| {
        let lasts = if ends_early { lasts } else { cuts.len() };
        let mut sent = VecDeque::new();
        let (mut rounds, mut time) = (0, 0);
        for (number, between) in between.iter().enumerate().take(lasts + 1) {
            for &kind in between {
                time += i64::from(kind);
                sent.push_back(match kind {
                    0 => Sent::Control(Control::Idle),
                    1 => Sent::Control(Control::Watermark(time)),
                    _ => Sent::Rows { cuts_before: number },
                });
            }
            if number < lasts {
                rounds += u32::from(cuts[number]);
                let barrier = Control::Barrier(number as u64);
                sent.push_back(Sent::Control(if cuts[number] { Control::RoundEnd(rounds) } else { barrier }));
            }
        }
        sent.push_back(Sent::Control(Control::End));
        sent
    })
}

/// A model of event time: the last event-time control of an input.
#[derive(Clone, Copy)]
enum Time {
    Known(i64),
    Idle,
    Ended,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// The order in which inputs are received is random.
    #[test]
    fn any_schedule_aligns_all_cuts_and_ends(sent in inputs(), seed in any::<u64>()) {
        let (mut left, mut turn) = (sent.clone(), seed);
        let mut alignment = Alignment::new(sent.len());
        let mut times = vec![Time::Known(i64::MIN); sent.len()];
        let mut at_round_end = vec![false; sent.len()];
        let (mut passed, mut latest) = (Vec::new(), i64::MIN);
        while !alignment.has_ended() {
            let open: Vec<usize> = (0..sent.len()).filter(|&input| !alignment.is_held(input)).collect();
            prop_assert!(!open.is_empty(), "all are held");
            turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let input = open[(turn >> 33) as usize % open.len()];
            let aligned = match left[input].pop_front().unwrap() {
                Sent::Rows { cuts_before } => {
                    let cuts = passed.iter().filter(|control| is_cut(control)).count();
                    prop_assert_eq!(cuts, cuts_before, "rows came before or behind a cut that is not theirs");
                    if let Time::Idle = times[input] {
                        // Its last watermark before it was idle counts again.
                        times[input] = Time::Known(last_watermark(&sent[input], &left[input]));
                    }
                    alignment.rows_received(input).into_iter().collect()
                }
                Sent::Control(control) => {
                    match control {
                        Control::Watermark(micros) => times[input] = Time::Known(micros),
                        Control::Idle => times[input] = Time::Idle,
                        Control::End => times[input] = Time::Ended,
                        Control::RoundEnd(_) => at_round_end[input] = true,
                        Control::Barrier(_) => {}
                    }
                    alignment.offer(input, control).unwrap()
                }
            };
            let mut pass_time = |at_round_end: &[bool]| {
                let known = times.iter().zip(at_round_end).filter(|&(_, at_end)| !at_end);
                let known = known.filter_map(|(time, _)| if let Time::Known(micros) = time { Some(*micros) } else { None });
                latest = known.min().map_or(latest, |least| latest.max(least));
            };
            pass_time(&at_round_end);
            if aligned.iter().any(|control| matches!(control, Control::RoundEnd(_))) {
                at_round_end.fill(false);
                pass_time(&at_round_end);
            }
            passed.extend(aligned);
            let received = passed.iter().rev().find_map(|control| if let Control::Watermark(micros) = control { Some(*micros) } else { None });
            prop_assert_eq!(received.unwrap_or(i64::MIN), latest, "event time of all inputs");
        }
        // Each cut that any input sent passes once, in order.
        let mut longest: Vec<Control> = Vec::new();
        for input in &sent {
            let cuts = input.iter().filter_map(|sent| if let Sent::Control(control) = sent { Some(*control) } else { None });
            let cuts: Vec<Control> = cuts.filter(is_cut).collect();
            longest = if cuts.len() > longest.len() { cuts } else { longest };
        }
        prop_assert_eq!(passed.iter().copied().filter(is_cut).collect::<Vec<_>>(), longest);
        prop_assert_eq!(passed.last(), Some(&Control::End));
    }
}

fn is_cut(control: &Control) -> bool {
    matches!(control, Control::RoundEnd(_) | Control::Barrier(_))
}

/// The last watermark that was received from an input.
fn last_watermark(all: &VecDeque<Sent>, left: &VecDeque<Sent>) -> i64 {
    let received = all.iter().take(all.len() - left.len()).rev();
    let last = received
        .filter_map(|sent| if let Sent::Control(Control::Watermark(micros)) = sent { Some(*micros) } else { None });
    last.max().unwrap_or(i64::MIN)
}

#[test]
fn only_barriers_wait_for_inputs_with_one_round() {
    let mut two = Alignment::new(2);
    assert_eq!(aligned_controls(&mut two, 0, Control::RoundEnd(1)), []);
    assert_eq!(two.end_only_round(1).unwrap(), Some(Control::RoundEnd(1)));
    assert_eq!(aligned_controls(&mut two, 0, Control::RoundEnd(2)), [Control::RoundEnd(2)]);
    assert_eq!(aligned_controls(&mut two, 0, Control::Barrier(1)), []);
    assert_eq!(aligned_controls(&mut two, 1, Control::Barrier(1)), [Control::Barrier(1)]);
    assert_eq!(aligned_controls(&mut two, 0, Control::End), []);
    assert_eq!(aligned_controls(&mut two, 1, Control::End), [Control::End]);
}
