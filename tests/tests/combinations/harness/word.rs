//! An entry of the table of words.

use super::flow::{Flow, FlowKind, Rows, Stage};
use super::generator::Generator;

/// One word, or several that only make a step together.
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

/// Where a word may stand.
#[derive(Clone, Copy, Default)]
pub struct Place {
    pub not_in_loops: bool,
    /// A job with snapshots refuses it, as `docs/guide/snapshots.md` states.
    pub not_in_snapshots: bool,
    /// Whether it gives the same records if a key's earlier updates come too.
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

/// The kind that the word gets.
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
