//! Frames of loops, at the left of the tree.
//!
//! ```text
//! ╭     └─ end of iterate            the loop's result
//! │        └─ map                    its body
//! ├▶          └─ iterate 10 times    its beginning: the rows of a round come back here
//! ┆              └─ read             outside of the loop
//! ╰           …                      the last operator of the body
//! ```
//! A frame starts at the loop's end, because a tree has results at the top. It ends at the last
//! line of the loop.

use std::ops::RangeInclusive;

use super::Line;
use crate::physical::{LoopPart, PhysicalPlan};

/// The width of a frame in characters.
const WIDTH: usize = 3;

/// Draws the frames of all loops before the lines.
pub(super) fn draw(plan: &PhysicalPlan, lines: &mut [Line]) {
    let frames = frames(plan, lines);
    // Frames that overlap are side by side, each in the first free column.
    let mut columns: Vec<Vec<Frame>> = Vec::new();
    for frame in frames {
        let is_free = |column: &Vec<Frame>| column.iter().all(|other| other.lines.end() < frame.lines.start());
        match columns.iter().position(is_free) {
            Some(column) => columns[column].push(frame),
            None => columns.push(vec![frame]),
        }
    }
    for column in &columns {
        for (number, line) in lines.iter_mut().enumerate() {
            let part =
                column.iter().find(|frame| frame.lines.contains(&number)).map(|frame| frame.part(plan, number, line));
            line.frame.push_str(part.unwrap_or("   "));
        }
    }
    debug_assert!(lines.iter().all(|line| line.frame.chars().count() == WIDTH * columns.len()));
}

struct Frame {
    /// The operator that begins the loop.
    begin: usize,
    lines: RangeInclusive<usize>,
}

impl Frame {
    /// A line's part of the frame.
    fn part(&self, plan: &PhysicalPlan, number: usize, line: &Line) -> &'static str {
        let part = part_in(plan, line, self.begin);
        let is_last = number == *self.lines.end();
        match part {
            _ if number == *self.lines.start() => "╭  ",
            Some(LoopPart::Begin) if is_last => "╰▶ ",
            Some(LoopPart::Begin) => "├▶ ",
            _ if is_last => "╰  ",
            None => "┆  ",
            Some(_) => "│  ",
        }
    }
}

/// An operator's part in a loop, if its line belongs to the loop.
fn part_in(plan: &PhysicalPlan, line: &Line, begin: usize) -> Option<LoopPart> {
    let member = plan.operators[line.operator].in_loop.filter(|member| member.begin == begin && !line.is_repeated);
    member.map(|member| member.part)
}

/// The frames of all loops, in the order of their first lines.
fn frames(plan: &PhysicalPlan, lines: &[Line]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(member) = plan.operators[line.operator].in_loop.filter(|_| !line.is_repeated) else { continue };
        match frames.iter_mut().find(|frame| frame.begin == member.begin) {
            Some(frame) => frame.lines = *frame.lines.start()..=number,
            None => frames.push(Frame { begin: member.begin, lines: number..=number }),
        }
    }
    frames
}
