//! A plan as a page: one file without anything beside it, drawn by a script of its own.
//!
//! The page shows what the JSON says and nothing else, so a run can be looked at later, and beside another.

use super::as_json::VERSION;
use super::layout::{Sizes, layout};
use crate::error::{Error, Result};
use crate::format::Value;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPTS: [&str; 4] = [
    include_str!("page/model.js"),
    include_str!("page/graph.js"),
    include_str!("page/details.js"),
    include_str!("page/page.js"),
];

/// What the script draws is as large as this.
const SIZES: Sizes =
    Sizes { box_width: 264.0, box_height: 84.0, gap: 32.0, layer_gap: 56.0, label_width: 124.0, label_height: 20.0 };

/// A page of a plan that [`json`](super::json) gave, before a run or after it, beside an earlier one of the same program where there is one: operators are matched by identity.
///
/// # Errors
/// [`Error::Plan`] where one of them is not such a text, or of a version that is not known.
pub fn html(title: &str, plan: &str, earlier: Option<&str>) -> Result<String> {
    let earlier = earlier.map_or(Ok(Value::Null), |earlier| drawn("the earlier plan", earlier))?;
    let data = Value::object([("title", title.into()), ("plan", drawn("the plan", plan)?), ("earlier", earlier)]);
    // Nothing in a text of the program ends the element that it stands in.
    let data = data.to_string().replace('<', "\\u003c");
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    let page = PAGE.replace("/*style*/", STYLE).replace("/*script*/", &SCRIPTS.concat());
    let (head, tail) = page.split_once("<!--data-->").unwrap_or((&page, ""));
    Ok([head.replace("<!--title-->", &title).as_str(), &data, tail].concat())
}

/// A plan with its drawing: boxes and lines of the operators that are shown.
fn drawn(which: &str, plan: &str) -> Result<Value> {
    let wrong =
        |what: String| Error::Plan(format!("{which} cannot be drawn: {what}; take it as `--explain=json` gives it"));
    let mut plan = Value::parse(plan).map_err(wrong)?;
    if plan["version"].as_number() != Some(VERSION) {
        return Err(wrong(format!("its version is {}, where {VERSION} is known", plan["version"])));
    }
    let operators = plan["operators"].as_list().ok_or_else(|| wrong("`operators` is missing".to_owned()))?;
    let inputs = inputs_of(operators);
    // Rows go past some operators: these are not shown, and who reads them reads what they read.
    let mut stands_for: Vec<usize> = (0..operators.len()).collect();
    for (number, operator) in operators.iter().enumerate() {
        if let (Value::Bool(true), Some(&input)) = (&operator["is_passed_by"], inputs[number].first()) {
            stands_for[number] = if input < number { stands_for[input] } else { number };
        }
    }
    let shown: Vec<usize> = (0..operators.len()).filter(|&number| stands_for[number] == number).collect();
    let places: Vec<Option<usize>> = (0..operators.len()).map(|number| shown.binary_search(&number).ok()).collect();
    let inputs_of_shown = |&number: &usize| {
        // What has no place is behind everything, and so not drawn.
        let place = |&input: &usize| places[*stands_for.get(input)?];
        inputs[number].iter().map(|input| place(input).unwrap_or(usize::MAX)).collect()
    };
    let drawing = layout(&shown.iter().map(inputs_of_shown).collect::<Vec<Vec<usize>>>(), SIZES);
    let boxes = shown.iter().zip(&drawing.boxes);
    let boxes = boxes.map(|(&operator, &(x, y))| {
        Value::object([("operator", operator.into()), ("x", rounded(x)), ("y", rounded(y))])
    });
    let lines = drawing.lines.iter().map(|line| {
        Value::object([
            ("from", shown[line.from].into()),
            ("to", shown[line.to].into()),
            ("input", line.input.into()),
            ("path", line.path.as_str().into()),
            ("label_x", rounded(line.label.0)),
            ("label_y", rounded(line.label.1)),
        ])
    });
    let drawing = Value::object([
        ("width", rounded(drawing.width)),
        ("height", rounded(drawing.height)),
        ("box_width", SIZES.box_width.into()),
        ("box_height", SIZES.box_height.into()),
        ("boxes", boxes.collect()),
        ("lines", lines.collect()),
    ]);
    if let Value::Object(members) = &mut plan {
        members.insert("drawing".to_owned(), drawing);
    }
    Ok(plan)
}

/// The numbers of the operators that each reads; what it reads and there is not, is left out.
fn inputs_of(operators: &[Value]) -> Vec<Vec<usize>> {
    let numbers: std::collections::HashMap<&str, usize> = operators
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
