//! A flow of a program: its kind, its records, and what is known of them.

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
    /// Fields whose values differ from run to run; no closure reads them, and they are not compared.
    pub free: Vec<bool>,
    /// Whether the records are in an order that has no ties but equal records.
    pub is_sorted: bool,
    /// Whether only filters stand between the flow and its source.
    pub is_near_source: bool,
    pub updates: Option<Updates>,
}

/// Updates, also where each is a record of its own.
#[derive(Clone)]
pub struct Updates {
    /// The key, of a record's values.
    pub key: Make,
    /// The field that only grows, if the others are the key.
    pub growing: Option<usize>,
}

impl Flow {
    pub fn new(kind: FlowKind, of: Type) -> Self {
        let free = vec![false; of.kinds().len()];
        Flow { kind, of, free, is_sorted: false, is_near_source: false, updates: None }
    }

    /// Other records of the same kind.
    pub fn with(&self, of: Type) -> Self {
        Flow::new(self.kind, of)
    }

    /// The same records, in any order.
    pub fn unordered(&self) -> Self {
        Flow { is_sorted: false, is_near_source: false, ..self.clone() }
    }

    /// Whether words that accept the one accept the other, and give the same records.
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

/// All flows of a program that have a name, and the count of its accumulator.
#[derive(Default)]
pub struct World {
    pub flows: BTreeMap<String, Rc<Rows>>,
    pub seen: Cell<u64>,
}

impl World {
    /// The inputs, and streams with their event time.
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

/// The result of a step, from the rows that it gets.
pub type Oracle = Rc<dyn Fn(&World, Rows) -> Rows>;

/// One step of a chain.
#[derive(Clone)]
pub struct Stage {
    /// A name for the chain so far with more words: the step's text follows the name.
    pub binding: Option<(String, String)>,
    pub text: String,
    pub flow: Flow,
    pub oracle: Oracle,
    /// Words of the step.
    pub words: usize,
    /// Steps with less in their loop, from records of the same type to records of the same type.
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

/// Rows by their key, in the order in which they come.
pub fn grouped(rows: Rows, key: &Make) -> BTreeMap<Vec<Value>, Rows> {
    let mut groups: BTreeMap<Vec<Value>, Rows> = BTreeMap::new();
    for row in rows {
        groups.entry(key(&row.values)).or_default().push(row);
    }
    groups
}
