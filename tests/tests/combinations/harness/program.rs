//! A program: its steps, its inputs, and its expected records.

use super::data::{Input, Source};
use super::expression::Make;
use super::flow::{Flow, Rows, Stage, World};
use super::generator::Generator;
use super::sink::Sink;
use super::spec::{Pair, Share, Spec, spec_text};
use super::value::{Row, Value};

/// The name of a flow that words read as their other side only.
pub const PREPARED: &str = "prepared";

/// A step of a program's chain.
#[derive(Clone)]
pub struct Step {
    pub word: &'static str,
    pub stage: Stage,
    /// The name of the flow after it, if it has one.
    pub name: Option<String>,
}

#[derive(Clone)]
pub struct Program {
    pub spec: Spec,
    pub share: Share,
    pub inputs: Vec<Input>,
    /// The steps from `others` to the prepared flow.
    pub prepared: Vec<Step>,
    /// The flow of the items.
    pub begin: Flow,
    pub steps: Vec<Step>,
    pub sink: Sink,
    /// `true` if a closure counts its calls.
    pub counts: bool,
    pub expected: Rows,
    /// The value of the accumulator, if the program has one.
    pub seen: Option<u64>,
    pub pairs: Vec<Pair>,
}

impl Program {
    pub fn of(spec: &Spec) -> Program {
        let drawn = Generator::program(spec);
        let mut program = spec.edits.iter().fold(drawn, |program, edit| edit.apply(&program).unwrap_or(program));
        program.evaluate();
        program
    }

    /// The flow after the last step.
    pub fn flow(&self) -> &Flow {
        self.flow_before(self.steps.len())
    }

    /// The input flow of a step.
    pub fn flow_before(&self, step: usize) -> &Flow {
        if step == 0 { &self.begin } else { &self.steps[step - 1].stage.flow }
    }

    /// The program's flows with the names that steps give, and the rows after each step.
    pub fn rows_of_steps(&self) -> (World, Vec<Rows>) {
        let mut world = World::of(&self.inputs);
        if !self.prepared.is_empty() {
            let others = world.rows("others").to_vec();
            let rows = self.prepared.iter().fold(others, |rows, step| (step.stage.oracle)(&world, rows));
            world.add(PREPARED, rows);
        }
        let mut all = vec![self.inputs[0].rows.clone()];
        for step in &self.steps {
            let rows = (step.stage.oracle)(&world, all[all.len() - 1].clone());
            if let Some(name) = &step.name {
                world.add(name, rows.clone());
            }
            all.push(rows);
        }
        (world, all)
    }

    /// Computes the expected records and the expected accumulator.
    pub fn evaluate(&mut self) {
        let (world, mut rows) = self.rows_of_steps();
        self.expected = rows.pop().unwrap_or_default();
        self.seen = self.counts.then(|| world.seen.get());
    }

    /// The rows to compare: without fields that differ between runs, and only the last update of
    /// each key.
    pub fn compared(&self, rows: Rows) -> Rows {
        let rows = match &self.flow().updates {
            Some(updates) => self.last(rows, &updates.key),
            None => rows,
        };
        let mut rows: Rows = rows.into_iter().map(|row| Row::of(self.certain(row.values))).collect();
        if !(self.flow().is_sorted && self.sink.keeps_order()) {
            rows.sort();
        }
        rows
    }

    fn certain(&self, values: Vec<Value>) -> Vec<Value> {
        let growing = self.flow().updates.as_ref().and_then(|updates| updates.growing);
        let is_free = |place: usize| self.flow().free[place] && growing != Some(place);
        let values = values.into_iter().enumerate();
        values.map(|(place, value)| if is_free(place) { Value::Null } else { value }).collect()
    }

    /// The last update of each key. Over the files of several snapshots, the growing field orders
    /// the updates.
    fn last(&self, mut rows: Rows, key: &Make) -> Rows {
        if let Some(growing) = self.flow().updates.as_ref().and_then(|updates| updates.growing) {
            rows.sort_by(|l, r| l.values[growing].cmp(&r.values[growing]));
        }
        super::flow::grouped(rows, key).into_values().filter_map(|mut rows| rows.pop()).collect()
    }

    /// The specification that generates the program again.
    pub fn spec_text(&self) -> String {
        spec_text(&self.spec)
    }

    /// The number of words, including those in loops.
    pub fn words(&self) -> usize {
        self.prepared.iter().chain(&self.steps).map(|step| step.stage.words).sum()
    }

    /// The order of programs by size: words, then bytes of text, then the text. A result other than
    /// a native file counts as a word.
    pub fn weight(&self) -> (usize, usize, String) {
        let text = self.function("p");
        (self.words() + usize::from(self.sink != Sink::NATIVE), text.len(), text)
    }
}

/// The text of a program.
impl Program {
    /// The pipeline as a function.
    pub fn function(&self, name: &str) -> String {
        let kind = |input: &Input| if matches!(input.source, Source::Log) { "DataStream" } else { "DataSet" };
        let parameter = |input: &Input| format!("    {}: {}<{}>,\n", input.name, kind(input), input.of.rust());
        let parameters = self.inputs.iter().map(parameter).collect::<String>();
        let (statements, text) = self.statements();
        let statements = statements.into_iter().map(|(name, text)| format!("    let {name} = {text};\n"));
        format!(
            "#[dataflow]\nfn {name}(\n{parameters}    seen: Accumulated<Count>,\n) -> {} {{\n{}    {text}\n}}\n",
            self.flow().rust(),
            statements.collect::<String>(),
        )
    }

    /// The function, and the function that runs it.
    pub fn registered(&self, name: &str) -> String {
        let read = |input: &Input| {
            let word = if matches!(input.source, Source::Log) { "stream" } else { "set" };
            format!("given.{word}({:?})?, ", input.name)
        };
        let inputs = self.inputs.iter().map(read).collect::<String>();
        let result = &self.flow().of;
        format!(
            "{}\nfn run_{name}(given: &Given) -> Result<Reader> {{\n    let result = {name}({inputs}given.seen());\n    {}\n}}\n",
            self.function(name),
            self.sink.text(&result.rust()),
        )
    }

    /// Names of flows with their texts, and the text of the result.
    fn statements(&self) -> (Vec<(String, String)>, String) {
        let mut statements = Vec::new();
        let result = written(&self.inputs[0].name, &self.steps, &mut statements);
        let is_read = statements.iter().map(|(_, text)| text).chain([&result]).any(|text| text.contains(PREPARED));
        let is_made = is_read && !self.prepared.is_empty();
        if is_made {
            let mut before = Vec::new();
            let text = written("others", &self.prepared, &mut before);
            before.push((PREPARED.to_owned(), text));
            statements.splice(0..0, before);
        }
        (statements, result)
    }
}

/// The text of a chain; the flows with names go to `statements`.
fn written(begin: &str, steps: &[Step], statements: &mut Vec<(String, String)>) -> String {
    let mut text = begin.to_owned();
    for step in steps {
        if let Some((name, suffix)) = &step.stage.binding {
            statements.push((name.clone(), format!("{text}\n        {suffix}")));
            text.clone_from(name);
        }
        text += &format!("\n        {}", step.stage.text);
        if let Some(name) = &step.name {
            statements.push((name.clone(), std::mem::replace(&mut text, name.clone())));
        }
    }
    text
}
