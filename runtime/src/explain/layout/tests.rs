//! Drawings of random plans.

use proptest::prelude::*;

use super::*;

const SIZES: Sizes =
    Sizes { box_width: 100.0, box_height: 40.0, gap: 20.0, layer_gap: 50.0, label_width: 50.0, label_height: 10.0 };

/// Operators that read up to three of those before them, and one that there is not.
fn plans() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0..1_000usize, 0..4), 1..60).prop_map(|inputs| {
        let of = |(number, reads): (usize, Vec<usize>)| match number {
            0 => vec![],
            number => reads.into_iter().map(|input| if input > 990 { usize::MAX } else { input % number }).collect(),
        };
        inputs.into_iter().enumerate().map(of).collect()
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

proptest! {
    #[test]
    fn boxes_stand_apart_and_no_line_crosses_one(inputs in plans()) {
        let drawing = layout(&inputs, SIZES);
        for (number, &(x, y)) in drawing.boxes.iter().enumerate() {
            prop_assert!(x >= -0.1 && x + SIZES.box_width <= drawing.width + 0.1 && y + SIZES.box_height <= drawing.height);
            for &(other_x, other_y) in &drawing.boxes[..number] {
                prop_assert!(y != other_y || (x - other_x).abs() >= SIZES.box_width + SIZES.gap - 0.1);
            }
        }
        let read = inputs.iter().enumerate().flat_map(|(to, reads)| reads.iter().filter(move |&&from| from < to));
        prop_assert_eq!(drawing.lines.len(), read.count());
        for line in &drawing.lines {
            let points = points(&line.path);
            prop_assert!(points.is_sorted_by(|above, below| above.1 < below.1), "{}", line.path);
            prop_assert_eq!(points[0].1, drawing.boxes[line.from].1 + SIZES.box_height);
            prop_assert_eq!(points[points.len() - 1].1, drawing.boxes[line.to].1);
            for &(x, y) in &points[1..points.len() - 1] {
                let is_on = |&&(left, top): &&(f64, f64)| (top..=top + SIZES.box_height).contains(&y) && (left..=left + SIZES.box_width).contains(&x);
                prop_assert_eq!(drawing.boxes.iter().find(is_on), None);
            }
            let (_, y) = line.label;
            prop_assert!(drawing.boxes.iter().all(|(_, top)| y + 5.0 <= *top || y - 5.0 >= top + SIZES.box_height));
        }
    }
}

#[test]
fn a_tree_stands_evenly_above_its_root_without_crossings() {
    // Two reads and a filter behind the second; a join; its result.
    let drawing = layout(&[vec![], vec![], vec![1], vec![0, 2], vec![3]], SIZES);
    assert_eq!(drawing.boxes, [(0.0, 90.0), (120.0, 0.0), (120.0, 90.0), (60.0, 180.0), (60.0, 270.0)]);
    assert_eq!((drawing.width, drawing.height), (220.0, 310.0));
}

#[test]
fn many_operators_are_drawn_soon() {
    let started = std::time::Instant::now();
    let chain: Vec<Vec<usize>> = (0..20_000usize).map(|number| number.checked_sub(1).into_iter().collect()).collect();
    assert_eq!(layout(&chain, SIZES).lines.len(), 19_999);
    let fan: Vec<Vec<usize>> =
        (0..20_000usize).map(|number| if number == 0 { vec![] } else { vec![0, number / 2] }).collect();
    layout(&fan, SIZES);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
