//! Checks drawings of random plans.

use proptest::prelude::*;

use super::*;

const SIZES: Sizes = Sizes { box_height: 40.0, gap: 20.0, layer_gap: 50.0, label_width: 50.0, label_height: 10.0 };
const WIDTH: f64 = 100.0;

fn drawn(inputs: &[Vec<usize>], loops: &[Loop]) -> Layout {
    layout(&vec![WIDTH; inputs.len()], inputs, loops, SIZES)
}

/// Operators that read up to three of the operators before them, and sometimes one that is missing.
fn plans() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0..1_000usize, 0..4), 1..60).prop_map(|inputs| {
        let of = |(number, reads): (usize, Vec<usize>)| match number {
            0 => vec![],
            number => reads.into_iter().map(|input| if input > 990 { usize::MAX } else { input % number }).collect(),
        };
        inputs.into_iter().enumerate().map(of).collect()
    })
}

/// A plan with two loops, one after the other. Numbers are those of operators. A body reads
/// operators before it and its own.
fn plans_with_loops() -> impl Strategy<Value = (Vec<Vec<usize>>, Vec<Vec<usize>>)> {
    let part = || prop::collection::vec(prop::collection::vec(0..1_000usize, 1..4), 1..8);
    (part(), part(), part(), part(), part()).prop_map(|(before, first, between, second, after)| {
        let (mut inputs, mut loops) = (Vec::<Vec<usize>>::new(), Vec::new());
        // Operators that operators outside of loops may read: each loop has only its end.
        let mut outside = Vec::new();
        for (part, is_loop) in [(before, false), (first, true), (between, false), (second, true), (after, false)] {
            let begin = inputs.len();
            for reads in part {
                let (number, first) = (inputs.len(), if is_loop { begin } else { 0 });
                let readable: Vec<usize> = match is_loop {
                    // Each operator of a body depends on the loop's beginning.
                    true if number > begin => outside.iter().copied().chain(first..number).collect(),
                    _ => outside.clone(),
                };
                let mut of: Vec<usize> =
                    reads.iter().filter(|_| !readable.is_empty()).map(|read| readable[read % readable.len()]).collect();
                of.extend((is_loop && number > begin).then(|| number - 1));
                inputs.push(of);
                if !is_loop {
                    outside.push(number);
                }
            }
            if is_loop {
                outside.push(inputs.len() - 1);
                loops.push((begin..inputs.len()).collect());
            }
        }
        (inputs, loops)
    })
}

/// The ends of a path's parts.
fn points(path: &str) -> Vec<(f64, f64)> {
    let of_part = |part: &str| {
        let numbers: Vec<f64> = part.split(' ').map(|number| number.parse().unwrap()).collect();
        (numbers[numbers.len() - 2], numbers[numbers.len() - 1])
    };
    path.split(['M', 'C', 'L']).skip(1).map(of_part).collect()
}

fn check(inputs: &[Vec<usize>], drawing: &Layout) -> Result<(), TestCaseError> {
    for (number, &(x, y)) in drawing.boxes.iter().enumerate() {
        prop_assert!(x >= -0.1 && x + WIDTH <= drawing.width + 0.1 && y + SIZES.box_height <= drawing.height + 0.1);
        for &(other_x, other_y) in &drawing.boxes[..number] {
            prop_assert!(y != other_y || (x - other_x).abs() >= WIDTH + SIZES.gap - 0.1);
        }
    }
    let read = inputs.iter().enumerate().flat_map(|(to, reads)| reads.iter().filter(move |&&from| from < to));
    prop_assert_eq!(drawing.lines.len(), read.count());
    for line in &drawing.lines {
        let points = points(&line.path);
        prop_assert!(points.is_sorted_by(|above, below| above.1 <= below.1 + 0.11), "{}", line.path);
        prop_assert!((points[0].1 - drawing.boxes[line.from].1 - SIZES.box_height).abs() < 0.1);
        prop_assert!((points[points.len() - 1].1 - drawing.boxes[line.to].1).abs() < 0.1);
        for &(x, y) in &points[1..points.len() - 1] {
            let is_on = |&&(left, top): &&(f64, f64)| {
                y > top + 0.1 && y < top + SIZES.box_height - 0.1 && x > left + 0.1 && x < left + WIDTH - 0.1
            };
            prop_assert_eq!(drawing.boxes.iter().find(is_on), None, "{}", line.path);
        }
        let (x, y) = line.label;
        let is_on = |&&(left, top): &&(f64, f64)| {
            y + 5.0 > top && y - 5.0 < top + SIZES.box_height && x > left && x < left + WIDTH
        };
        prop_assert_eq!(drawing.boxes.iter().find(is_on), None, "the label of {}", line.path);
    }
    Ok(())
}

proptest! {
    #[test]
    fn boxes_do_not_touch_and_no_line_crosses_one(inputs in plans()) {
        check(&inputs, &drawn(&inputs, &[]))?;
    }

    #[test]
    fn frame_contains_only_the_operators_of_its_loop((inputs, members) in plans_with_loops()) {
        let loops: Vec<Loop> = members
            .iter()
            .map(|members| {
                let (begin, end) = (members[0], members[members.len() - 1]);
                Loop { members: members.clone(), end, ways_back: vec![(0, begin)] }
            })
            .collect();
        let drawing = drawn(&inputs, &loops);
        check(&inputs, &drawing)?;
        for (members, frame) in members.iter().zip(&drawing.frames) {
            let (left, top) = frame.corner;
            for (number, &(x, y)) in drawing.boxes.iter().enumerate() {
                let is_inside = x >= left - 0.1
                    && x + WIDTH <= left + frame.width + 0.1
                    && y >= top - 0.1
                    && y + SIZES.box_height <= top + frame.height + 0.1;
                let is_outside = x + WIDTH <= left + 0.1
                    || x >= left + frame.width - 0.1
                    || y + SIZES.box_height <= top + 0.1
                    || y >= top + frame.height - 0.1;
                let fits = if members.contains(&number) { is_inside } else { is_outside };
                prop_assert!(fits, "{number} at {x} {y}, the frame at {left} {top} with {} {}", frame.width, frame.height);
            }
        }
    }
}

#[test]
fn tree_is_centred_above_its_root_without_crossings() {
    // Two reads, a filter after the second one, a join, and its result.
    let drawing = drawn(&[vec![], vec![], vec![1], vec![0, 2], vec![3]], &[]);
    assert_eq!(drawing.boxes, [(0.0, 90.0), (120.0, 0.0), (120.0, 90.0), (60.0, 180.0), (60.0, 270.0)]);
    assert_eq!((drawing.width, drawing.height), (220.0, 310.0));
}

#[test]
fn loop_frame_has_its_line_back_at_the_right() {
    // A read, the beginning, body and end of a loop, and a result.
    let ways_back = vec![(0, 1)];
    let drawing =
        drawn(&[vec![], vec![0], vec![1], vec![2], vec![3]], &[Loop { members: vec![1, 2, 3], end: 3, ways_back }]);
    let [frame] = &drawing.frames[..] else { panic!("one loop has one frame") };
    let (read, begin, end, result) = (drawing.boxes[0], drawing.boxes[1], drawing.boxes[3], drawing.boxes[4]);
    assert!(read.1 + SIZES.box_height < frame.corner.1 && frame.corner.1 + frame.height < result.1);
    assert!([read.0, end.0, result.0].iter().all(|x| (x - begin.0).abs() < 0.1), "a chain is straight");
    let way = &frame.ways_back[0];
    assert!(way.path.starts_with(&format!("M{:.1} {:.1}", end.0 + WIDTH, end.1 + 20.0)), "{}", way.path);
    assert!(way.path.contains(&format!("H{:.1}M", begin.0 + WIDTH + 1.0)), "{}", way.path);
    assert!(way.path.contains(&format!("L{:.1} {:.1}L", begin.0 + WIDTH + 1.0, begin.1 + 20.0)), "{}", way.path);
    assert!(way.label.0 > begin.0 + WIDTH && way.label.0 < frame.corner.0 + frame.width);
}

#[test]
fn many_operators_are_drawn_fast() {
    let started = std::time::Instant::now();
    let chain: Vec<Vec<usize>> = (0..20_000usize).map(|number| number.checked_sub(1).into_iter().collect()).collect();
    assert_eq!(drawn(&chain, &[]).lines.len(), 19_999);
    let fan: Vec<Vec<usize>> =
        (0..20_000usize).map(|number| if number == 0 { vec![] } else { vec![0, number / 2] }).collect();
    drawn(&fan, &[]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
