//! The description of the next operator of a chain: names and places in the user's program, read sets, bounds.

use std::panic::Location;
use std::sync::Arc;

use runtime::error::Origin;
use runtime::plan::{self, Forwards};
use runtime::row::{LeafSet, Schema};
use runtime::source::Bound;

/// What `#[dataflow]` read from the program about one operator.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The `let` binding, or the operator's own word.
    pub name: &'static str,
    /// What the user wrote: `flat_map → filter`.
    pub operator: &'static str,
    /// The source text of its closures, in one line.
    pub text: &'static str,
    /// For each closure parameter, the fields that are read.
    pub reads: &'static [Reads],
    /// The fields that its records take over unchanged from those that its closures see; none if a closure may fail or act on something outside.
    pub forwards: &'static [Forward],
    /// Whether its closures may give many records for one.
    pub expands: bool,
    /// Whether its closures give one record for each that they see, no more and no fewer.
    pub maps: bool,
    /// For a filter: whether it has an answer for every record, and does nothing else, as far as syntax shows. The types of its values must prove it as
    /// well.
    pub moves: bool,
    /// For a filter that was moved: the operator that it stood behind.
    pub below: &'static str,
}

impl Step {
    /// An operator of which nothing is known.
    pub const UNKNOWN: Step = Step {
        name: "",
        operator: "",
        text: "",
        reads: &[],
        forwards: &[],
        expands: false,
        maps: false,
        moves: false,
        below: "",
    };
}

/// Fields of an operator's records that are fields of the records before, unchanged; fields are named by dotted path.
#[derive(Clone, Copy, Debug)]
pub enum Forward {
    /// One field; all of the record where the path is empty.
    Field {
        /// In the operator's records.
        to: &'static str,
        /// Which of the closure's parameters.
        record: usize,
        /// In that parameter's record.
        from: &'static str,
    },
    /// All fields but those named: `..r`.
    Rest {
        /// Which of the closure's parameters.
        record: usize,
        /// In that parameter's record.
        from: &'static str,
        /// Fields that come from elsewhere.
        named: &'static [&'static str],
    },
}

/// The fields of a record that a closure reads.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// All of them, as far as the program shows.
    All,
    /// These, by dotted path.
    Fields(&'static [&'static str]),
}

/// The description of the next operator, as far as it was given.
#[derive(Clone, Default)]
pub(crate) struct NextStep {
    pub(super) step: Option<&'static Step>,
    /// What closures make of it that stand elsewhere: those of a join that is bound to a variable.
    pub(super) completed: Option<&'static Step>,
    pub(super) location: Option<&'static Location<'static>>,
    /// The operator is one part of what the step describes; its closures are not the step's.
    pub(super) part: Option<&'static str>,
    pub(super) bounds: Vec<Bound>,
    /// The proof by types, if there is one: of a filter, that it has an answer for every record and does nothing else; of another operator, that its
    /// closures do not act on anything outside by the values that they capture.
    pub(super) is_proven: Option<bool>,
    /// The source texts of closures on which the operator's state depends: of a computed key, of measures, of `reduce`.
    pub(super) closures: Vec<&'static str>,
    /// A filter should stand in front of the operator, but may not: the operator's closure evaluates it.
    pub(super) keeps_filters: bool,
}

impl NextStep {
    /// The same description. If the description has no place, the place is that of the method's call.
    pub(crate) fn called_at(&self, location: &'static Location<'static>) -> Self {
        NextStep { location: self.location.or(Some(location)), ..self.clone() }
    }

    /// Name, operator and place for messages, and the source text.
    pub(crate) fn origin(&self, word: &str) -> (Origin, Arc<str>) {
        let word = self.part.unwrap_or(word);
        let name = self.step.map_or(word, |step| step.name);
        let operator = if self.step.is_none() { word.into() } else { self.written(|step| step.operator) };
        let (file, line, column) =
            self.location.map_or(("", 0, 0), |location| (location.file(), location.line(), location.column()));
        let origin = Origin { name: name.into(), operator, file: file.into(), line, column };
        let text = if self.part.is_some() { "".into() } else { self.written(|step| step.text) };
        (origin, text)
    }

    /// What stands in the program, where it began and where it was completed.
    fn written(&self, part: fn(&Step) -> &'static str) -> Arc<str> {
        let parts = [self.step, self.completed].into_iter().flatten().map(part);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" → ").into()
    }

    /// What is known of the operator's closures, where it is all of what the step describes.
    fn own_step(&self) -> Option<&'static Step> {
        self.completed.or(self.step).filter(|_| self.part.is_none())
    }

    /// The leaves that closure parameter `parameter` reads.
    pub(crate) fn reads(&self, parameter: usize, schema: &Schema) -> plan::Reads {
        let Some(Reads::Fields(paths)) = self.own_step().and_then(|step| step.reads.get(parameter)) else {
            return plan::Reads::All;
        };
        let mut leaves = LeafSet::none();
        for path in *paths {
            match schema.leaves_at(path) {
                Some(found) => leaves.extend_from(&found),
                // The path is no field, but perhaps a part of a value that dereferences: all fields count as read.
                None => return plan::Reads::All,
            }
        }
        plan::Reads::Leaves(leaves)
    }

    /// What `output` takes over from the records of `inputs`.
    pub(crate) fn forwards(&self, output: &Schema, inputs: &[&Schema]) -> Forwards {
        let mut forwards = Forwards::default();
        if self.is_proven == Some(false) {
            return forwards;
        }
        for forward in self.own_step().iter().flat_map(|step| step.forwards) {
            // A path that names no field of a schema is ignored: it may lead into a value whose parts the engine does not know.
            match *forward {
                Forward::Field { to, record, from } => {
                    let leaves = |schema: &Schema, path| schema.leaves_of(path);
                    if let Some(input) = inputs.get(record)
                        && let (Some(to), Some(from)) = (leaves(output, to), leaves(input, from))
                    {
                        forwards.add((&to, output), record, (&from, input));
                    }
                }
                Forward::Rest { record, from, named } => {
                    let Some(input) = inputs.get(record) else { continue };
                    for field in output.field_names().into_iter().filter(|field| !named.contains(field)) {
                        let path = if from.is_empty() { field.to_owned() } else { format!("{from}.{field}") };
                        if let (Some(to), Some(from)) = (output.leaves_of(field), input.leaves_of(&path)) {
                            forwards.add((&to, output), record, (&from, input));
                        }
                    }
                }
            }
        }
        forwards
    }

    /// Whether the next filter may move, and what it was moved below.
    pub(crate) fn moves(&self) -> (bool, &'static str) {
        let moves = |step: &Step| step.moves && self.is_proven == Some(true);
        self.own_step().map_or((false, ""), |step| (moves(step), step.below))
    }

    /// Whether the next operator's closures may be tried on some records before the run: by what they capture they act on nothing outside.
    pub(crate) fn may_run_on_sample(&self, captures: bool) -> bool {
        self.is_proven.unwrap_or(!captures)
    }

    /// Whether the next filter may act on something outside, by what it captures.
    pub(crate) fn may_have_effects(&self) -> bool {
        self.is_proven == Some(false)
    }

    /// The same place, for another operator of the same call of the user's.
    pub(crate) fn behind(&self, word: &'static str) -> Self {
        NextStep { part: Some(word), bounds: Vec::new(), ..self.clone() }
    }

    /// Whether the operator's closure evaluates a filter that could not stand in front of it.
    pub(crate) fn keeps_filters(&self) -> bool {
        self.keeps_filters
    }

    /// Whether the operator may give many records for one.
    pub(crate) fn expands(&self) -> bool {
        self.completed.or(self.step).is_none_or(|step| step.expands)
    }

    /// Whether the operator gives one record for each that its closures see.
    pub(crate) fn maps(&self) -> bool {
        self.own_step().is_some_and(|step| step.maps)
    }

    /// The bounds for the next filter; none if the comparison may be code of the program, which says nothing about leaves.
    pub(crate) fn bounds(&self) -> Vec<Bound> {
        if self.is_proven == Some(false) { Vec::new() } else { self.bounds.clone() }
    }
}
