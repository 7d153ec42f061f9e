//! The description of the next operator: its name and location in the user's program, the fields
//! that it reads, and bounds.

use std::panic::Location;
use std::sync::Arc;

use runtime::error::Origin;
use runtime::plan::{self, Forwards};
use runtime::row::{LeafSet, Schema};
use runtime::source::Bound;

/// Facts about one operator that `#[dataflow]` derived from the user's program.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The name of the `let` binding, or else of the operator.
    pub name: &'static str,
    /// The operators that the user wrote, for example `flat_map → filter`.
    pub operator: &'static str,
    /// The source text of the closures, in one line.
    pub text: &'static str,
    /// The fields that are read, by closure parameter.
    pub reads: &'static [Reads],
    /// The fields that output records copy unchanged from closure parameters. Empty if a closure
    /// may fail or have effects.
    pub forwards: &'static [Forward],
    /// `true` if a closure may emit several records for one.
    pub expands: bool,
    /// `true` if the closures emit exactly one record for each input record.
    pub maps: bool,
    /// For a filter: `true` if, by its syntax, it cannot fail and has no effects. The types of its
    /// values must prove the same.
    pub moves: bool,
    /// For a filter that was moved: the operator that it followed in the program. Else empty.
    pub below: &'static str,
}

impl Step {
    /// An operator without known facts.
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

/// Fields that output records copy unchanged from an input record, by dotted path.
#[derive(Clone, Copy, Debug)]
pub enum Forward {
    /// One field. An empty path is the whole record.
    Field {
        /// The path in the output record.
        to: &'static str,
        /// The index of the closure parameter.
        record: usize,
        /// The path in the parameter's record.
        from: &'static str,
    },
    /// All fields except those in `named`, for `..r`.
    Rest {
        /// The index of the closure parameter.
        record: usize,
        /// The path in the parameter's record.
        from: &'static str,
        /// Fields that are set explicitly.
        named: &'static [&'static str],
    },
}

/// The fields of a record that a closure reads.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// All fields, or it cannot be decided from the syntax.
    All,
    /// These fields, by dotted path.
    Fields(&'static [&'static str]),
}

/// The description of the next operator.
#[derive(Clone, Default)]
pub(crate) struct NextStep {
    pub(super) step: Option<&'static Step>,
    /// Facts about closures that complete a join after it was bound to a variable.
    pub(super) completed: Option<&'static Step>,
    pub(super) location: Option<&'static Location<'static>>,
    /// The name of this operator if it is one of several for the same `step`. The closures of
    /// `step` are then not this operator's.
    pub(super) part: Option<&'static str>,
    pub(super) bounds: Vec<Bound>,
    /// The proof by types, if any. For a filter: it cannot fail and has no effects. For other
    /// operators: the captured values do not let the closures have effects.
    pub(super) is_proven: Option<bool>,
    /// Source texts of closures on which the operator's state depends: of computed keys, measures
    /// and `reduce`.
    pub(super) closures: Vec<&'static str>,
    /// `true` if a filter could not be moved before the operator, so the operator's closure
    /// evaluates it.
    pub(super) evaluates_filters: bool,
}

impl NextStep {
    /// Sets the location, unless there is one.
    pub(crate) fn called_at(&self, location: &'static Location<'static>) -> Self {
        NextStep { location: self.location.or(Some(location)), ..self.clone() }
    }

    /// The name, operator and location for messages, and the source text.
    pub(crate) fn origin(&self, word: &str) -> (Origin, Arc<str>) {
        let word = self.part.unwrap_or(word);
        let name = self.step.map_or(word, |step| step.name);
        let operator = if self.step.is_none() { word.into() } else { self.joined_texts(|step| step.operator) };
        let (file, line, column) =
            self.location.map_or(("", 0, 0), |location| (location.file(), location.line(), location.column()));
        let origin = Origin { name: name.into(), operator, file: file.into(), line, column };
        let text = if self.part.is_some() { "".into() } else { self.joined_texts(|step| step.text) };
        (origin, text)
    }

    /// Joins the texts of `step` and `completed`.
    fn joined_texts(&self, part: fn(&Step) -> &'static str) -> Arc<str> {
        let parts = [self.step, self.completed].into_iter().flatten().map(part);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" → ").into()
    }

    /// The facts about this operator's closures. `None` if the operator is only a part of the step.
    fn own_step(&self) -> Option<&'static Step> {
        self.completed.or(self.step).filter(|_| self.part.is_none())
    }

    /// The leaves that a closure parameter reads.
    pub(crate) fn reads(&self, parameter: usize, schema: &Schema) -> plan::Reads {
        let Some(Reads::Fields(paths)) = self.own_step().and_then(|step| step.reads.get(parameter)) else {
            return plan::Reads::All;
        };
        let mut leaves = LeafSet::none();
        for path in *paths {
            match schema.leaves_at(path) {
                Some(found) => leaves.extend_from(&found),
                // The path may lead through `Deref`. All fields count as read.
                None => return plan::Reads::All,
            }
        }
        plan::Reads::Leaves(leaves)
    }

    /// The fields of `output` that are copied from records of `inputs`.
    pub(crate) fn forwards(&self, output: &Schema, inputs: &[&Schema]) -> Forwards {
        let mut forwards = Forwards::default();
        if self.is_proven == Some(false) {
            return forwards;
        }
        for forward in self.own_step().iter().flat_map(|step| step.forwards) {
            // Ignore paths that are not in a schema: they may lead into values that the engine
            // cannot inspect.
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

    /// Returns whether the next filter may be moved, and the operator that it was moved before (or
    /// an empty string).
    pub(crate) fn moves(&self) -> (bool, &'static str) {
        let moves = |step: &Step| step.moves && self.is_proven == Some(true);
        self.own_step().map_or((false, ""), |step| (moves(step), step.below))
    }

    /// Returns `true` if the closures may run on sampled records before the job. Without a proof,
    /// this needs closures that capture nothing.
    pub(crate) fn may_run_on_sample(&self, captures: bool) -> bool {
        self.is_proven.unwrap_or(!captures)
    }

    /// Returns `true` if the captured values may let the next filter have effects.
    pub(crate) fn may_have_effects(&self) -> bool {
        self.is_proven == Some(false)
    }

    /// Describes another operator for the same call in the user's program.
    pub(crate) fn for_part(&self, word: &'static str) -> Self {
        NextStep { part: Some(word), bounds: Vec::new(), ..self.clone() }
    }

    /// Returns `true` if the operator's closure evaluates a filter that could not be moved before
    /// it.
    pub(crate) fn evaluates_filters(&self) -> bool {
        self.evaluates_filters
    }

    /// Returns `true` if the operator may emit several records for one.
    pub(crate) fn expands(&self) -> bool {
        self.completed.or(self.step).is_none_or(|step| step.expands)
    }

    /// Returns `true` if the operator emits exactly one record for each input record.
    pub(crate) fn maps(&self) -> bool {
        self.own_step().is_some_and(|step| step.maps)
    }

    /// The bounds for the next filter. Empty if user code may implement the comparison, as it then
    /// need not agree with the order of leaves.
    pub(crate) fn bounds(&self) -> Vec<Bound> {
        if self.is_proven == Some(false) { Vec::new() } else { self.bounds.clone() }
    }
}
