//! A flow of a program: its kind, its record type, and its known properties.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::data::Input;
use super::expression::{Make, Scope};
use super::types::Type;
use super::value::{Row, Value};

pub type Rows = Vec<Row>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowKind {
    Set,
    Stream,
    Timed,
    Updates,
}

impl FlowKind {
    pub fn rust(self) -> &'static str {
        match self {
            FlowKind::Set => "DataSet",
            FlowKind::Stream => "DataStream",
            FlowKind::Timed => "TimedStream",
            FlowKind::Updates => "UpdateStream",
        }
    }

    /// The kind of a grouping's result.
    pub fn grouped(self) -> FlowKind {
        match self {
            FlowKind::Set => FlowKind::Set,
            _ => FlowKind::Updates,
        }
    }
}

#[derive(Clone)]
pub struct Flow {
    pub kind: FlowKind,
    pub of: Type,
    /// Marks fields whose values differ between runs. No closure reads them, and they are not
    /// compared.
    pub free: Vec<bool>,
    /// `true` if the records are in an order in which only equal records tie.
    pub is_sorted: bool,
    /// `true` if only filters are between the flow and its source.
    pub is_near_source: bool,
    pub updates: Option<Updates>,
}

/// Properties of updates, which also hold if each update is an ordinary record.
#[derive(Clone)]
pub struct Updates {
    /// The key, of a record's values.
    pub key: Make,
    /// The field that only grows, if the other fields are the key.
    pub growing: Option<usize>,
}

impl Flow {
    pub fn new(kind: FlowKind, of: Type) -> Self {
        let free = vec![false; of.kinds().len()];
        Flow { kind, of, free, is_sorted: false, is_near_source: false, updates: None }
    }

    /// The same kind of flow with other records.
    pub fn with(&self, of: Type) -> Self {
        Flow::new(self.kind, of)
    }

    /// The same records, in any order.
    pub fn unordered(&self) -> Self {
        Flow { is_sorted: false, is_near_source: false, ..self.clone() }
    }

    /// Returns `true` if words that accept one flow accept the other, with the same records.
    pub fn is_like(&self, other: &Flow) -> bool {
        let updates = |flow: &Flow| flow.updates.as_ref().map(|updates| updates.growing);
        (self.kind, &self.of, &self.free) == (other.kind, &other.of, &other.free) && updates(self) == updates(other)
    }

    pub fn is_certain(&self) -> bool {
        !self.free.contains(&true)
    }

    pub fn scope(&self, root: &str) -> Scope {
        Scope::of(root, &self.of, &self.free)
    }

    pub fn rust(&self) -> String {
        format!("{}<{}>", self.kind.rust(), self.of.rust())
    }
}

/// All named flows of a program, and the count of its accumulator.
#[derive(Default)]
pub struct World {
    pub flows: BTreeMap<String, Rc<Rows>>,
    pub seen: Cell<u64>,
}

impl World {
    /// The inputs, and the streams with event time.
    pub fn of(inputs: &[Input]) -> Self {
        let mut world = World::default();
        for input in inputs {
            world.add(&input.name, input.rows.clone());
            if let Some((place, _)) = input.time_field() {
                let time = |row: &Row| Row { time: row.values[place].micros(), ..row.clone() };
                world.add(&input.name_with_time(), input.rows.iter().map(time).collect());
            }
        }
        world
    }

    pub fn add(&mut self, name: &str, rows: Rows) {
        self.flows.insert(name.to_owned(), Rc::new(rows));
    }

    pub fn rows(&self, name: &str) -> Rc<Rows> {
        self.flows[name].clone()
    }

    pub fn count(&self, calls: usize) {
        self.seen.set(self.seen.get() + calls as u64);
    }
}

/// Computes the result of a step from its input rows.
pub type Oracle = Rc<dyn Fn(&World, Rows) -> Rows>;

/// One step of a chain.
#[derive(Clone)]
pub struct Stage {
    /// A name for the chain up to some of the step's words. The rest of the step's text follows the
    /// name.
    pub binding: Option<(String, String)>,
    pub text: String,
    pub flow: Flow,
    pub oracle: Oracle,
    /// Number of words in the step.
    pub words: usize,
    /// Variants of the step with a simpler loop, with the same input and output types.
    pub simpler: Simpler,
}

pub type Simpler = Option<Rc<dyn Fn() -> Vec<Stage>>>;

impl Stage {
    pub fn new(text: impl Into<String>, flow: Flow, oracle: impl Fn(&World, Rows) -> Rows + 'static) -> Self {
        Stage { binding: None, text: text.into(), flow, oracle: Rc::new(oracle), words: 1, simpler: None }
    }

    /// A step that changes no record.
    pub fn same(text: impl Into<String>, flow: Flow) -> Self {
        Stage::new(text, flow, |_, rows| rows)
    }
}

/// Rows by key, in input order.
pub fn grouped(rows: Rows, key: &Make) -> BTreeMap<Vec<Value>, Rows> {
    let mut groups: BTreeMap<Vec<Value>, Rows> = BTreeMap::new();
    for row in rows {
        groups.entry(key(&row.values)).or_default().push(row);
    }
    groups
}
