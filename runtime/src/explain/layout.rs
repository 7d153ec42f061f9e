//! The positions of the boxes and lines in the drawing of a plan: sources at the top, results at
//! the bottom.
//!
//! A loop is drawn separately, and placed in a frame among the other operators. Lines from outside
//! enter the frame at the top, and the loop's result leaves it at the bottom. The line to the next
//! round goes up at the right side of the frame.

mod layers;

use layers::{Course, Drawing, Edge, Node, Place};

/// The sizes of a drawing, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) box_height: f64,
    /// The distance between two boxes of a layer.
    pub(super) gap: f64,
    /// The distance between two layers.
    pub(super) layer_gap: f64,
    pub(super) label_width: f64,
    pub(super) label_height: f64,
}

/// The distance between a frame and its boxes.
const PADDING: f64 = 20.0;

/// A loop among the drawn operators.
pub(super) struct Loop {
    /// The numbers of its operators.
    pub(super) members: Vec<usize>,
    /// The last of them. It emits the loop's result.
    pub(super) end: usize,
    /// The inputs of the end whose rows return to earlier operators, each with that operator.
    pub(super) ways_back: Vec<(usize, usize)>,
}

/// A drawing.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The upper left corner of each box.
    pub(super) boxes: Vec<(f64, f64)>,
    /// The lines, in the order of the boxes at their lower ends, and of the inputs of these boxes.
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
    /// The lines back, in the order of [`Loop::ways_back`].
    pub(super) ways_back: Vec<WayBack>,
}

/// A line from the end of a loop to a box above.
pub(super) struct WayBack {
    /// As an SVG path.
    pub(super) path: String,
    /// The centre of its label.
    pub(super) label: (f64, f64),
}

/// The drawing of operators with boxes of these widths. Each operator reads operators with a
/// smaller number. Other inputs are not drawn. Operators outside of a loop read no member but its
/// end.
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

/// The drawing of a loop, relative to the upper left corner of its frame.
struct Inside {
    width: f64,
    height: f64,
    boxes: Vec<(usize, (f64, f64))>,
    lines: Vec<(Read, Course)>,
    /// The lines from outside, each with its course in the frame.
    entering: Vec<(Read, Course)>,
    /// The middle of the end's box.
    exit_x: f64,
    ways_back: Vec<LineUp>,
}

/// A line that leaves a box at its right side, goes up, and ends at the right side of another box.
struct LineUp {
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

    /// Draws a loop. A line from outside starts at its own vertex without height, in the uppermost
    /// layer.
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
        let corner = |operator: usize| corners[number(operator)];
        let courses = reads.into_iter().zip(courses);
        let (lines, entering) = courses.partition(|((from, ..), _)| is_member(*from));
        let middle_right = |operator: usize| {
            let (x, y) = corner(operator);
            (x + self.widths[operator], y + self.sizes.box_height / 2.0)
        };
        let inside = Inside {
            width: width + PADDING + of.ways_back.len() as f64 * self.lane() + PADDING,
            height: height + PADDING,
            boxes: members.iter().map(|&member| (member, corner(member))).collect(),
            lines,
            entering,
            exit_x: corner(of.end).0 + self.widths[of.end] / 2.0,
            ways_back: self.ways_back(of, width, middle_right),
        };
        inside.moved((PADDING, 0.0))
    }

    /// The lines back of a loop, at the right of boxes of width `right`. The line that goes
    /// furthest up is the outermost.
    fn ways_back(&self, of: &Loop, right: f64, middle_right: impl Fn(usize) -> (f64, f64)) -> Vec<LineUp> {
        let mut by_height: Vec<usize> = (0..of.ways_back.len()).collect();
        let top = |way: usize| middle_right(of.ways_back[way].1).1;
        by_height.sort_by(|&left, &right| top(right).total_cmp(&top(left)));
        let way_back = |(number, &(_, to)): (usize, &(usize, usize))| {
            let lane = by_height.iter().position(|&way| way == number).unwrap_or(0) as f64;
            let from = middle_right(of.end);
            // Lines that leave the end together leave it side by side.
            let from = (from.0, from.1 + 12.0 * (lane - (by_height.len() - 1) as f64 / 2.0));
            LineUp { from, x: right + (lane + 0.5) * self.lane(), to: middle_right(to) }
        };
        of.ways_back.iter().enumerate().map(way_back).collect()
    }

    /// The width of a line back, with its label.
    fn lane(&self) -> f64 {
        self.sizes.label_width + 8.0
    }

    /// Draws the operators outside of loops, each loop as one vertex.
    fn outside(&self, loops: &[Loop], frames: Vec<Inside>) -> Layout {
        // A loop has the position of its end in the order of operators, because all its inputs come
        // before that.
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
        let reads: Vec<(Read, Option<f64>)> = drawn.iter().flat_map(|&to| self.reads_outside(to, &frames)).collect();
        let exit_of = |from: usize| self.loop_of[from].map(|of| frames[of].exit_x - frames[of].width / 2.0);
        let edge = |&((from, to, _), to_x): &(Read, Option<f64>)| Edge {
            from: number(from),
            to: number(to),
            from_x: exit_of(from),
            to_x,
        };
        let edges: Vec<Edge> = reads.iter().map(edge).collect();
        let Drawing { width, height, corners, courses } = layers::draw(&nodes, &edges, self.sizes);
        let mut boxes = vec![(0.0, 0.0); self.inputs.len()];
        drawn.iter().zip(&corners).for_each(|(&operator, &corner)| boxes[operator] = corner);
        let mut courses: Vec<(Read, Course)> = reads.into_iter().map(|(read, _)| read).zip(courses).collect();
        let place = |(inside, of): (Inside, &Loop)| inside.placed(corners[number(of.end)], &mut boxes, &mut courses);
        let frames = frames.into_iter().zip(loops).map(place).collect();
        for ((from, ..), course) in &mut courses {
            // A loop's result starts at its last box, not at the frame.
            course.points[0].1 = boxes[*from].1 + self.sizes.box_height;
        }
        courses.sort_by_key(|&((_, to, input), _)| (to, input));
        Layout { width, height, boxes, lines: courses.into_iter().map(line).collect(), frames }
    }

    /// The lines to an operator, or to the loop that it ends. A line that enters a loop has a fixed
    /// end, relative to the middle of the frame.
    fn reads_outside(&self, to: usize, frames: &[Inside]) -> Vec<(Read, Option<f64>)> {
        let Some(of) = self.loop_of[to] else { return self.reads(to).map(|read| (read, None)).collect() };
        let Inside { entering, width, .. } = &frames[of];
        entering.iter().map(|(read, course)| (*read, Some(course.points[0].0 - width / 2.0))).collect()
    }
}

impl Inside {
    /// The same drawing at another place.
    fn moved(mut self, (by_x, by_y): (f64, f64)) -> Self {
        let moved = |point: &mut (f64, f64)| *point = (point.0 + by_x, point.1 + by_y);
        self.exit_x += by_x;
        self.boxes.iter_mut().for_each(|(_, corner)| moved(corner));
        for (_, course) in self.lines.iter_mut().chain(&mut self.entering) {
            course.points.iter_mut().for_each(moved);
            moved(&mut course.label);
        }
        for way in &mut self.ways_back {
            way.x += by_x;
            moved(&mut way.from);
            moved(&mut way.to);
        }
        self
    }

    /// Adds the boxes and lines to those outside. `corner` is the corner of the frame.
    fn placed(self, corner: (f64, f64), boxes: &mut [(f64, f64)], courses: &mut Vec<(Read, Course)>) -> Frame {
        let Inside { width, height, boxes: inside, lines, entering, ways_back, .. } = self.moved(corner);
        inside.into_iter().for_each(|(member, place)| boxes[member] = place);
        courses.extend(lines);
        for (read, inside) in entering {
            if let Some((_, course)) = courses.iter_mut().find(|(other, _)| *other == read) {
                // The line continues where it reaches the frame.
                course.points.pop();
                course.points.extend(inside.points.into_iter().skip(1));
            }
        }
        Frame { corner, width, height, ways_back: ways_back.iter().map(LineUp::drawn).collect() }
    }
}

impl LineUp {
    /// The line with round corners, and its arrow head at the upper end.
    fn drawn(&self) -> WayBack {
        const ROUND: f64 = 10.0;
        let LineUp { from, x, to } = self;
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

fn line(((from, to, input), course): (Read, Course)) -> Line {
    Line { from, to, input, path: path(&course.points), label: course.label }
}

/// A path through pairs of points: straight from the first to the second of a pair, and curved to
/// the next pair.
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
