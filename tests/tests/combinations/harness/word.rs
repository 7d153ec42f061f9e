//! An entry of the table of words.

use super::flow::{Flow, FlowKind, Rows, Stage};
use super::generator::Generator;

/// One word, or several that form a step only together.
pub struct Word {
    pub name: &'static str,
    /// The words of the macro's table that its text may contain.
    pub covers: &'static [&'static str],
    pub on: &'static [FlowKind],
    pub to: fn(FlowKind) -> FlowKind,
    pub place: Place,
    /// Draws a step; `None` if the records do not fit.
    pub build: Build,
}

pub type Build = fn(&mut Generator, &Flow, &Rows) -> Option<Stage>;

/// The places where a word may occur.
#[derive(Clone, Copy, Default)]
pub struct Place {
    pub not_in_loops: bool,
    /// Jobs with snapshots reject it, as `docs/guide/snapshots.md` states.
    pub not_in_snapshots: bool,
    /// `true` if additional earlier updates of a key do not change its records.
    pub among_updates: bool,
}

impl Place {
    pub const ANY: Place = Place { not_in_loops: false, not_in_snapshots: false, among_updates: false };
    pub const AMONG_UPDATES: Place = Place { among_updates: true, ..Place::ANY };
    pub const NOT_IN_LOOPS: Place = Place { not_in_loops: true, ..Place::ANY };
    pub const NOT_IN_SNAPSHOTS: Place = Place { not_in_snapshots: true, ..Place::ANY };
}

pub const SETS: &[FlowKind] = &[FlowKind::Set];
pub const STREAMS: &[FlowKind] = &[FlowKind::Stream];
pub const TIMED: &[FlowKind] = &[FlowKind::Timed];
pub const UPDATES: &[FlowKind] = &[FlowKind::Updates];
pub const RECORDS: &[FlowKind] = &[FlowKind::Set, FlowKind::Stream, FlowKind::Timed];

/// The kind of the word's input.
pub fn same(kind: FlowKind) -> FlowKind {
    kind
}

/// The kind of a grouping.
pub fn groups(kind: FlowKind) -> FlowKind {
    kind.grouped()
}

pub fn stream(_: FlowKind) -> FlowKind {
    FlowKind::Stream
}

pub fn timed(_: FlowKind) -> FlowKind {
    FlowKind::Timed
}
