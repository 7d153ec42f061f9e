//! Changes that make a program smaller. Each has a text without spaces: `keep:items:1,5`,
//! `without:3`.

use super::data::{Input, Source};
use super::flow::{Flow, FlowKind, Rows};
use super::program::{Program, Step};
use super::sink::Sink;
use super::value::{Row, Value};

#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Keeps these records of an input.
    Keep(String, Vec<usize>),
    /// Truncates texts of inputs to this many bytes.
    Cut(usize),
    /// Inputs are in one file, or in a log of one split.
    OneFile,
    /// Removes this step.
    Without(usize),
    /// Keeps only the steps before this one.
    Until(usize),
    /// Removes the steps before this one: its input becomes the items.
    From(usize),
    /// Simplifies the loop of a step.
    Simpler(usize, usize),
    /// The result is written as a native file.
    Native,
}

impl Edit {
    /// Returns the changed program. `None` if the change does not fit.
    pub fn apply(&self, program: &Program) -> Option<Program> {
        let mut edited = program.clone();
        match self {
            Edit::Keep(name, places) => {
                let input = edited.inputs.iter_mut().find(|input| input.name == *name)?;
                input.rows = places.iter().filter_map(|place| input.rows.get(*place).cloned()).collect();
            }
            Edit::Cut(bytes) => edited.inputs.iter_mut().for_each(|input| cut(&mut input.rows, *bytes)),
            Edit::OneFile => edited.inputs.iter_mut().for_each(|input| {
                input.splits = 1;
                input.source = if input.source == Source::Log { Source::Log } else { Source::OneFile };
            }),
            Edit::Without(step) => without(&mut edited, *step)?,
            Edit::Until(step) => {
                edited.steps.truncate(*step);
                let flow = edited.flow();
                let is_result =
                    flow.kind != FlowKind::Timed && flow.updates.is_some() == (flow.kind == FlowKind::Updates);
                (is_result && *step < program.steps.len()).then_some(())?;
            }
            Edit::From(step) => from(&mut edited, program, *step)?,
            Edit::Simpler(step, number) => {
                let place = edited.steps.get_mut(*step)?;
                let simpler = (place.stage.simpler.clone()?)();
                place.stage = simpler.into_iter().nth(*number)?;
            }
            Edit::Native => edited.sink = Sink::NATIVE,
        }
        if !edited.sink.holds(edited.flow()) {
            edited.sink = Sink::NATIVE;
        }
        Some(edited)
    }

    /// The changes of a program's words that fit.
    pub fn of_words(program: &Program) -> Vec<Edit> {
        let steps = program.steps.len();
        let simpler = program.steps.iter().enumerate().flat_map(|(place, step)| {
            let count = step.stage.simpler.as_ref().map_or(0, |simpler| simpler().len());
            (0..count).map(move |number| Edit::Simpler(place, number))
        });
        let native = (program.sink != Sink::NATIVE).then_some(Edit::Native);
        let cuts = (1..steps).flat_map(|step| [Edit::Until(step), Edit::From(step)]);
        let all = cuts.chain((0..steps).map(Edit::Without)).chain(simpler).chain(native);
        all.filter(|edit| edit.apply(program).is_some()).collect()
    }

    fn text(&self) -> String {
        match self {
            Edit::Keep(name, places) => {
                let places = places.iter().map(usize::to_string).collect::<Vec<_>>();
                format!("keep:{name}:{}", places.join(","))
            }
            Edit::Cut(bytes) => format!("cut:{bytes}"),
            Edit::OneFile => "onefile".to_owned(),
            Edit::Without(step) => format!("without:{step}"),
            Edit::Until(step) => format!("until:{step}"),
            Edit::From(step) => format!("from:{step}"),
            Edit::Simpler(step, number) => format!("simpler:{step}:{number}"),
            Edit::Native => "native".to_owned(),
        }
    }

    fn parse(text: &str) -> Option<Edit> {
        let mut parts = text.split(':');
        let name = parts.next()?;
        let mut number = || parts.next()?.parse().ok();
        Some(match name {
            "keep" => {
                let (input, places) = (parts.next()?, parts.next()?);
                Edit::Keep(input.to_owned(), places.split(',').filter_map(|place| place.parse().ok()).collect())
            }
            "cut" => Edit::Cut(number()?),
            "onefile" => Edit::OneFile,
            "without" => Edit::Without(number()?),
            "until" => Edit::Until(number()?),
            "from" => Edit::From(number()?),
            "simpler" => Edit::Simpler(number()?, number()?),
            _ => Edit::Native,
        })
    }
}

pub fn text(edits: &[Edit]) -> String {
    edits.iter().map(Edit::text).collect::<Vec<_>>().join(" ")
}

pub fn parse(text: &str) -> Vec<Edit> {
    text.split_whitespace().filter_map(Edit::parse).collect()
}

fn cut(rows: &mut Rows, bytes: usize) {
    for value in rows.iter_mut().flat_map(|row| &mut row.values) {
        if let Value::Text(text) = value
            && text.len() > bytes
        {
            *value = Value::Text(text[..bytes].into());
        }
    }
}

fn without(program: &mut Program, place: usize) -> Option<()> {
    let step = program.steps.get(place)?.clone();
    let is_needed = step.stage.flow.is_sorted && program.steps[place..].iter().any(|step| step.word == "first");
    let can_go = program.flow_before(place).is_like(&step.stage.flow) && !is_needed && program.steps.len() > 1;
    can_go.then_some(())?;
    program.steps.remove(place);
    // The name goes to the step before, unless that has another.
    if let Some(name) = step.name.filter(|name| is_read(name, &program.steps[place..])) {
        let before = program.steps.get_mut(place.checked_sub(1)?)?;
        before.name.is_none().then_some(())?;
        before.name = Some(name);
    }
    Some(())
}

fn is_read(name: &str, steps: &[Step]) -> bool {
    steps.iter().any(|step| step.stage.text.contains(name))
}

/// Removes the first steps. The flows that they create, and that later steps read, become inputs.
fn from(edited: &mut Program, program: &Program, place: usize) -> Option<()> {
    let flow = program.flow_before(place).unordered();
    let is_needed =
        program.flow_before(place).is_sorted && program.steps[place..].iter().any(|step| step.word == "first");
    let is_plain = matches!(flow.kind, FlowKind::Set | FlowKind::Stream) && flow.updates.is_none() && flow.is_certain();
    (is_plain && !is_needed && (1..program.steps.len()).contains(&place)).then_some(())?;
    let (world, rows) = program.rows_of_steps();
    edited.steps.drain(..place);
    for (number, step) in program.steps[..place].iter().enumerate() {
        let Some(name) = step.name.as_ref().filter(|name| is_read(name, &edited.steps)) else { continue };
        edited.inputs.push(made(name, program.flow_before(number + 1), &world.rows(name), Source::OneFile));
    }
    let source = if flow.kind == FlowKind::Stream { Source::Log } else { Source::OneFile };
    // Words may also read the items as their other side.
    if program.inputs[0].name == "items" && is_read("items", &edited.steps) {
        edited.inputs.insert(0, made("begun", &flow, &rows[place], source));
    } else {
        let name = program.inputs[0].name.clone();
        edited.inputs[0] = made(&name, &flow, &rows[place], source);
    }
    edited.begin = flow;
    Some(())
}

fn made(name: &str, flow: &Flow, rows: &Rows, source: Source) -> Input {
    let rows = rows.iter().map(|row| Row::of(row.values.clone())).collect();
    Input { name: name.to_owned(), of: flow.of.clone(), rows, source, splits: 1 }
}
