use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000_000;

fn offered(alignment: &mut Alignment, input: usize, control: Control) -> Vec<Control> {
    alignment.offer(input, control).unwrap().into_vec()
}

#[test]
fn a_cut_passes_when_all_have_said_it_and_holds_who_said_it_before() {
    for cut in [Control::Barrier(1), Control::RoundEnd(1)] {
        let mut two = Alignment::of(2);
        assert_eq!(offered(&mut two, 1, cut), []);
        assert!(two.is_held(1) && !two.is_held(0));
        assert_eq!(offered(&mut two, 0, cut), [cut]);
        assert!(!two.is_held(1) && !two.is_held(0));
    }
}

#[test]
fn who_has_ended_is_waited_for_by_nobody() {
    let mut three = Alignment::of(3);
    assert_eq!(offered(&mut three, 0, Control::End), []);
    assert_eq!(offered(&mut three, 1, Control::Watermark(MINUTE)), []);
    assert_eq!(offered(&mut three, 1, Control::Barrier(7)), []);
    // Input 2, which held up the others, ends. Time and cut are now those of input 1.
    assert_eq!(offered(&mut three, 2, Control::End), [Control::Watermark(MINUTE), Control::Barrier(7)]);
    assert!(three.is_held(2) && !three.has_ended());
    assert_eq!(offered(&mut three, 1, Control::End), [Control::End]);
    assert!(three.has_ended());
}

#[test]
fn event_time_is_that_of_the_last_and_leaves_idle_inputs_out() {
    let mut two = Alignment::of(2);
    assert_eq!(offered(&mut two, 0, Control::Watermark(5)), []);
    assert_eq!(offered(&mut two, 1, Control::Watermark(3)), [Control::Watermark(3)]);
    assert_eq!(offered(&mut two, 1, Control::Idle), [Control::Watermark(5)]);
    // Input 1 has rows again with a lower watermark. The merged watermark does not go back.
    assert_eq!(two.rows(1), None);
    assert_eq!(offered(&mut two, 0, Control::Watermark(9)), []);
    assert_eq!(offered(&mut two, 0, Control::Idle), []);
    assert_eq!(offered(&mut two, 1, Control::Idle), [Control::Idle]);
    // Receivers must learn that rows may follow, even if filters drop all of them.
    assert_eq!(two.rows(0), Some(Control::Watermark(9)));
    assert_eq!(two.rows(0), None);
}

/// A union of an endless and a finite input: windows are emitted after the finite one has ended.
#[test]
fn event_time_does_not_wait_for_an_input_at_the_end_of_its_round() {
    let (mut two, round) = (Alignment::of(2), Control::RoundEnd(1));
    assert_eq!(offered(&mut two, 0, Control::Watermark(5)), []);
    assert_eq!(offered(&mut two, 1, round), [Control::Watermark(5)]);
    assert_eq!(offered(&mut two, 0, Control::Watermark(9)), [Control::Watermark(9)]);
    assert_eq!(offered(&mut two, 0, round), [round]);
    assert_eq!(offered(&mut two, 1, Control::End), []);
    assert_eq!(offered(&mut two, 0, Control::End), [Control::End]);
}

#[test]
fn other_cuts_and_words_of_who_is_held_are_errors() {
    let mut two = Alignment::of(2);
    offered(&mut two, 0, Control::Barrier(1));
    assert!(two.offer(0, Control::Watermark(1)).is_err());
    assert!(two.offer(1, Control::Barrier(2)).is_err());
    let mut two = Alignment::of(2);
    offered(&mut two, 0, Control::RoundEnd(1));
    assert!(two.offer(1, Control::RoundEnd(2)).is_err());
}

/// One source ends, and the others continue to take snapshots.
#[test]
fn a_barrier_does_not_wait_for_an_input_at_the_end_of_its_round() {
    let (mut three, round) = (Alignment::of(3), Control::RoundEnd(1));
    assert_eq!(offered(&mut three, 0, Control::Barrier(1)), []);
    assert_eq!(offered(&mut three, 1, round), []);
    assert_eq!(offered(&mut three, 2, Control::Barrier(1)), [Control::Barrier(1)]);
    // It is still held: the other inputs have not ended their round.
    assert!(three.is_held(1) && !three.is_held(0) && !three.is_held(2));
    assert_eq!(offered(&mut three, 0, round), []);
    assert_eq!(offered(&mut three, 2, Control::Barrier(2)), [Control::Barrier(2)]);
    assert_eq!(offered(&mut three, 2, round), [round]);
    assert!((0..3).all(|input| !three.is_held(input)));
}

/// An item of an input. Rows know the number of cuts before them.
#[derive(Clone, Copy, Debug)]
enum Said {
    Rows { cuts_before: usize },
    Control(Control),
}

/// Inputs that send the same cuts, until some of them end early.
fn inputs() -> impl Strategy<Value = Vec<VecDeque<Said>>> {
    let cuts = prop::collection::vec(any::<bool>(), 0..6);
    (cuts, 1..5usize).prop_flat_map(|(cuts, inputs)| prop::collection::vec(input(cuts), inputs))
}

fn input(cuts: Vec<bool>) -> impl Strategy<Value = VecDeque<Said>> {
    let between = prop::collection::vec(prop::collection::vec(0..4u8, 0..4), cuts.len() + 1);
    (between, 0..=cuts.len(), any::<bool>()).prop_map(move |(between, lasts, ends_early)| {
        let lasts = if ends_early { lasts } else { cuts.len() };
        let mut said = VecDeque::new();
        let (mut rounds, mut time) = (0, 0);
        for (number, between) in between.iter().enumerate().take(lasts + 1) {
            for &what in between {
                time += i64::from(what);
                said.push_back(match what {
                    0 => Said::Control(Control::Idle),
                    1 => Said::Control(Control::Watermark(time)),
                    _ => Said::Rows { cuts_before: number },
                });
            }
            if number < lasts {
                rounds += u32::from(cuts[number]);
                let barrier = Control::Barrier(number as u64);
                said.push_back(Said::Control(if cuts[number] { Control::RoundEnd(rounds) } else { barrier }));
            }
        }
        said.push_back(Said::Control(Control::End));
        said
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
    fn any_schedule_cuts_all_inputs_alike_and_comes_to_an_end(said in inputs(), seed in any::<u64>()) {
        let (mut left, mut turn) = (said.clone(), seed);
        let mut alignment = Alignment::of(said.len());
        let mut times = vec![Time::Known(i64::MIN); said.len()];
        let mut at_round_end = vec![false; said.len()];
        let (mut passed, mut latest) = (Vec::new(), i64::MIN);
        while !alignment.has_ended() {
            let open: Vec<usize> = (0..said.len()).filter(|&input| !alignment.is_held(input)).collect();
            prop_assert!(!open.is_empty(), "all are held");
            turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let input = open[(turn >> 33) as usize % open.len()];
            let news = match left[input].pop_front().unwrap() {
                Said::Rows { cuts_before } => {
                    let cuts = passed.iter().filter(|control| is_cut(control)).count();
                    prop_assert_eq!(cuts, cuts_before, "rows came before or behind a cut that is not theirs");
                    if let Time::Idle = times[input] {
                        // Its last watermark before it was idle counts again.
                        times[input] = Time::Known(said_time(&said[input], &left[input]));
                    }
                    alignment.rows(input).into_iter().collect()
                }
                Said::Control(control) => {
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
            if news.iter().any(|control| matches!(control, Control::RoundEnd(_))) {
                at_round_end.fill(false);
                pass_time(&at_round_end);
            }
            passed.extend(news);
            let heard = passed.iter().rev().find_map(|control| if let Control::Watermark(micros) = control { Some(*micros) } else { None });
            prop_assert_eq!(heard.unwrap_or(i64::MIN), latest, "event time of all inputs");
        }
        // Each cut that any input sent passes once, in order.
        let mut longest: Vec<Control> = Vec::new();
        for input in &said {
            let cuts = input.iter().filter_map(|said| if let Said::Control(control) = said { Some(*control) } else { None });
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
fn said_time(all: &VecDeque<Said>, left: &VecDeque<Said>) -> i64 {
    let heard = all.iter().take(all.len() - left.len()).rev();
    let last = heard
        .filter_map(|said| if let Said::Control(Control::Watermark(micros)) = said { Some(*micros) } else { None });
    last.max().unwrap_or(i64::MIN)
}

#[test]
fn rounds_do_not_wait_for_who_is_fed_once_and_barriers_do() {
    let mut two = Alignment::of(2);
    assert_eq!(offered(&mut two, 0, Control::RoundEnd(1)), []);
    assert_eq!(two.is_fed(1).unwrap(), Some(Control::RoundEnd(1)));
    assert_eq!(offered(&mut two, 0, Control::RoundEnd(2)), [Control::RoundEnd(2)]);
    assert_eq!(offered(&mut two, 0, Control::Barrier(1)), []);
    assert_eq!(offered(&mut two, 1, Control::Barrier(1)), [Control::Barrier(1)]);
    assert_eq!(offered(&mut two, 0, Control::End), []);
    assert_eq!(offered(&mut two, 1, Control::End), [Control::End]);
}
