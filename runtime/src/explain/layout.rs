//! Places of the boxes and lines of a plan's drawing: sources above, results below.
//!
//! A loop is drawn by itself, and stands in a frame among the operators outside. Lines from outside
//! enter the frame from above, and the loop's result leaves it below. The way back to the next
//! round goes up at the frame's right side.

mod layers;

use layers::{Drawing, Edge, Node, Place};

/// The sizes of a drawing, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) box_height: f64,
    /// From one box to the next in a layer.
    pub(super) gap: f64,
    /// From one layer to the next.
    pub(super) layer_gap: f64,
    pub(super) label_width: f64,
    pub(super) label_height: f64,
}

/// The room between a frame and its boxes.
const PADDING: f64 = 20.0;

/// A loop among the operators that are drawn.
pub(super) struct Loop {
    /// The operators in it, by their numbers.
    pub(super) members: Vec<usize>,
    /// The last of them: its result leaves the loop.
    pub(super) end: usize,
    /// The inputs of the end whose rows go back, each with the operator that they go to.
    pub(super) ways_back: Vec<(usize, usize)>,
}

/// A drawing.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The upper left corner of each box.
    pub(super) boxes: Vec<(f64, f64)>,
    /// The lines, in the order of the boxes that they go to, and of their inputs.
    pub(super) lines: Vec<Line>,
    /// The frame of each loop.
    pub(super) frames: Vec<Frame>,
}

/// A line from a box to one below.
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The number of the input.
    pub(super) input: usize,
    /// As an SVG path.
    pub(super) path: String,
    /// The centre of its label.
    pub(super) label: (f64, f64),
}

/// The frame of a loop.
pub(super) struct Frame {
    /// Its upper left corner.
    pub(super) corner: (f64, f64),
    pub(super) width: f64,
    pub(super) height: f64,
    /// In the order of [`Loop::ways_back`].
    pub(super) ways_back: Vec<WayBack>,
}

/// A line from the end of a loop to a box above.
pub(super) struct WayBack {
    /// As an SVG path.
    pub(super) path: String,
    /// The centre of its label.
    pub(super) label: (f64, f64),
}

/// The drawing of operators of these widths. Each reads operators with a smaller number; other
/// inputs are not drawn. Operators outside of a loop read no member but its end.
pub(super) fn layout(widths: &[f64], inputs: &[Vec<usize>], loops: &[Loop], sizes: Sizes) -> Layout {
    let mut loop_of = vec![None; inputs.len()];
    for (number, of) in loops.iter().enumerate() {
        of.members.iter().for_each(|&member| loop_of[member] = Some(number));
    }
    let plan = Plan { widths, inputs, loop_of: &loop_of, sizes };
    let frames: Vec<Inside> = loops.iter().map(|of| plan.inside(of)).collect();
    plan.outside(loops, frames)
}

/// A line's source, target and input.
type Read = (usize, usize, usize);

struct Plan<'p> {
    widths: &'p [f64],
    inputs: &'p [Vec<usize>],
    /// The loop of each operator.
    loop_of: &'p [Option<usize>],
    sizes: Sizes,
}

/// A loop's drawing, from the upper left corner of its frame.
struct Inside {
    width: f64,
    height: f64,
    boxes: Vec<(usize, (f64, f64))>,
    lines: Vec<(Read, layers::Course)>,
    /// The lines that come from outside, each with its course in the frame.
    entering: Vec<(Read, Vec<(f64, f64)>)>,
    /// The middle of the end's box.
    exit_x: f64,
    ways_back: Vec<WayUp>,
}

/// A line that leaves a box at its right side, goes up, and ends at the right side of another.
struct WayUp {
    from: (f64, f64),
    x: f64,
    to: (f64, f64),
}

impl Plan<'_> {
    fn node(&self, operator: usize, place: Place) -> Node {
        Node { width: self.widths[operator], height: self.sizes.box_height, place }
    }

    /// The lines to an operator.
    fn reads(&self, to: usize) -> impl Iterator<Item = Read> {
        self.inputs[to]
            .iter()
            .enumerate()
            .filter(move |&(_, &from)| from < to)
            .map(move |(input, &from)| (from, to, input))
    }

    /// Draws a loop. A line from outside begins at a vertex of its own, without height, in the
    /// uppermost layer.
    fn inside(&self, of: &Loop) -> Inside {
        let mut members = of.members.clone();
        members.sort_unstable();
        let reads: Vec<Read> = members.iter().flat_map(|&to| self.reads(to)).collect();
        let is_member = |operator: usize| members.binary_search(&operator).is_ok();
        let entering: Vec<Read> = reads.iter().copied().filter(|&(from, ..)| !is_member(from)).collect();
        let number = |operator: usize| entering.len() + members.binary_search(&operator).unwrap_or(0);
        let entry = |_: &Read| Node { width: 2.0 * PADDING, height: 0.0, place: Place::Top };
        let is_target = |operator: usize| of.ways_back.iter().any(|&(_, to)| to == operator);
        let member =
            |&operator: &usize| self.node(operator, if is_target(operator) { Place::Right } else { Place::Any });
        let nodes: Vec<Node> = entering.iter().map(entry).chain(members.iter().map(member)).collect();
        let mut entered = 0..entering.len();
        let edge = |&(from, to, _): &Read| {
            let from = if is_member(from) { number(from) } else { entered.next().unwrap_or(0) };
            Edge { from, to: number(to), from_x: None, to_x: None }
        };
        let edges: Vec<Edge> = reads.iter().map(edge).collect();
        let Drawing { width, height, corners, courses } = layers::draw(&nodes, &edges, self.sizes);
        let shifted = |(x, y): (f64, f64)| (x + PADDING, y);
        let corner = |operator: usize| shifted(corners[number(operator)]);
        let mut inside = Inside {
            width: width + PADDING + of.ways_back.len() as f64 * self.lane() + PADDING,
            height: height + PADDING,
            boxes: members.iter().map(|&member| (member, corner(member))).collect(),
            lines: Vec::new(),
            entering: Vec::new(),
            exit_x: corner(of.end).0 + self.widths[of.end] / 2.0,
            ways_back: Vec::new(),
        };
        for (read, mut course) in reads.into_iter().zip(courses) {
            course.points.iter_mut().for_each(|point| *point = shifted(*point));
            course.label = shifted(course.label);
            if is_member(read.0) {
                inside.lines.push((read, course));
            } else {
                inside.entering.push((read, course.points));
            }
        }
        let (right, middle) = (shifted((width, 0.0)).0, self.sizes.box_height / 2.0);
        let edge_of = |operator: usize| {
            let (x, y) = corner(operator);
            (x + self.widths[operator], y + middle)
        };
        // The way that goes furthest up is the outermost.
        let mut by_height: Vec<usize> = (0..of.ways_back.len()).collect();
        by_height.sort_by(|&left, &right| {
            let top = |way: usize| edge_of(of.ways_back[way].1).1;
            top(right).total_cmp(&top(left))
        });
        let way_back = |number: usize| {
            let lane = by_height.iter().position(|&way| way == number).unwrap_or(0) as f64;
            let x = right + (lane + 0.5) * self.lane();
            let (from, to) = (edge_of(of.end), edge_of(of.ways_back[number].1));
            // Ways that leave the end together leave it side by side.
            let from = (from.0, from.1 + 12.0 * (lane - (by_height.len() - 1) as f64 / 2.0));
            WayUp { from, x, to }
        };
        inside.ways_back = (0..of.ways_back.len()).map(way_back).collect();
        inside
    }

    /// The room of a way back: it has a label.
    fn lane(&self) -> f64 {
        self.sizes.label_width + 8.0
    }

    /// Draws the operators outside of loops, each loop as one vertex.
    fn outside(&self, loops: &[Loop], frames: Vec<Inside>) -> Layout {
        // A loop has the place of its end in the order of operators: all that it reads comes
        // before.
        let is_drawn = |operator: usize| self.loop_of[operator].is_none_or(|of| loops[of].end == operator);
        let drawn: Vec<usize> = (0..self.inputs.len()).filter(|&operator| is_drawn(operator)).collect();
        let number = |operator: usize| {
            let operator = self.loop_of[operator].map_or(operator, |of| loops[of].end);
            drawn.binary_search(&operator).unwrap_or(0)
        };
        let node = |&operator: &usize| match self.loop_of[operator] {
            None => self.node(operator, Place::Any),
            Some(of) => Node { width: frames[of].width, height: frames[of].height, place: Place::Any },
        };
        let nodes: Vec<Node> = drawn.iter().map(node).collect();
        // The lines in the order of their targets; those that enter a loop have a fixed end.
        let exit_of = |from: usize| self.loop_of[from].map(|of| frames[of].exit_x - frames[of].width / 2.0);
        let mut edges: Vec<(Read, Edge)> = Vec::new();
        for &operator in &drawn {
            let mut push = |read: Read, to_x: Option<f64>| {
                let (from, to) = (number(read.0), number(read.1));
                edges.push((read, Edge { from, to, from_x: exit_of(read.0), to_x }));
            };
            match self.loop_of[operator] {
                None => self.reads(operator).for_each(|read| push(read, None)),
                Some(of) => {
                    let Inside { entering, width, .. } = &frames[of];
                    entering.iter().for_each(|(read, points)| push(*read, Some(points[0].0 - width / 2.0)));
                }
            }
        }
        let of_layers: Vec<Edge> = edges.iter().map(|&(_, edge)| edge).collect();
        let Drawing { width, height, corners, courses } = layers::draw(&nodes, &of_layers, self.sizes);
        let mut boxes = vec![(0.0, 0.0); self.inputs.len()];
        drawn.iter().zip(&corners).for_each(|(&operator, &corner)| boxes[operator] = corner);
        let mut courses: Vec<(Read, layers::Course)> = edges.into_iter().map(|(read, _)| read).zip(courses).collect();
        let mut framed = Vec::new();
        for (inside, of) in frames.into_iter().zip(loops) {
            let corner = corners[number(of.end)];
            let moved = |(x, y): (f64, f64)| (x + corner.0, y + corner.1);
            inside.boxes.iter().for_each(|&(member, place)| boxes[member] = moved(place));
            for (read, mut course) in inside.lines {
                course.points.iter_mut().for_each(|point| *point = moved(*point));
                course.label = moved(course.label);
                courses.push((read, course));
            }
            for (read, points) in inside.entering {
                if let Some((_, course)) = courses.iter_mut().find(|(other, _)| *other == read) {
                    // The line goes on where it meets the frame.
                    course.points.pop();
                    course.points.extend(points.into_iter().skip(1).map(moved));
                }
            }
            let way_back = |way: WayUp| WayUp { from: moved(way.from), x: way.x + corner.0, to: moved(way.to) }.drawn();
            let ways_back = inside.ways_back.into_iter().map(way_back).collect();
            framed.push(Frame { corner, width: inside.width, height: inside.height, ways_back });
        }
        for ((from, ..), course) in &mut courses {
            // A loop's result comes from its last box, not from the frame.
            course.points[0].1 = boxes[*from].1 + self.sizes.box_height;
        }
        courses.sort_by_key(|&((_, to, input), _)| (to, input));
        let line = |((from, to, input), course): (Read, layers::Course)| Line {
            from,
            to,
            input,
            path: path(&course.points),
            label: course.label,
        };
        Layout { width, height, boxes, lines: courses.into_iter().map(line).collect(), frames: framed }
    }
}

impl WayUp {
    /// With round corners, and a head at the upper end.
    fn drawn(&self) -> WayBack {
        const ROUND: f64 = 10.0;
        let WayUp { from, x, to } = self;
        let (bottom, top) = (from.1 - ROUND, to.1 + ROUND);
        let up =
            format!("M{:.1} {:.1}H{:.1}Q{x:.1} {:.1} {x:.1} {bottom:.1}V{top:.1}", from.0, from.1, x - ROUND, from.1);
        let back = format!("Q{x:.1} {:.1} {:.1} {:.1}H{:.1}", to.1, x - ROUND, to.1, to.0 + 1.0);
        let head = format!(
            "M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}",
            to.0 + 9.0,
            to.1 - 5.0,
            to.0 + 1.0,
            to.1,
            to.0 + 9.0,
            to.1 + 5.0
        );
        WayBack { path: [up, back, head].concat(), label: (*x, f64::midpoint(from.1, to.1)) }
    }
}

/// A line through pairs of points: straight from the first to the second, and in a bow to the next
/// pair.
fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (number, &(x, y)) in points.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| points.get(before));
        let part = match before {
            None => format!("M{x:.1} {y:.1}"),
            Some(before) if number % 2 == 1 && *before == (x, y) => continue,
            Some(_) if number % 2 == 1 => format!("L{x:.1} {y:.1}"),
            Some(before) => {
                let middle = f64::midpoint(before.1, y);
                format!("C{:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}", before.0)
            }
        };
        path.push_str(&part);
    }
    path
}

#[cfg(test)]
mod tests;
