//! The plan as text, for the documentation of a pipeline.

use crate::analyse::steps::{self, ChainPart};
use crate::syntax::{Flow, Pipeline, Source, text};

/// The longest line of the plan, in characters. Longer lines are hard to read in a browser.
const LINE_LIMIT: usize = 110;

/// The lines that are added to the documentation: each flow with its source and its operators.
pub(crate) fn plan_lines(pipeline: &Pipeline) -> Vec<String> {
    let flows = pipeline.flows.iter().filter(|flow| is_shown(flow)).collect::<Vec<_>>();
    if flows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), " # Plan".to_owned(), " ```text".to_owned()];
    for flow in flows {
        lines.push(match &flow.binding {
            Some(name) => format!(" {name} = {}", flow.label),
            None => format!(" {}", flow.label),
        });
        let operators = steps::of(&flow.calls).iter().map(operator).collect::<Vec<_>>();
        lines.extend(operators.iter().map(|line| format!("     {}", text::shortened(line, LINE_LIMIT))));
    }
    lines.push(" ```".to_owned());
    lines
}

/// Arguments are shown in the operator that they belong to. A variable without calls is not shown.
fn is_shown(flow: &Flow) -> bool {
    let is_variable = flow.calls.is_empty() && matches!(flow.source, Source::Local { .. });
    !flow.is_argument && !is_variable
}

fn operator(part: &ChainPart<'_>) -> String {
    let word = |call: &crate::syntax::Call| format!("{}({})", call.word, call.text);
    match part {
        ChainPart::Step(step) => step.calls().map(word).collect::<Vec<_>>().join(" "),
        ChainPart::Foreign(call) => word(call),
    }
}
