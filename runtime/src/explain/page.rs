//! A plan as a page: one file that loads no other file. Its own script draws it.
//!
//! The page shows exactly the content of the JSON, so a run can be viewed later, and compared with
//! another one.

use std::collections::HashMap;

use super::as_json::VERSION;
use super::layout::{Frame, Layout, Loop, Sizes, layout};
use crate::error::{Error, Result};
use crate::value::json::Value;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPTS: [&str; 4] = [
    include_str!("page/model.js"),
    include_str!("page/graph.js"),
    include_str!("page/details.js"),
    include_str!("page/page.js"),
];

/// The sizes of the drawing.
const SIZES: Sizes = Sizes { box_height: 84.0, gap: 32.0, layer_gap: 56.0, label_width: 124.0, label_height: 20.0 };
/// The bounds of the width of a box, which follows from its title. The lower bound has room for the
/// numbers.
const BOX_WIDTHS: (f64, f64) = (264.0, 460.0);
/// The width of a character of the title, and of the rest of its line.
const CHAR_WIDTH: f64 = 8.2;
const TITLE_MARGIN: f64 = 56.0;
/// The least factor between estimate and count for which a badge is shown.
const MIN_BADGE_FACTOR: f64 = 1.5;

/// The page of a plan that [`json`](super::json) returned, before or after a run. `earlier` is
/// another plan of the same program to compare with. Operators are matched by identity.
///
/// # Errors
/// [`Error::Plan`] if a plan is not such a text, or has an unknown version.
pub fn html(title: &str, plan: &str, earlier: Option<&str>) -> Result<String> {
    let earlier = earlier.map_or(Ok(Value::Null), |earlier| drawn("the earlier plan", earlier))?;
    let data = Value::object([("title", title.into()), ("plan", drawn("the plan", plan)?), ("earlier", earlier)]);
    // A text of the program must not close the element that contains it.
    let data = data.to_string().replace('<', "\\u003c");
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    let page = PAGE.replace("/*style*/", STYLE).replace("/*script*/", &SCRIPTS.concat());
    let (head, tail) = page.split_once("<!--data-->").unwrap_or((&page, ""));
    Ok([head.replace("<!--title-->", &title).as_str(), &data, tail].concat())
}

/// A plan with its drawing: boxes, lines and frames of the operators that are shown.
fn drawn(which: &str, plan: &str) -> Result<Value> {
    let wrong =
        |what: String| Error::Plan(format!("{which} cannot be drawn: {what}; pass the output of `--explain=json`"));
    let mut plan = Value::parse(plan).map_err(wrong)?;
    if plan["version"].as_number() != Some(VERSION) {
        return Err(wrong(format!("its version is {}, not {VERSION}", plan["version"])));
    }
    let operators = plan["operators"].as_list().ok_or_else(|| wrong("`operators` is missing".to_owned()))?;
    let drawing = Shown::of(operators).drawing();
    if let Value::Object(members) = &mut plan {
        members.insert("drawing".to_owned(), drawing);
    }
    Ok(plan)
}

/// The shown operators. An operator that is left out is replaced by its input.
struct Shown<'p> {
    operators: &'p [Value],
    /// The numbers of the shown operators.
    numbers: Vec<usize>,
    /// For each shown operator, its inputs, as positions among the shown operators.
    inputs: Vec<Vec<usize>>,
}

impl<'p> Shown<'p> {
    fn of(operators: &'p [Value]) -> Self {
        let inputs = inputs_of(operators);
        let mut shown_instead: Vec<usize> = (0..operators.len()).collect();
        for (number, operator) in operators.iter().enumerate() {
            if let (Value::Bool(true), Some(&input)) = (&operator["is_passed_by"], inputs[number].first()) {
                shown_instead[number] = if input < number { shown_instead[input] } else { number };
            }
        }
        let numbers: Vec<usize> = (0..operators.len()).filter(|&number| shown_instead[number] == number).collect();
        let inputs_of_shown = |&number: &usize| {
            // An input without a position is after all others, so it is not drawn.
            let place = |&input: &usize| numbers.binary_search(shown_instead.get(input)?).ok();
            inputs[number].iter().map(|input| place(input).unwrap_or(usize::MAX)).collect()
        };
        let inputs = numbers.iter().map(inputs_of_shown).collect();
        Shown { operators, numbers, inputs }
    }

    fn operator(&self, place: usize) -> &'p Value {
        &self.operators[self.numbers[place]]
    }

    /// The width of a box, by its title.
    fn width(&self, place: usize) -> f64 {
        let operator = self.operator(place);
        let text = |field: &str| operator[field].as_str().unwrap_or_default();
        let (name, description) = (text("name"), text("description"));
        let is_named = !text("word").split(" → ").any(|word| word == name);
        let chars = description.chars().count() + if is_named { name.chars().count() + 2 } else { 0 };
        (CHAR_WIDTH * chars as f64 + TITLE_MARGIN).clamp(BOX_WIDTHS.0, BOX_WIDTHS.1).round()
    }

    /// The factor between the rows of an operator and its estimate, in a loop per round. `None`
    /// before a run, and for sinks.
    fn factor(&self, place: usize) -> Option<f64> {
        let operator = self.operator(place);
        let (actual, estimate) = (&operator["actual"], &operator["estimate"]);
        let rows: f64 = actual["rows_out"].as_number()?;
        let is_by_round = operator["loop"].as_str().is_some() && operator["loop_part"].as_str() != Some("end");
        let rounds = actual["rounds"].as_number::<f64>().filter(|_| is_by_round).unwrap_or(1.0).max(1.0);
        let has_rows = estimate["row_bytes"].as_number() != Some(0.0);
        let estimated = estimate["rows"].as_number::<f64>().filter(|_| has_rows)?;
        Some((rows / rounds).max(1.0) / estimated.max(1.0))
    }

    /// The loops, by the identities of the operators that begin them.
    fn loops(&self) -> Vec<(&'p str, Loop)> {
        let mut loops: Vec<(&str, Loop)> = Vec::new();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for place in 0..self.numbers.len() {
            let Some(identity) = self.operator(place)["loop"].as_str() else { continue };
            let number = *numbers.entry(identity).or_insert(loops.len());
            if number == loops.len() {
                loops.push((identity, Loop { members: Vec::new(), end: place, ways_back: Vec::new() }));
            }
            let of = &mut loops[number].1;
            of.members.push(place);
            // Inputs come before their readers, so the last member is the end.
            of.end = place;
            match self.operator(place)["loop_part"].as_str() {
                Some("begin") => of.ways_back.push((0, place)),
                Some("solution set") => of.ways_back.push((1, place)),
                _ => {}
            }
        }
        // The layout cannot draw other rows that leave a loop.
        let leaves_elsewhere = |of: &Loop| {
            let is_member = |place: usize| of.members.binary_search(&place).is_ok();
            let reads = |place: usize| self.inputs[place].iter().any(|&input| input != of.end && is_member(input));
            (0..self.numbers.len()).any(|place| !is_member(place) && reads(place))
        };
        loops.retain(|(_, of)| !leaves_elsewhere(of));
        loops
    }

    fn drawing(&self) -> Value {
        let (identities, loops): (Vec<&str>, Vec<Loop>) = self.loops().into_iter().unzip();
        let widths: Vec<f64> = (0..self.numbers.len()).map(|place| self.width(place)).collect();
        let Layout { width, height, boxes, lines, frames } = layout(&widths, &self.inputs, &loops, SIZES);
        let factors = (0..self.numbers.len()).map(|place| self.factor(place));
        let boxes =
            self.numbers.iter().zip(boxes).zip(widths).zip(factors).map(|(((&operator, (x, y)), width), factor)| {
                let has_badge = factor.is_some_and(|factor| factor.max(1.0 / factor) >= MIN_BADGE_FACTOR);
                Value::object([
                    ("operator", operator.into()),
                    ("factor", factor.map_or(Value::Null, Value::from)),
                    ("has_badge", Value::Bool(has_badge)),
                    ("x", rounded(x)),
                    ("y", rounded(y)),
                    ("width", rounded(width)),
                ])
            });
        let lines = lines.iter().map(|line| {
            let [to, input, path, x, y] = self.line(line.to, line.input, &line.path, line.label);
            Value::object([("from", self.numbers[line.from].into()), to, input, path, x, y])
        });
        let frames = frames.iter().zip(&loops).zip(identities);
        let frames = frames.map(|((frame, of), begin)| self.frame(frame, of, begin));
        Value::object([
            ("width", rounded(width)),
            ("height", rounded(height)),
            ("box_height", SIZES.box_height.into()),
            ("boxes", boxes.collect()),
            ("lines", lines.collect()),
            ("frames", frames.collect()),
        ])
    }

    fn frame(&self, frame: &Frame, of: &Loop, begin: &str) -> Value {
        let ways_back = frame.ways_back.iter().zip(&of.ways_back);
        let ways_back = ways_back.map(|(way, &(input, to))| Value::object(self.line(to, input, &way.path, way.label)));
        Value::object([
            ("begin", begin.into()),
            ("end", self.numbers[of.end].into()),
            ("x", rounded(frame.corner.0)),
            ("y", rounded(frame.corner.1)),
            ("width", rounded(frame.width)),
            ("height", rounded(frame.height)),
            ("ways_back", ways_back.collect()),
        ])
    }

    /// A line to an input of an operator.
    fn line(&self, to: usize, input: usize, path: &str, label: (f64, f64)) -> [(&'static str, Value); 5] {
        [
            ("to", self.numbers[to].into()),
            ("input", input.into()),
            ("path", path.into()),
            ("label_x", rounded(label.0)),
            ("label_y", rounded(label.1)),
        ]
    }
}

/// The inputs of each operator by number. `usize::MAX` for an input that is missing.
fn inputs_of(operators: &[Value]) -> Vec<Vec<usize>> {
    let numbers: HashMap<&str, usize> = operators
        .iter()
        .enumerate()
        .filter_map(|(number, operator)| Some((operator["identity"].as_str()?, number)))
        .collect();
    let of_operator = |operator: &Value| {
        let inputs = operator["inputs"].as_list().unwrap_or_default().iter();
        inputs
            .map(|input| {
                input["operator"].as_str().and_then(|identity| numbers.get(identity)).copied().unwrap_or(usize::MAX)
            })
            .collect()
    };
    operators.iter().map(of_operator).collect()
}

fn rounded(pixels: f64) -> Value {
    ((pixels * 10.0).round() / 10.0).into()
}
